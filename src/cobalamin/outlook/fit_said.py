"""What a fit says about one person: plain numbers and dates, ready for words, pictures and JSON."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

SPREAD_AT = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class Spread:
    """A value that is not known exactly: its median, and the ranges that hold half and nine tenths of the draws."""

    low_90: float
    low_50: float
    median: float
    high_50: float
    high_90: float

    @classmethod
    def of(cls, five: Any) -> Spread:
        """From the five quantiles at SPREAD_AT."""
        return cls(*(float(value) for value in five))


@dataclass(frozen=True)
class Basis:
    """Something about the person that the model needs: as recorded, or a stand-in that is named as such.

    `spread`: bodies differ in it around the stand-in; where they do not, it is one value for all.
    """

    name: str
    value: str
    stated: bool
    spread: bool = True


@dataclass(frozen=True)
class CourseSaid:
    """Doses of one kind: how many were given, from when to when; `recorded` of them stand on record one by one."""

    form: str
    route: str
    dose_ug: float
    count: int
    recorded: int
    first: date
    last: date


@dataclass(frozen=True)
class RegimenSaid:
    """What goes on: a dose every so many days, the next on a day. `planned` where it is the guidance's plan."""

    form: str
    route: str
    dose_ug: float
    every_days: float
    next_date: date
    planned: bool


@dataclass(frozen=True)
class ParameterSaid:
    """A parameter of the body before the results (`usual`) and after them (`own`).

    `learned`: 1 less SD after over SD before, on the logarithmic scale; 0 where the results say nothing.
    """

    symbol: str
    unit: str
    usual: Spread
    own: Spread
    learned: float


@dataclass(frozen=True)
class Shares:
    """How likely a class of absorption is, before and after the results."""

    absorption: str
    usual: float
    own: float


@dataclass(frozen=True)
class ResultSaid:
    """One result: what became of it, and how it stands to what the others made expect.

    `low` and `high` are equal for a number and limits otherwise; `weight` 0 means left out; `chance` of one as far
    off or farther, None where it was not judged; `expected` holds 5 %, median and 95 %.
    """

    marker: str
    date: date
    printed: str
    low: float
    high: float
    weight: float
    why: str
    chance: float | None
    expected: tuple[float, float, float] | None
    surprising: bool


@dataclass(frozen=True)
class Band:
    """Levels of one marker over days under the doses given and the regimen ahead. Lists are in step.

    `quiet` marks days too near an injection to be foretold: what stands there is not to be shown.
    """

    marker: str
    dates: list[date]
    usual: list[Spread]
    own: list[Spread]
    quiet: list[bool]


@dataclass(frozen=True)
class Limit:
    """A limit that a level is held against, and who set it."""

    marker: str
    value: float
    beyond: str  # "below" or "above"
    source: str


@dataclass(frozen=True)
class IntervalSaid:
    """Levels just before an injection after about a year at one interval. `chances` follow the order of the limits.

    Where `shown` is false there are no numbers, and `why` says the reason.
    """

    days: float
    present: bool
    shown: bool
    why: str
    on_day: date | None
    beyond_follow_up: bool
    troughs: dict[str, Spread]
    chances: list[float]


@dataclass(frozen=True)
class TestSaid:
    """One more result that could be ordered.

    `remaining`: for each level that is foretold, its expected width after the result; 1 = as now.
    """

    marker: str
    date: date
    before_injection: bool
    remaining: dict[str, float]


@dataclass(frozen=True)
class FitSaid:
    """All that a fit says about one person on one day."""

    patient_id: str
    on: date
    courses: list[CourseSaid]
    regimen: RegimenSaid | None
    dose_dates: list[date]
    planned_dates: list[date]
    basis: list[Basis]
    classes: list[Shares]
    parameters: list[ParameterSaid]
    results: list[ResultSaid]
    bands: list[Band]
    limits: list[Limit]
    intervals: list[IntervalSaid]
    tests: list[TestSaid]
    warnings: list[str]
    reliable_until: date | None
    draws: int
    effective: float
    tail_shape: float
    trusted: bool
    seed: int
    parameter_set: str
    guidance: str

    def as_dict(self) -> dict[str, Any]:
        """For JSON: dates as text, four digits, null for what is open to a side. Quiet days hold no level."""
        found: dict[str, Any] = plain(asdict(self))
        for band in found["bands"]:
            for name in ("usual", "own"):
                band[name] = [None if quiet else level for quiet, level in zip(band["quiet"], band[name], strict=True)]
        return found


def plain(value: Any) -> Any:
    """For JSON: dates as text, numbers with four digits, null for what is not finite."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return _rounded(value)
    return value


def _rounded(value: float) -> float | None:
    return float(f"{value:.4g}") if math.isfinite(value) else None
