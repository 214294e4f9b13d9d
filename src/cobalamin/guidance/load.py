"""From shipped JSON to a guideline in force on a day, with what it extends and a laboratory's overrides."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from cobalamin.errors import CobalaminError
from cobalamin.guidance.conditions import from_json
from cobalamin.guidance.model import Guideline, Phase, PlanItem, Regimen, Rule, Source, Table, Term, Threshold

DEFAULT = "nice_ng239"


def available() -> list[str]:
    """Ids of the guidelines that ship, the default first, `common` last."""
    names = sorted(path.stem for path in _shipped().glob("*.json"))
    return sorted(names, key=lambda name: (name != DEFAULT, name == "common", name))


def use_folder(folder: Path) -> str:
    """The name under which `load` then knows the guideline in a folder of YAML; what ships stays as it is.

    For trying guidance that is not shipped. It may extend what ships. Raises CobalaminError naming file and place.
    """
    # Loaded here: what ships is read without a YAML parser and a schema.
    from cobalamin.guidance.build import build

    content = build(folder)
    sha256 = content_hash(content)
    name = f"{content['about']['id']}@{sha256[:12]}"
    content["about"] |= {"own": True}
    _OWN[name] = {"sha256": sha256, "content": content}
    return name


_OWN: dict[str, dict[str, Any]] = {}
# Which name gave a guideline of this hash: its other editions are found under it.
_LOADED_AS: dict[str, str] = {}


def load(guideline: str = DEFAULT, on: date | None = None, overrides: dict[str, Any] | None = None) -> Guideline:
    """A guideline by id with everything it extends, its rules and thresholds in force on a day (null: all).

    `overrides` are thresholds that replace those of the same name, in the form of `thresholds.yaml`.
    Raises CobalaminError for an unknown id.
    """
    found = _edition(guideline, _edition_day(guideline, on))
    if not overrides:
        return found
    changed = found.thresholds | _overridden(found.thresholds, overrides)
    return replace(found, thresholds=changed, overrides=tuple(overrides))


@cache
def _edition(guideline: str, on: date | None) -> Guideline:
    """The guideline as in force on the first day of an edition; made once, so that it is compiled once."""
    parts = [_content(name) for name in _lineage(guideline)]
    thresholds: dict[str, Threshold] = {}
    terms: dict[str, Term] = {}
    regimens: dict[str, Regimen] = {}
    tables: dict[str, Table] = {}
    for part in parts:
        content = part["content"]
        thresholds |= {
            name: one
            for name, raw in content["thresholds"].items()
            for one in map(partial(_threshold, name), _versions(raw))
            if _is_in_force(one, on)
        }
        terms |= {name: _term(name, raw) for name, raw in content["terms"].items()}
        regimens |= {name: _regimen(name, raw) for name, raw in content["regimens"].items()}
        for name, raw in content["tables"].items():
            tables[name] = _merged(tables.get(name), _table(name, content["about"]["id"], raw, on))
    about, sha256 = parts[-1]["content"]["about"], _joint_hash(parts)
    _LOADED_AS[sha256] = guideline
    return Guideline(about["id"], about["version"], about["title"], about, thresholds, terms, tables, regimens, sha256)


def threshold_editions(guideline: Guideline, name: str) -> list[tuple[date, Threshold]]:
    """A threshold as it was from each day on, earliest first; days before the first have none.

    A laboratory's own number holds for every day: it has no history.
    """
    known_as = _LOADED_AS.get(guideline.sha256)
    if known_as is None or name in guideline.overrides:
        return [(date.min, guideline.thresholds[name])]
    editions = [(day, _edition(known_as, day).thresholds) for day in (date.min, *_turning_days(known_as))]
    return [(day, limits[name]) for day, limits in editions if name in limits]


def _edition_day(guideline: str, on: date | None) -> date | None:
    """The latest day on or before `on` on which a rule or threshold begins or ends; the first day of all else."""
    if on is None:
        return None
    return max((day for day in _turning_days(guideline) if day <= on), default=date.min)


@cache
def _turning_days(guideline: str) -> tuple[date, ...]:
    contents = [_content(name)["content"] for name in _lineage(guideline)]
    dated = [one for content in contents for raw in content["thresholds"].values() for one in _versions(raw)]
    dated += [rule for content in contents for table in content["tables"].values() for rule in table["rules"]]
    days = {day for item in dated for day in (item.get("from_date"), item.get("until_date")) if day}
    return tuple(sorted(date.fromisoformat(day) for day in days))


def _overridden(known: dict[str, Threshold], overrides: dict[str, Any]) -> dict[str, Threshold]:
    """A laboratory's numbers in place of the guideline's; which words lie beyond them stays as it was."""
    unknown = [name for name in overrides if name not in known]
    if unknown:
        raise CobalaminError(f"No threshold named {unknown[0]!r} to override. Known: {', '.join(sorted(known))}.")
    return {
        name: replace(known[name], values=made.values, source=made.source)
        for name, raw in overrides.items()
        for made in [_threshold(name, raw)]
    }


def _merged(older: Table | None, newer: Table) -> Table:
    """A collected table adds its rows to the one it extends; a first-hit table replaces it."""
    if older is None or newer.hit_policy == "first":
        return newer
    rules = {rule.id: rule for rule in older.rules} | {rule.id: rule for rule in newer.rules}
    outputs = tuple(dict.fromkeys(older.outputs + newer.outputs))
    return Table(newer.name, newer.guideline, newer.asks, "collect", outputs, {}, tuple(rules.values()))


def _joint_hash(parts: list[dict[str, Any]]) -> str:
    if len(parts) == 1:
        return str(parts[0]["sha256"])
    return hashlib.sha256("".join(part["sha256"] for part in parts).encode()).hexdigest()


def _shipped() -> Path:
    return Path(str(files(__package__))) / "shipped"


@cache
def _content(name: str) -> dict[str, Any]:
    if name in _OWN:
        return _OWN[name]
    path = _shipped() / f"{name}.json"
    if not path.is_file():
        raise CobalaminError(f"No guideline {name!r}. Available: {', '.join(available())}.")
    try:
        shipped: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise CobalaminError(
            f"Guideline {name!r} cannot be read: its file is damaged. Reinstall cobalamin, or run `make guidance`."
        ) from None
    if content_hash(shipped["content"]) != shipped["sha256"]:
        raise CobalaminError(
            f"Guideline {name!r} was changed after it was checked: its content does not match its hash. "
            "Reinstall cobalamin, or change the YAML and run `make guidance`."
        )
    return shipped


def content_hash(content: dict[str, Any]) -> str:
    """SHA-256 of a guideline's content, independent of layout."""
    plain = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(plain.encode()).hexdigest()


def _lineage(name: str) -> list[str]:
    above = [base for parent in _content(name)["content"]["about"]["extends"] for base in _lineage(parent)]
    return list(dict.fromkeys([*above, name]))


def _versions(raw: Any) -> list[dict[str, Any]]:
    """A number of a guideline, or each version of it where it changed on a day."""
    return raw if isinstance(raw, list) else [raw]


def _is_in_force(item: Any, on: date | None) -> bool:
    if on is None:
        return item.until_date is None
    day = on.isoformat()
    return (item.from_date or "") <= day < (item.until_date or "9999")


def _source(raw: dict[str, str]) -> Source:
    return Source(raw["clause"], raw["certainty"], raw.get("url", ""))


def _threshold(name: str, raw: dict[str, Any]) -> Threshold:
    values = tuple((float(one["value"]), str(one["unit"])) for one in raw["values"])
    return Threshold(
        name, values, _source(raw["source"]), tuple(raw.get("text_below", ())), tuple(raw.get("text_above", ())),
        raw.get("from_date"), raw.get("until_date"),
    )  # fmt: skip


def _term(name: str, raw: dict[str, Any]) -> Term:
    return Term(name, raw["means"], from_json(raw["when"]), _source(raw["source"]))


def _regimen(name: str, raw: dict[str, Any]) -> Regimen:
    phases = tuple(Phase(**phase) for phase in raw["phases"])
    return Regimen(name, raw["product"], raw["route"], raw["says"], phases, _source(raw["source"]), raw["licensed"])


def _table(name: str, guideline: str, raw: dict[str, Any], on: date | None) -> Table:
    rules = tuple(rule for rule in map(_rule, raw["rules"]) if _is_in_force(rule, on))
    return Table(name, guideline, raw["asks"], raw["hit_policy"], tuple(raw["outputs"]), raw["undecided"], rules)


def _rule(raw: dict[str, Any]) -> Rule:
    return Rule(
        raw["id"], from_json(raw["when"]), raw["then"], raw["says"], _source(raw["source"]), raw["hold"],
        tuple(raw["basis"]), tuple(PlanItem(**item) for item in raw["plan"]), raw["from_date"], raw["until_date"],
    )  # fmt: skip
