"""The stretches that a guideline's thresholds cut for a finding, told in the unit that people read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import inf, isinf
from typing import Any

from cobalamin import units
from cobalamin.decision.decide import program
from cobalamin.guidance import Guideline
from cobalamin.guidance.model import Threshold
from cobalamin.vocabulary.catalogue import Finding, catalogue

Stretch = tuple[str, float, float]


@dataclass(frozen=True)
class Scale:
    """Limits of a finding, lowest first: each in the canonical unit, and as the number to show in `unit`."""

    limits: tuple[float, ...]
    shown: tuple[float, ...]
    unit: str

    def said(self, low: float, high: float) -> str:
        """A stretch between two limits in words; minus and plus infinity are its open ends."""
        number = {at: f"{value:g}" for at, value in zip(self.limits, self.shown, strict=True)}
        unit = "" if self.unit in ("1", "") else f" {self.unit}"
        if isinf(low) and isinf(high):
            return "any result"
        if isinf(low):
            return f"below {number[high]}{unit}"
        return f"above {number[low]}{unit}" if isinf(high) else f"{number[low]} to {number[high]}{unit}"

    def stretches(self) -> Iterator[Stretch]:
        """Every stretch, lowest first: words, lower and upper end in the canonical unit; none without limits."""
        if self.limits:
            for low, high in pairwise((-inf, *self.limits, inf)):
                yield self.said(low, high), low, high


def scale(
    finding: Finding,
    guideline: Guideline,
    row: Mapping[str, Any] | None = None,
    also: Iterable[Finding] = (),
    computed: Iterable[float] = (),
) -> Scale:
    """The limits of a finding, in the unit of the person's own result, or else of the guideline.

    `row` holds the person's findings; `also` are findings of the same test whose limits count too. `computed` are
    limits in the canonical unit that nobody prints: where what is derived from this finding reaches a threshold.
    """
    compared = program(guideline).compared
    names = {name for one in (finding, *also) for name in compared.get(one.name, ())}
    published = {canonical_value(finding, guideline.thresholds[name]): guideline.thresholds[name] for name in names}
    added = {*computed} - {*published}
    own = own_unit(finding, row or {})
    unit = (own or finding.unit) if added else _unit(finding, [*published.values()], own)
    shown = {at: _number(finding, at, published.get(at), unit) for at in {*published, *added}}
    limits = sorted(shown)
    return Scale(tuple(limits), tuple(shown[at] for at in limits), unit)


def own_unit(finding: Finding, row: Mapping[str, Any]) -> str:
    """The unit in which the person's own results of this test were reported, "" where there is none."""
    if finding.kind != "measurement":
        return ""
    same = [finding, *(one for one in catalogue().values() if one.concepts == finding.concepts and one != finding)]
    units_seen = (row.get(f"{one.column}.unit") for one in same)
    return next((str(unit) for unit in units_seen if unit is not None), "")


def _unit(finding: Finding, thresholds: list[Threshold], own: str) -> str:
    """The first unit in which every limit is printed: the person's own, then the guideline's; else the canonical."""
    printed = dict.fromkeys([own, *(unit for one in thresholds for _, unit in one.values)])
    return next(
        (u for u in printed if u and all(_printed(finding, t, u) is not None for t in thresholds)), finding.unit
    )


def _printed(finding: Finding, threshold: Threshold, unit: str) -> float | None:
    """The threshold as published in a unit, or in another name of the same unit (pg/mL is ng/L)."""
    for value, one in threshold.values:
        if one == unit or (finding.concepts and _factor(finding, one) == _factor(finding, unit) is not None):
            return value
    return None


def _factor(finding: Finding, unit: str) -> float | None:
    return units.factor(finding.concepts[0], unit)


def _number(finding: Finding, at: float, threshold: Threshold | None, unit: str) -> float:
    printed = _printed(finding, threshold, unit) if threshold is not None else None
    if printed is not None:
        return printed
    factor = _factor(finding, unit) if finding.concepts else None
    return float(f"{at / factor if factor else at:.3g}")


def canonical_value(finding: Finding, threshold: Threshold) -> float:
    """A threshold in the finding's canonical unit: as published in it, or else converted."""
    for value, unit in threshold.values:
        if unit == finding.unit:
            return value
    value, unit = threshold.values[0]
    converted = units.convert(finding.concepts[0], value, unit) if finding.concepts else None
    return converted[0] if converted else value


def bands(finding: Finding, guideline: Guideline, row: Mapping[str, Any] | None = None) -> Iterator[tuple[str, float]]:
    """A value in each stretch that the guideline's thresholds cut, in the canonical unit, under its words."""
    for said, low, high in scale(finding, guideline, row).stretches():
        yield said, inside(low, high)


def inside(low: float, high: float) -> float:
    """A value well inside a stretch; a tenth beyond its only end where it is open."""
    if isinf(low):
        return high - (0.01 + 0.1 * abs(high))
    return low + (0.01 + 0.1 * abs(low)) if isinf(high) else (low + high) / 2


def within(measured: Scale, reach: tuple[float, float] | None) -> list[tuple[Stretch, float]]:
    """Each stretch that can be reached and a value in it; none where all that can be reached lies in one.

    Limits out of reach are not spoken of: haemoglobin 8.2 g/dL may be below 8, not 7 to 8.
    """
    stretches = list(measured.stretches())
    if reach is None:
        return [(one, inside(one[1], one[2])) for one in stretches]
    lowest, highest = reach
    met = [(low, high) for _, low, high in stretches if max(low, lowest) < min(high, highest)]
    told = [(low if low > lowest else -inf, high if high < highest else inf) for low, high in met]
    values = [(max(low, lowest) + min(high, highest)) / 2 for low, high in met]
    return (
        [((measured.said(*ends), *ends), value) for ends, value in zip(told, values, strict=True)]
        if len(met) > 1
        else []
    )
