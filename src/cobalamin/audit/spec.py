"""The measures as `measures.yaml` states them: words, durations and what they need."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML


@dataclass(frozen=True)
class Measure:
    """One measure: what it asks, why, what to do, its durations in days and the data it cannot do without."""

    id: str
    number: int
    title: str
    counts: str
    bad: str
    good: str
    asks: str
    why: str
    action: str
    needs: tuple[str, ...]
    days: dict[str, int]
    source: str


@cache
def measures() -> dict[str, Measure]:
    """All measures by id, in order of their number."""
    stated = _yaml()
    source = stated["source"]["clause"]
    found = [_measure(raw, f"{source}, measure {raw['number']}") for raw in stated["measures"]]
    return {measure.id: measure for measure in sorted(found, key=lambda measure: measure.number)}


@cache
def needs() -> dict[str, str]:
    """What records may lack, and how to say so."""
    return dict(_yaml()["needs"])


def _measure(raw: dict[str, Any], source: str) -> Measure:
    stated = {
        **raw,
        "needs": tuple(raw["needs"]),
        "days": {name: int(days) for name, days in raw["days"].items()},
    }
    return Measure(**stated, source=source)


@cache
def _yaml() -> dict[str, Any]:
    text = files("cobalamin.audit").joinpath("measures.yaml").read_text(encoding="utf-8")
    stated: dict[str, Any] = YAML(typ="safe").load(text)
    return stated
