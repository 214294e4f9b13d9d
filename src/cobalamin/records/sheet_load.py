"""A patient sheet from a mapping, a file or a text: YAML by the 1.2 core schema, or JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent

from cobalamin.errors import CobalaminError

MOST_BYTES = 1_000_000
_TOO_LARGE = (
    "larger than 1 MB, and a sheet is one patient typed by a person. "
    "Give a record of that size as FHIR R4 (.json, .ndjson), or many people to `cobalamin audit`."
)
_KEYS = "on, patient, history, symptoms, signs, labs, treatment_so_far, preferences"


def load_sheet(source: Mapping[str, Any] | str | Path, name: str = "sheet") -> tuple[dict[str, Any], str]:
    """The sheet as a mapping, and its name for messages; `name` is that of a mapping or a text.

    A string with a line break or beginning with "{" is the sheet itself; any other string is a path.
    Raises CobalaminError with file and line where the sheet cannot be read.
    """
    if isinstance(source, Mapping):
        return dict(source), name
    is_text = isinstance(source, str) and ("\n" in source or source.lstrip().startswith("{"))
    name = name if is_text else str(source)
    text = str(source) if is_text else _read_file(Path(source))
    if len(text) > MOST_BYTES:
        raise CobalaminError(f"{name}: {_TOO_LARGE}")
    if not text.strip():
        raise CobalaminError(f"{name}: the sheet is empty. It is a mapping with the keys {_KEYS}.")
    sheet = _parse(text, name)
    if not isinstance(sheet, Mapping):
        raise CobalaminError(f"{name}, line 1: a sheet is a mapping with the keys {_KEYS}; this is {_kind(sheet)}.")
    return dict(sheet), name


def _read_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise CobalaminError(f"{path}: {_TOO_LARGE}")
        return content.decode("utf-8-sig")
    except FileNotFoundError:
        raise CobalaminError(f"{path}: there is no such file.") from None
    except UnicodeDecodeError as error:
        raise CobalaminError(f"{path}: not UTF-8 text (byte {error.start + 1}). Save it as UTF-8.") from None
    except OSError as error:
        raise CobalaminError(f"{path}: cannot be read ({error.strerror}).") from None


def _parse(text: str, name: str) -> Any:
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text, object_pairs_hook=lambda pairs: _each_key_once(pairs, name))
        except json.JSONDecodeError as error:
            # A sheet in YAML's braces is no JSON and still a sheet.
            if name.endswith(".json") or '"' in text.lstrip("{ \t\r\n")[:1]:
                raise CobalaminError(
                    f"{name}, line {error.lineno}: not JSON ({error.msg}). Check brackets, quotes and commas there."
                ) from None
        except RecursionError:
            raise CobalaminError(f"{name}: nested too deeply for a sheet.") from None
    return _parse_yaml(text, name)


def _each_key_once(pairs: list[tuple[str, Any]], name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise CobalaminError(f"{name}: the key {key!r} stands twice in one place. Keep the one that is right.")
        found[key] = value
    return found


class _Composer(Composer):
    """Refuses aliases: nobody types them, and a few lines of them stand for millions of entries."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """The next node of the document."""
        if self.parser.check_event(AliasEvent):
            line = self.parser.peek_event().start_mark.line + 1
            raise CobalaminError(f"line {line}: anchors and aliases (& and *) are not read in a sheet; write it out.")
        return super().compose_node(parent, index)


def _parse_yaml(text: str, name: str) -> Any:
    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 2)
    yaml.Composer = _Composer
    try:
        return yaml.load(text)
    except CobalaminError as error:
        raise CobalaminError(f"{name}, {error}") from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise CobalaminError(f"{name}{line}: not valid YAML ({_problem(error)}).") from None
    except RecursionError:
        raise CobalaminError(f"{name}: nested too deeply for a sheet.") from None
    except (YAMLError, ValueError) as error:
        first = (str(error).splitlines() or ["cannot be read"])[0]
        raise CobalaminError(f"{name}: not valid YAML ({first}).") from None


def _problem(error: MarkedYAMLError) -> str:
    """What is wrong in words of the place, never of a value: the parser quotes both values of a doubled key."""
    said = (error.problem or error.context or "cannot be read").splitlines()[0]
    if twice := re.match(r"found duplicate key (\S+)", said):
        return f"the key {twice[1]} stands twice in one place; keep the one that is right"
    if "\\t" in said:
        return "a tab where blanks are needed; indent with blanks"
    return said


def _kind(value: object) -> str:
    return {list: "a list", str: "plain text", int: "a number", float: "a number", bool: "a truth value"}.get(
        type(value), "nothing"
    )
