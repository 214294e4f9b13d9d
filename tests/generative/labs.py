"""Generated laboratory results: numbers on and around every threshold in several units, censored, or in words."""

from __future__ import annotations

import random
from datetime import date, timedelta
from functools import cache

from cobalamin import units
from cobalamin.events import FLAGS
from cobalamin.vocabulary.catalogue import catalogue
from tests.generative.facts import Row, a_day, fact
from tests.generative.thresholds import interesting

MARKERS = (
    "lab_b12_total", "lab_b12_active", "lab_mma_serum", "lab_homocysteine", "lab_haemoglobin", "lab_mcv",
    "lab_if_antibody", "lab_creatinine", "lab_egfr", "lab_ferritin", "lab_folate_serum", "lab_reticulocytes_abs",
)  # fmt: skip
USUAL = {"lab_creatinine": (80.0, "umol/L"), "q_symptom_score": (8.0, "score"), "q_mmse_total": (27.0, "score")}


@cache
def _concepts() -> tuple[str, ...]:
    found = [name for finding in catalogue().values() if finding.domain == "laboratory" for name in finding.concepts]
    return tuple(dict.fromkeys(found))


@cache
def _worded() -> frozenset[str]:
    """Results that have no number: antibodies, films, biopsies."""
    flagged = ("flag_ever", "flag_latest")
    return frozenset(name for f in catalogue().values() if f.selector in flagged for name in f.concepts)


def lab_rows(chance: random.Random, on: date) -> list[Row]:
    """Some results of some tests; the four B12 markers are often sampled together."""
    rows = []
    for _ in range(chance.randint(0, 8)):
        rows += _series(chance, on, chance.choice(MARKERS))
    for _ in range(chance.randint(0, 6)):
        rows += _series(chance, on, chance.choice(_concepts()))
    if chance.random() < 0.2:
        day = a_day(chance, on)
        rows += [_result(chance, on, name, day - timedelta(days=chance.choice((0, 1, 14, 15)))) for name in MARKERS[:4]]
    return rows


def _series(chance: random.Random, on: date, concept: str) -> list[Row]:
    return [_result(chance, on, concept) for _ in range(chance.choice((1, 1, 1, 2, 3)))]


def _result(chance: random.Random, on: date, concept: str, day: date | None = None) -> Row:
    row = fact(chance, on, concept, day)
    draw = chance.random()
    if concept in _worded():
        row["flag"] = chance.choice(("positive", "negative", "normal", "high", "borderline"))
        row["present"] = chance.random() < 0.95
    elif draw < 0.12:
        row |= {"flag": chance.choice(FLAGS), "text": "in words"}
    elif draw < 0.15:
        row |= {"value": float("nan"), "text": "not a number"}
    else:
        row |= _number(chance, concept)
    return row


def _number(chance: random.Random, concept: str) -> Row:
    """A number near a line, as some laboratory reports it, in the canonical unit."""
    value, unit = chance.choice(interesting().get(concept) or (USUAL.get(concept, (50.0, "")),))
    value *= chance.choice((0.3, 0.9, 1.0, 1.0, 1.1, 3.0))
    value += chance.choice((0.0, 0.0, 1.0, -1.0, 0.1)) * (1.0 if abs(value) > 5 else 0.1)
    value = max(round(value, 2), 0.05)
    reported = _reported(chance, concept, value, unit)
    canonical, spelled = units.convert(concept, *reported) or (value, unit)
    row: Row = {"value": canonical, "unit": spelled}
    if chance.random() < 0.15:
        row["comparator"] = chance.choice(("<", ">"))
    if chance.random() < 0.4:
        row["low"] = chance.choice((None, canonical * chance.choice((0.5, 1.0, 1.2))))
        row["high"] = chance.choice((None, canonical * chance.choice((0.9, 1.0, 2.0))))
    if chance.random() < 0.1:
        row["flag"] = chance.choice(FLAGS)
    return row


def _reported(chance: random.Random, concept: str, value: float, unit: str) -> tuple[float, str]:
    """The number in its own unit, or in another that the laboratory uses."""
    known = units.conversions()
    others = [other for other in units.known_units(concept) if other != unit]
    if not others or (concept, unit) not in known or chance.random() < 0.6:
        return value, unit
    here, there = known[concept, unit], known[concept, chance.choice(others)]
    return (value * here.factor + here.offset - there.offset) / there.factor, there.unit
