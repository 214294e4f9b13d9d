"""Parameter sets as data: parameters/<name>.csv, each number with its range, spread, source and certainty.

`default` is complete; another set holds only what differs. Sets are joined with "+": "severe_referral+unfortified".
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from cobalamin.errors import CobalaminError

DEFAULT = "default"
SPREAD_KINDS = ("fixed", "lognormal", "normal", "with")


@dataclass(frozen=True)
class Parameter:
    """One number of the model.

    `low` and `high` bound what is plausible. `spread` is between people: the coefficient of variation where
    `spread_kind` is lognormal, the standard deviation where it is normal; `with:X` shares the score of X.
    """

    symbol: str
    meaning: str
    value: float
    unit: str
    low: float
    high: float
    spread: float
    spread_kind: str
    source: str
    certainty: str

    @property
    def score(self) -> str | None:
        """The symbol whose standard normal score moves this parameter between people; None where it is fixed."""
        if self.spread_kind == "fixed":
            return None
        return self.spread_kind.removeprefix("with:") if self.spread_kind.startswith("with:") else self.symbol


@dataclass(frozen=True)
class ParameterSet:
    """Parameters by symbol, and how the scores of two of them go together."""

    name: str
    parameters: Mapping[str, Parameter]
    correlations: tuple[tuple[str, str, float], ...]

    def __getitem__(self, symbol: str) -> Parameter:
        return self.parameters[symbol]

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self.parameters.values())

    @property
    def scores(self) -> tuple[str, ...]:
        """The symbols that have a score of their own, in the order of the file."""
        return tuple(one.symbol for one in self if one.score == one.symbol)

    def sources(self) -> tuple[str, ...]:
        """What the set stands on, one line a parameter: value, range, source, certainty."""
        return tuple(
            f"{one.symbol} = {one.value:g} {one.unit} ({one.low:g} to {one.high:g}): {one.meaning}. "
            f"{one.source} [{one.certainty}]"
            for one in self
        )


@cache
def parameter_set(name: str = DEFAULT) -> ParameterSet:
    """The set of that name; sets joined with "+" override in order. Raises CobalaminError on an unknown name."""
    merged = _read(DEFAULT)
    for part in name.split("+"):
        if part not in available():
            raise CobalaminError(
                f'There is no parameter set "{part}". Known: {", ".join(available())}; join several with "+".'
            )
        merged |= _read(part)
    return ParameterSet(name, merged, _correlations())


@cache
def available() -> tuple[str, ...]:
    """Names of the sets that ship."""
    names = {
        entry.name for entry in (files("cobalamin.physiology") / "parameters").iterdir() if entry.name.endswith(".csv")
    }
    return tuple(sorted(name.removesuffix(".csv") for name in names - {"correlations.csv"}))


def rows(name: str) -> list[dict[str, str]]:
    """The rows of one CSV file of the package."""
    text = (files("cobalamin.physiology") / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _read(name: str) -> dict[str, Parameter]:
    return {row["symbol"]: _parameter(row) for row in rows(f"parameters/{name}.csv")}


def _parameter(row: dict[str, str]) -> Parameter:
    numbers = {key: float(row[key] or 0) for key in ("value", "low", "high", "spread")}
    words = {key: row[key] for key in ("symbol", "meaning", "unit", "spread_kind", "source", "certainty")}
    return Parameter(**numbers, **words)  # type: ignore[arg-type]  # the keys are those of the class


def _correlations() -> tuple[tuple[str, str, float], ...]:
    return tuple(
        (row["first"], row["second"], float(row["correlation"])) for row in rows("parameters/correlations.csv")
    )
