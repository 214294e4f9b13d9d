"""One person as the model takes them: covariates with what is not known spread, absorption class, past and results.

Nothing is decided here about whether the model may speak: ask `domain` first.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from cobalamin.outlook.absorption import AbsorptionClass, absorption_of
from cobalamin.outlook.facts import Facts
from cobalamin.outlook.past import Past, past_of
from cobalamin.physiology.bodies import Bodies
from cobalamin.physiology.fit import START_LIMITS, Start, usual_start
from cobalamin.physiology.likelihood import measured
from cobalamin.physiology.plasma import WEIGHT_OF_PARAMETERS_KG
from cobalamin.units import factor

LEAST_EGFR = 15.0  # below, the model does not speak (refusals.csv)
MOST_EGFR = 200.0
LEAST_WEIGHT_KG, MOST_WEIGHT_KG = 30.0, 300.0  # what the model takes (covariates.csv)


@dataclass(frozen=True)
class Covariate:
    """Something about the body. `stated` is true where the record says it; else `value` stands in, and it is spread.

    `log_sd`: standard deviation of the logarithm between people, 0 where the value is taken as exact. `value` of
    `male` is 1 or 0, or 0.5 where sex is not on record.
    """

    name: str
    value: float
    unit: str
    stated: bool
    log_sd: float
    source: str

    @property
    def spread(self) -> bool:
        """Whether bodies differ in it; sex that is not on record is spread over both."""
        return self.log_sd > 0 or (self.name == "male" and not self.stated)


@dataclass(frozen=True)
class Person:
    """What the model takes of one person. `start`: serum B12 on day 0 of the past, and how exactly it is known."""

    patient_id: str
    covariates: tuple[Covariate, ...]
    absorption: AbsorptionClass
    past: Past
    start: Start
    start_stated: bool

    def covariate(self, name: str) -> Covariate | None:
        """One covariate by name; None where it is not known and nothing stands in."""
        return next((one for one in self.covariates if one.name == name), None)

    @property
    def values(self) -> dict[str, float]:
        """Covariates as one value each, stand-ins included, as Bodies takes them."""
        return {one.name: one.value for one in self.covariates}

    def bodies(self, n: int, seed: int) -> Bodies:
        """N bodies that this person may have, before any result on treatment is looked at. Same seed, same bodies."""
        rng = np.random.default_rng([seed, 1])
        names = list(self.absorption.shares)
        absorption = np.asarray(names)[rng.choice(len(names), n, p=list(self.absorption.shares.values()))]
        start = self.start.median_pmol_l * np.exp(self.start.log_sd * rng.standard_normal(n))
        drawn: Any = {one.name: _drawn(one, n, rng) for one in self.covariates}
        return Bodies.draw(
            n, seed, absorption=absorption.tolist(), start_serum_b12_pmol_l=np.clip(start, *START_LIMITS), **drawn
        )


def _drawn(one: Covariate, n: int, rng: np.random.Generator) -> np.ndarray[Any, np.dtype[np.float64]]:
    if one.name == "male" and not one.stated:
        return (rng.random(n) < one.value).astype(float)
    values = one.value * np.exp(one.log_sd * rng.standard_normal(n))
    return np.clip(values, LEAST_EGFR, MOST_EGFR) if one.name == "egfr" else values


def person_of(facts: Facts) -> Person:
    """The person of these facts."""
    past = past_of(facts)
    start = past.start
    began = usual_start("treated")
    if start is not None and start.value is not None:
        began = Start(start.value, measured()[start.marker].log_sd)
    return Person(facts.patient_id, tuple(_covariates(facts)), absorption_of(facts), past, began, start is not None)


def _covariates(facts: Facts) -> Iterator[Covariate]:
    age = facts.value("age_years")
    if age is not None:
        yield Covariate("age_years", float(age), "years", True, 0.0, "record")
    yield _sex(facts)
    yield _egfr(facts, age)
    yield _folate(facts, age)
    yield from _blood(facts)
    yield _weight(facts)


def _sex(facts: Facts) -> Covariate:
    for finding, value in (("male", 1.0), ("female", 0.0)):
        if facts.value(finding):
            return Covariate("male", value, "", True, 0.0, "record")
    return Covariate("male", 0.5, "", False, 0.0, "not on record: half of the bodies are men's")


def _egfr(facts: Facts, age: float | None) -> Covariate:
    value = facts.value("egfr")
    if value is not None:
        return Covariate("egfr", min(float(value), MOST_EGFR), "mL/min/{1.73_m2}", True, 0.0, "record")
    return stand_in("egfr", age)


def _folate(facts: Facts, age: float | None) -> Covariate:
    per_ng_ml = factor("lab_folate_serum", "ng/mL")
    value = facts.value("folate_serum")
    if value is not None and per_ng_ml:
        return Covariate("folate_ng_ml", max(float(value) / per_ng_ml, 0.5), "ng/mL", True, 0.0, "record")
    return stand_in("folate_ng_ml", age)


def _weight(facts: Facts) -> Covariate:
    """The latest weight, or that of the model's parameters: they are published for one weight, and spread around it."""
    value = facts.value("body_weight")
    if value is not None:
        return Covariate(
            "weight_kg", min(max(float(value), LEAST_WEIGHT_KG), MOST_WEIGHT_KG), "kg", True, 0.0, "record"
        )
    return Covariate("weight_kg", WEIGHT_OF_PARAMETERS_KG, "kg", False, 0.0, "that of the model's parameters")


def _blood(facts: Facts) -> Iterator[Covariate]:
    """The count of somebody anaemic before treatment; the model predicts no count without the person's own."""
    haemoglobin = _first(facts, "haemoglobin_before_treatment", "haemoglobin")
    mcv = _first(facts, "mcv_before_treatment", "mcv")
    anaemic = facts.term("anaemia") is True
    if haemoglobin is None or mcv is None or not anaemic or facts.is_yes("ever_b12_treated"):
        return
    yield Covariate("haemoglobin_g_dl", haemoglobin / 10, "g/dL", True, 0.0, "record")
    yield Covariate("mcv_fl", mcv, "fL", True, 0.0, "record")
    ferritin = facts.value("ferritin")
    if ferritin is not None and ferritin < stand_in("marrow_limit_iron_ferritin_below", None).value:
        short = stand_in("marrow_limit_iron_short", None)
        yield Covariate("marrow_limit", short.value, "", False, 0.0, f"ferritin {ferritin:g} ug/L")


def _first(facts: Facts, *findings: str) -> float | None:
    values = (facts.value(name) for name in findings)
    return next((float(value) for value in values if value is not None), None)


@cache
def _stand_in_rows() -> list[dict[str, str]]:
    text = (files("cobalamin.outlook") / "stand_ins.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def stand_in(name: str, age: float | None) -> Covariate:
    """What stands in where the record is silent, for people of that age: stand_ins.csv."""
    years = -math.inf if age is None else age
    rows = [row for row in _stand_in_rows() if row["covariate"] == name]
    rows = [row for row in rows if float(row["from_age"]) <= years] or rows[:1]
    row = max(rows, key=lambda row: float(row["from_age"]))
    return Covariate(name, float(row["value"]), row["unit"], False, float(row["spread"]), row["source"])
