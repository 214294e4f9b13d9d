"""Absorption classes: what is left of intrinsic factor, of reabsorbed bile and of the B12 in food. absorption.csv."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from cobalamin.errors import CobalaminError
from cobalamin.physiology.parameters import rows


@dataclass(frozen=True)
class Absorption:
    """A class sets the middle of a prior, not a fixed value.

    `intrinsic_factor` (share of the normal capacity, with the range of the class), `reabsorbed_bile` (fraction),
    `diet_absorbed_ug_d` (food B12 that is absorbed), `passive_factor` (on the passive fraction).
    """

    name: str
    meaning: str
    intrinsic_factor: float
    intrinsic_factor_low: float
    intrinsic_factor_high: float
    reabsorbed_bile: float
    diet_absorbed_ug_d: float
    passive_factor: float
    source: str
    certainty: str


@cache
def absorption_classes() -> Mapping[str, Absorption]:
    """All classes by name."""
    return {row["absorption"]: _absorption(row) for row in rows("absorption.csv")}


def absorption_class(name: str) -> Absorption:
    """The class of that name; CobalaminError names the known ones."""
    known = absorption_classes()
    if name not in known:
        raise CobalaminError(f'There is no absorption class "{name}". Known: {", ".join(known)}.')
    return known[name]


def _absorption(row: dict[str, str]) -> Absorption:
    words = {"meaning", "source", "certainty"}
    numbers = {key: float(value) for key, value in row.items() if key not in words | {"absorption"}}
    return Absorption(name=row["absorption"], **numbers, **{key: row[key] for key in words})  # type: ignore[arg-type]
