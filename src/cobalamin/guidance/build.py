"""From a folder of YAML to one checked, hashed JSON file. The program reads only the JSON."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from cobalamin.errors import CobalaminError
from cobalamin.guidance.conditions import parse
from cobalamin.guidance.load import content_hash
from cobalamin.guidance.schema import AboutYaml, RegimenYaml, TableYaml, TermYaml, ThresholdYaml

SPECIAL = {"about.yaml", "terms.yaml", "thresholds.yaml", "regimens.yaml"}
GUIDANCE = Path(__file__).parent
SHIPPED = GUIDANCE / "shipped"


def folders() -> list[Path]:
    """The guideline folders of the source tree, `common` first."""
    found = [path.parent for path in GUIDANCE.glob("*/about.yaml")]
    return sorted(found, key=lambda path: (path.name != "common", path.name))


def build(folder: Path) -> dict[str, Any]:
    """The guideline of a folder as JSON-ready data. Raises CobalaminError naming file and place."""
    about = _model(AboutYaml, read_yaml(folder / "about.yaml"), folder / "about.yaml")
    if about["id"] != folder.name:
        raise CobalaminError(f"{folder / 'about.yaml'}: id is {about['id']!r} but the folder is {folder.name!r}.")
    tables = sorted(path for path in folder.glob("*.yaml") if path.name not in SPECIAL)
    return {
        "about": about,
        "thresholds": _thresholds(folder / "thresholds.yaml"),
        "terms": {name: _term(name, raw, folder) for name, raw in _named(folder / "terms.yaml", TermYaml).items()},
        "regimens": _named(folder / "regimens.yaml", RegimenYaml),
        "tables": {path.stem: _table(path, about["id"]) for path in tables},
    }


def write(folder: Path) -> Path:
    """Build a folder and write its JSON with the hash of its content."""
    text = shipped_text(folder)
    SHIPPED.mkdir(exist_ok=True)
    target = SHIPPED / f"{folder.name}.json"
    target.write_text(text, encoding="utf-8")
    return target


def shipped_text(folder: Path) -> str:
    """The JSON a folder ships as."""
    content = build(folder)
    return json.dumps({"sha256": content_hash(content), "content": content}, indent=1, ensure_ascii=False) + "\n"


def read_yaml(path: Path) -> Any:
    """A YAML 1.2 file. Raises CobalaminError naming file and line."""
    loader = YAML(typ="safe", pure=True)
    loader.version = (1, 2)
    try:
        return loader.load(path.read_text(encoding="utf-8")) or {}
    except YAMLError as error:
        raise CobalaminError(f"{path}: not valid YAML: {error}") from error


def _named(path: Path, model: type[BaseModel]) -> dict[str, Any]:
    if not path.exists():
        return {}
    return {str(name): _model(model, raw, path, str(name)) for name, raw in read_yaml(path).items()}


def _thresholds(path: Path) -> dict[str, Any]:
    """Numbers by name; a number that changed on a day is a list of its versions, each with `from` or `until`."""
    if not path.exists():
        return {}
    found: dict[str, Any] = {}
    for name, raw in read_yaml(path).items():
        versions = [_model(ThresholdYaml, one, path, str(name)) for one in (raw if isinstance(raw, list) else [raw])]
        _apart(versions, f"{path}: {name}")
        found[str(name)] = versions if isinstance(raw, list) else versions[0]
    return found


def _apart(versions: list[dict[str, Any]], where: str) -> None:
    """Raises CobalaminError where two versions of one number are in force on the same day."""
    ordered = sorted(versions, key=lambda one: one["from_date"] or "")
    for earlier, later in pairwise(ordered):
        if (earlier["until_date"] or "9999") > (later["from_date"] or ""):
            raise CobalaminError(f"{where}: two versions are in force on one day. Close the older one with `until`.")


def _model(model: type[BaseModel], raw: Any, path: Path, place: str = "") -> dict[str, Any]:
    try:
        return model.model_validate(raw).model_dump(mode="json")
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(str(part) for part in (place, *first["loc"]) if part != "")
        raise CobalaminError(f"{path}: {at}: {first['msg']}.") from error


def _term(name: str, raw: dict[str, Any], folder: Path) -> dict[str, Any]:
    return raw | {"when": parse(raw["when"], f"{folder.name}/terms.yaml: {name}")}


def _table(path: Path, guideline: str) -> dict[str, Any]:
    table = _model(TableYaml, read_yaml(path), path)
    if table["id"] != f"{guideline}.{path.stem}":
        raise CobalaminError(f"{path}: id is {table['id']!r}, expected {guideline}.{path.stem}.")
    rules = [rule | {"when": parse(rule["when"], f"{path.name}: {rule['id']}")} for rule in table["rules"]]
    return table | {"rules": rules}
