"""Rates as data: every number of a virtual practice with its source and certainty, read once from CSV."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from cobalamin.physiology.parameters import rows as physiology_rows

Array = NDArray[np.float64]
BANDS_FROM_YEARS = (16, 40, 60, 75)
_PERCENTS = ("percent_16_39", "percent_40_59", "percent_60_74", "percent_75_up")
CERTAINTIES = ("seen", "recalled", "choice")


@dataclass(frozen=True)
class Cause:
    """A reason to lack B12: how the answer calls it, what it does to absorption, how common it is, since when."""

    name: str
    answer_cause: str
    absorption: str
    lifelong: bool
    percent: tuple[float, ...]
    mean_years: float
    most_years: float


@cache
def rates() -> dict[str, float]:
    """Plain rates by name; the unit stands in the file."""
    return {row["name"]: float(row["value"]) for row in rows("rates.csv")}


@cache
def dirt() -> dict[str, float]:
    """How often each thing goes wrong in a record, by name."""
    return {row["name"]: float(row["value"]) for row in rows("dirt.csv")}


@cache
def assay_log_sd() -> dict[str, float]:
    """Error of one sample of each marker on the log scale, as the model of the body has it."""
    return {row["marker"]: float(row["log_sd"]) for row in physiology_rows("measurement.csv")}


@cache
def causes() -> tuple[Cause, ...]:
    """The causes in the order of the file; a person has at most one."""
    return tuple(
        Cause(
            row["cause"], row["answer_cause"], row["absorption"], row["lifelong"] == "1",
            tuple(float(row[name]) for name in _PERCENTS), float(row["mean_years"]), float(row["most_years"]),
        )
        for row in rows("causes.csv")
    )  # fmt: skip


@cache
def age_sex() -> Array:
    """From, to (years), share of all people, share of women: one row a band of age."""
    names = ("from_years", "to_years", "share", "female")
    return np.array([[float(row[name]) for name in names] for row in rows("age_sex.csv")])


@cache
def _by_age() -> dict[str, tuple[float, ...]]:
    return {row["name"]: tuple(float(row[name]) for name in _PERCENTS) for row in rows("by_age.csv")}


def chance(name: str, age_years: Array) -> Array:
    """The probability of `name` in by_age.csv for people of these ages; none under 16."""
    return banded(_by_age()[name], age_years)


def banded(percent: tuple[float, ...], age_years: Array) -> Array:
    """Per cent of four bands of age as a probability for each person; none under 16."""
    band = np.searchsorted(BANDS_FROM_YEARS, age_years, side="right")
    return np.asarray([0.0, *percent])[band] / 100.0


def rows(name: str) -> list[dict[str, str]]:
    """The rows of one CSV file of this package."""
    text = (files("cobalamin.population") / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
