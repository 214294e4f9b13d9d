"""The kernel against the referee: findings, trace and plan of generated people, under every guideline that ships.

`COBALAMIN_PEOPLE=20000 pytest tests/generative/test_referee.py` compares more of them; `COBALAMIN_SEED` others.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cobalamin.guidance import Guideline
from tests.generative.compare import Rows, compare, said
from tests.generative.patients import patients, people
from tests.generative.thresholds import ON, guidelines

PEOPLE = int(os.environ.get("COBALAMIN_PEOPLE", "1500"))
SEED = int(os.environ.get("COBALAMIN_SEED", "1"))
# Parts that several workers share. The default guideline meets everybody, the others take turns, part by part,
# unless everything is asked for.
PARTS = max(6, PEOPLE // 250)
EVERYTHING = "COBALAMIN_PEOPLE" in os.environ


def turn(part: int) -> list[Guideline]:
    """The guidelines that meet the people of a part."""
    toy, default, *others = guidelines()
    return [toy, default, *(one for place, one in enumerate(others) if EVERYTHING or (place + part) % 3 == 0)]


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_kernel_and_referee_agree_on_thousands_of_people(part: int) -> None:
    found = compare(patients(PEOPLE // PARTS, SEED * 1000 + part), turn(part), ON)
    assert not found, said(found)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(people("a"), people("b"))
def test_kernel_and_referee_agree_on_people_that_can_shrink(one: Rows, other: Rows) -> None:
    found = compare({"a": one, "b": other}, guidelines()[:1], ON)
    assert not found, said(found)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(people("a"), st.dates(min_value=ON.replace(year=2022), max_value=ON.replace(year=2027)))
def test_kernel_and_referee_agree_on_any_day(one: Rows, day) -> None:  # type: ignore[no-untyped-def]
    found = compare({"a": one}, guidelines()[:1], day)
    assert not found, said(found)
