"""A patient sheet from a mapping, a file or a text: YAML by the 1.2 core schema, or JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from cobalamin.errors import CobalaminError

_KEYS = "on, patient, history, symptoms, signs, labs, treatment_so_far, preferences"


def load_sheet(source: Mapping[str, Any] | str | Path) -> tuple[dict[str, Any], str]:
    """The sheet as a mapping, and its name for messages.

    A string with a line break or beginning with "{" is the sheet itself; any other string is a path.
    Raises CobalaminError with file and line where the sheet cannot be read.
    """
    if isinstance(source, Mapping):
        return dict(source), "sheet"
    is_text = isinstance(source, str) and ("\n" in source or source.lstrip().startswith("{"))
    name = "sheet" if is_text else str(source)
    text = str(source) if is_text else _read_file(Path(source))
    if not text.strip():
        raise CobalaminError(f"{name}: the sheet is empty. It is a mapping with the keys {_KEYS}.")
    sheet = _parse(text, name)
    if not isinstance(sheet, Mapping):
        raise CobalaminError(f"{name}, line 1: a sheet is a mapping with the keys {_KEYS}; this is {_kind(sheet)}.")
    return dict(sheet), name


def _read_file(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise CobalaminError(f"{path}: there is no such file.") from None
    except UnicodeDecodeError as error:
        raise CobalaminError(f"{path}: not UTF-8 text (byte {error.start + 1}). Save it as UTF-8.") from None
    except OSError as error:
        raise CobalaminError(f"{path}: cannot be read ({error.strerror}).") from None


def _parse(text: str, name: str) -> Any:
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            if name.endswith(".json"):
                raise CobalaminError(f"{name}, line {error.lineno}: not JSON ({error.msg}).") from None
        except RecursionError:
            raise CobalaminError(f"{name}: nested too deeply for a sheet.") from None
    return _parse_yaml(text, name)


def _parse_yaml(text: str, name: str) -> Any:
    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 2)
    try:
        return yaml.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        problem = (error.problem or error.context or "cannot be read").splitlines()[0]
        raise CobalaminError(f"{name}{line}: not valid YAML ({problem}).") from None
    except (YAMLError, ValueError, RecursionError) as error:
        first = (str(error).splitlines() or ["cannot be read"])[0]
        raise CobalaminError(f"{name}: not valid YAML ({first}).") from None


def _kind(value: object) -> str:
    return {list: "a list", str: "plain text", int: "a number", float: "a number", bool: "a truth value"}.get(
        type(value), "nothing"
    )
