"""Single generated facts: dated on the edges of windows, undated, points or spans of time."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from typing import Any

Row = dict[str, Any]
# Days around every window of the catalogue and every limit of the dose history.
EDGES = sorted({max(0, edge + shift) for edge in (0, 7, 30, 60, 90, 120, 180, 365, 730, 1825) for shift in (-1, 0, 1)})


def a_day(chance: random.Random, on: date) -> date:
    """A day before the decision, often on the edge of a window, rarely after it."""
    draw = chance.random()
    if draw < 0.03:
        return on + timedelta(days=chance.randint(1, 40))
    return on - timedelta(days=chance.choice(EDGES) if draw < 0.5 else chance.randint(0, 1500))


def fact(chance: random.Random, on: date, concept: str, day: date | None = None, **more: Any) -> Row:
    """A dated or undated event; `lasts` makes it run on or end some day, else it is a point."""
    lasts = more.pop("lasts", False)
    if day is None and chance.random() < 0.08:
        return {"concept": concept, "time": None, "precision": "undated", "until": None} | more
    day = day or a_day(chance, on)
    clock = chance.random() < 0.3
    moment = datetime.combine(day, time(chance.randint(0, 23), chance.choice((0, 30))) if clock else time.min)
    until: datetime | None = moment
    if lasts:
        until = chance.choice((None, moment + timedelta(days=chance.randint(1, 500))))
    precision = "second" if clock else chance.choice(("day", "day", "day", "month", "year"))
    return {"concept": concept, "time": moment, "precision": precision, "until": until} | more
