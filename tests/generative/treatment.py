"""Generated B12 treatment: loading and maintenance with gaps, schedules in words, tablets, stops, undated."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from typing import Any

from tests.generative.facts import Row

INJECTIONS = (
    "tx_hydroxocobalamin_injection",
    "tx_hydroxocobalamin_injection",
    "tx_cyanocobalamin_injection",
    "proc_b12_injection",
)
BY_ROUTE = ("tx_b12_any", "tx_methylcobalamin", "tx_hydroxocobalamin", "tx_cyanocobalamin", "tx_cyanocobalamin_nasal",
            "tx_b12_folate_b6_combination")  # fmt: skip
ROUTES = ("im", "sc", "iv", "oral", "sublingual", "nasal", "other", None)
STOPS = ("status_b12_injections_stopped", "care_injections_stopped_with_reason", "care_oral_b12_stopped",
         "care_given_elsewhere", "pref_self_injects")  # fmt: skip


def treatment_rows(chance: random.Random, on: date) -> list[Row]:
    """Nothing for two people in five; otherwise one or several ways of being treated."""
    if chance.random() < 0.4:
        return []
    rows = []
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        rows += chance.choice((_course, _course, _schedule, _tablets, _odd, _status))(chance, on)
    if chance.random() < 0.25:
        rows.append(_point(chance, chance.choice(STOPS), on - timedelta(days=chance.randint(0, 500))))
    if chance.random() < 0.05:
        rows.append({"concept": chance.choice(STOPS), "time": None, "precision": "undated", "until": None})
    return rows


def _point(chance: random.Random, concept: str, day: date, **more: Any) -> Row:
    clock = chance.random() < 0.3
    moment = datetime.combine(day, time(chance.randint(0, 23)) if clock else time.min)
    precision = "second" if clock else "day"
    return {"concept": concept, "time": moment, "until": moment, "precision": precision} | more


def _course(chance: random.Random, on: date) -> list[Row]:
    """Injections given: loading doses, then maintenance with early, late and broken gaps."""
    product = chance.choice(INJECTIONS)
    day = on - timedelta(days=chance.choice((0, 1, 5, 10, 21, 22, 28, 30, 60, chance.randint(0, 1500))))
    rows = []
    for number in range(chance.randint(1, 14)):
        if day > on and chance.random() < 0.7:
            break
        dose = {"value": chance.choice((1000.0, 1000.0, None)), "unit": "ug", "route": chance.choice(("im", None))}
        rows.append(_point(chance, product, day, **dose))
        gaps = (1, 2, 3, 7, 8, 13, 14) if number < 5 else (60, 84, 91, 92, 119, 120, 200, 400, 401)
        day += timedelta(days=chance.choice(gaps))
    return rows


def _schedule(chance: random.Random, on: date) -> list[Row]:
    """A schedule in words: one row, running or ended."""
    start = datetime.combine(on - timedelta(days=chance.randint(0, 1200)), time.min)
    until = chance.choice((None, None, start + timedelta(days=chance.randint(1, 900))))
    row = {"concept": chance.choice(INJECTIONS), "time": start, "until": until, "value": chance.choice((1000.0, None)),
           "unit": "ug", "route": "im", "every_days": chance.choice((30.5, 61.0, 84.0, 91.3125, None))}  # fmt: skip
    if chance.random() < 0.1:
        row |= {"time": None, "precision": "undated", "until": None}
    return [row]


def _tablets(chance: random.Random, on: date) -> list[Row]:
    """Tablets that run, or monthly issues with gaps around the grace period."""
    product = chance.choice(("tx_cyanocobalamin_oral", "tx_hydroxocobalamin_oral", "tx_cyanocobalamin_oral"))
    dose: Row = {"value": chance.choice((50.0, 1000.0, 2000.0, None)), "unit": "ug", "route": "oral",
                 "every_days": chance.choice((1.0, 1.0, None, 7.0))}  # fmt: skip
    day = on - timedelta(days=chance.randint(0, 900))
    if chance.random() < 0.5:
        row = _point(chance, product, day, **dose)
        row["until"] = chance.choice((None, row["time"] + timedelta(days=chance.randint(1, 400))))
        return [row]
    rows = []
    for _ in range(chance.randint(1, 12)):
        rows.append(_point(chance, product, day, **dose))
        rows[-1]["until"] += timedelta(days=chance.choice((0, 28)))
        day += timedelta(days=chance.choice((28, 60, 89, 90, 91, 119)))
    return rows


def _odd(chance: random.Random, on: date) -> list[Row]:
    """Products named without a form, whose route may or may not be told."""
    day = on - timedelta(days=chance.randint(0, 700))
    row = _point(chance, chance.choice(BY_ROUTE), day, value=1000.0, unit="ug", route=chance.choice(ROUTES))
    row["until"] = chance.choice((row["time"], None, row["time"] + timedelta(days=30)))
    if chance.random() < 0.15:
        row |= {"time": None, "precision": "undated", "until": None}
    return [row]


def _status(chance: random.Random, on: date) -> list[Row]:
    """Only a statement that injections are being given."""
    row = _point(chance, "status_b12_injections_current", on - timedelta(days=chance.randint(0, 900)))
    row["until"] = chance.choice((None, row["time"]))
    return [row]
