"""Nerves bar the way to less treatment: the model never shows a longer interval to somebody who has or may have
nerve symptoms. Only an explicit no lifts that; what nobody asked is no such answer.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

from cobalamin.guidance.model import Regimen
from cobalamin.outlook.facts import Facts

RECORDED, NOT_ASKED, ABSENT = "recorded", "not asked", "absent"


def nerves(facts: Facts) -> str:
    """What the record says of nerve symptoms, now or ever: recorded, not asked, or absent."""
    if facts.term("neurology_recorded") or facts.term("neurology_any") or facts.is_yes("ever_neurological"):
        return RECORDED
    return ABSENT if facts.term("neurology_absent") else NOT_ASKED


def nerve_regimen(facts: Facts) -> Regimen | None:
    """What the guideline gives where nerves are touched; None where it gives nothing of its own."""
    name = _nerve_regimens().get(facts.guideline.id)
    return facts.guideline.regimens.get(name) if name else None


@cache
def _nerve_regimens() -> dict[str, str]:
    text = (files("cobalamin.outlook") / "nerve_regimens.csv").read_text(encoding="utf-8")
    return {row["guideline"]: row["regimen"] for row in csv.DictReader(text.splitlines())}
