"""Which class of absorption a person belongs to, and why: the worst on record, or a mixture where nothing is.

Causes are those of the decision; the rest are findings. The tables are absorption_of_causes.csv and
absorption_unknown.csv; the shares of a mixture are choices of this project and are said as such.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from cobalamin.outlook.facts import Facts

NO_INTRINSIC_FACTOR = "no_intrinsic_factor"
AS_BAD = (NO_INTRINSIC_FACTOR, "gastrectomy")
CERTAIN = ("confirmed", "probable")


@dataclass(frozen=True)
class AbsorptionClass:
    """`shares`: class -> how likely, with sum 1. `known`: the record names a cause. `reasons` in words."""

    shares: dict[str, float]
    known: bool
    reasons: tuple[str, ...]

    @property
    def certain(self) -> bool:
        """True where there is one class."""
        return len(self.shares) == 1


@dataclass(frozen=True)
class _Row:
    absorption: str
    findings: tuple[str, ...]
    causes: tuple[str, ...]
    says: str


@cache
def _rows() -> tuple[_Row, ...]:
    """Worst first."""
    return tuple(
        _Row(row["absorption"], tuple(row["findings"].split()), tuple(row["causes"].split()), row["says"])
        for row in sorted(_read("absorption_of_causes.csv"), key=lambda row: int(row["rank"]))
    )


@cache
def unknown_shares(situation: str) -> dict[str, float]:
    """Shares of the classes in a situation of absorption_unknown.csv."""
    rows = [row for row in _read("absorption_unknown.csv") if row["situation"] == situation]
    return {row["absorption"]: float(row["share"]) for row in rows}


def _read(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((files("cobalamin.outlook") / name).read_text(encoding="utf-8").splitlines()))


def absorption_of(facts: Facts) -> AbsorptionClass:
    """The class of one person. Possible autoimmune gastritis is a share beside the worst of what else is on record."""
    found = [row for row in _rows() if _speaks_for(row, facts)]
    reasons = tuple(row.says for row in found)
    possible = facts.cause("autoimmune_gastritis") == "possible"
    if found and (not possible or found[0].absorption in AS_BAD):
        return AbsorptionClass({found[0].absorption: 1.0}, True, reasons)
    if found:
        share = unknown_shares("gastritis_possible")[NO_INTRINSIC_FACTOR]
        shares = {NO_INTRINSIC_FACTOR: share, found[0].absorption: 1 - share}
        return AbsorptionClass(shares, True, ("autoimmune gastritis is possible", *reasons))
    deficient = facts.outcome("status") == "deficient" or facts.is_yes("ever_injected")
    shares = unknown_shares("deficient" if deficient else "other")
    return AbsorptionClass(shares, False, ("no cause is on record",))


def _speaks_for(row: _Row, facts: Facts) -> bool:
    return any(facts.is_yes(name) for name in row.findings) or any(facts.cause(name) in CERTAIN for name in row.causes)
