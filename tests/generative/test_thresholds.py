"""Both sides of every threshold of every guideline, in each unit it is published in, read as a person would.

A number is reported in a unit, becomes an event, a finding, and meets the operator in a guideline of one table.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import polars as pl
import pytest

from cobalamin import units
from cobalamin.decision import decide
from cobalamin.events import FLAGS, Events
from cobalamin.findings import find, findings_schema
from cobalamin.guidance.conditions import COMPARISONS
from cobalamin.guidance.model import Guideline, Rule, Source, Table, Threshold
from cobalamin.vocabulary.catalogue import Finding, catalogue
from tests.generative.thresholds import ON, compared

SOURCE = Source("boundary", "ours")
FIRST_DOSE = ON - timedelta(days=40)
PLAIN = {
    "below": lambda value, limit: value < limit,
    "above": lambda value, limit: value > limit,
    "at_least": lambda value, limit: value >= limit,
    "at_most": lambda value, limit: value <= limit,
}
Case = tuple[str, Threshold]
ALL = [pytest.param((name, threshold), id=f"{name}-{threshold.name}-{where}") for name, where, threshold in compared()]


def around(limit: float) -> list[float]:
    """Just below as a laboratory would print it, just below as a computer would, the limit, and above."""
    step = 0.1 if abs(limit) < 20 else 1.0
    return [limit - step, math.nextafter(limit, -math.inf), limit, math.nextafter(limit, math.inf), limit + step]


def one_row_each(name: str, threshold: Threshold) -> Guideline:
    """A guideline of one table with four rows: the finding against the threshold with each operator."""
    rows = tuple(
        Rule(how, (how, name, threshold.name), {"band": how, "grade": "info"}, "Says.", SOURCE) for how in COMPARISONS
    )
    table = Table("bands", "boundary", "?", "collect", ("band",), {}, rows)
    return Guideline("boundary", "1", "", {}, {threshold.name: threshold}, {}, {"bands": table}, {}, "")


def answers(frame: pl.DataFrame, guideline: Guideline) -> list[dict[str, bool | None]]:
    """What the four operators say for each row of findings."""
    trace = decide(frame, guideline)
    return [{how: row[f"rule.bands.{how}"] for how in COMPARISONS} for row in trace.to_dicts()]


def reported(finding: Finding, numbers: list[tuple[float, str, str | None]]) -> pl.DataFrame:
    """Findings of people who each had one result: number, unit as reported, comparator."""
    rows = []
    for place, (value, unit, comparator) in enumerate(numbers):
        converted = units.convert(finding.concepts[0], value, unit)
        assert converted, f"{finding.name} cannot be reported in {unit}"
        rows += [*_dose(place, finding), _result(place, finding, converted, comparator)]
        if finding.selector == "previous":
            rows.append(_result(place, finding, converted, None) | {"time": _moment(1), "until": _moment(1)})
    frame = find(Events.of(rows), ON)
    assert frame.height == len(numbers)
    return frame


def _moment(days_ago: int) -> datetime:
    return datetime.combine(ON - timedelta(days=days_ago), datetime.min.time())


def _result(place: int, finding: Finding, converted: tuple[float, str], comparator: str | None) -> dict[str, object]:
    days = 10 if finding.selector != "before" else 50
    return {
        "patient_id": f"{place:04d}", "time": _moment(days), "until": _moment(days), "concept": finding.concepts[0],
        "value": converted[0], "unit": converted[1], "comparator": comparator, "source": "made",
    }  # fmt: skip


def _dose(place: int, finding: Finding) -> list[dict[str, object]]:
    if finding.selector not in ("before", "after", "after_lowest", "after_highest"):
        return []
    moment = datetime.combine(FIRST_DOSE, datetime.min.time())
    return [{"patient_id": f"{place:04d}", "time": moment, "until": moment, "route": "im", "source": "made",
             "concept": "tx_hydroxocobalamin_injection"}]  # fmt: skip


@pytest.mark.parametrize("case", [one for one in ALL if catalogue()[one.values[0][0]].kind == "measurement"])
def test_a_reported_number_is_compared_as_printed(case: Case) -> None:
    name, threshold = case
    finding = catalogue()[name]
    numbers = [(value, unit, limit) for limit, unit in threshold.values for value in around(limit) if value >= 0]
    frame = reported(finding, [(value, unit, None) for value, unit, _ in numbers])
    for (value, unit, limit), found in zip(numbers, answers(frame, one_row_each(name, threshold)), strict=True):
        # Two neighbouring numbers of a computer may become one by conversion; no laboratory prints them.
        if abs(value - limit) > 1e-9 or value == limit:
            assert found == {how: PLAIN[how](value, limit) for how in COMPARISONS}, f"{value} {unit}"


@pytest.mark.parametrize("case", [one for one in ALL if catalogue()[one.values[0][0]].kind == "measurement"])
def test_a_censored_number_answers_only_where_it_can(case: Case) -> None:
    name, threshold = case
    for limit, unit in threshold.values:
        printed = [(limit, unit, "<"), (limit, unit, ">"), (limit * 2, unit, "<"), (limit / 2, unit, ">")]
        frame = reported(catalogue()[name], printed)
        under, over, wide_under, wide_over = answers(frame, one_row_each(name, threshold))
        assert under == {"below": True, "above": False, "at_least": False, "at_most": True}
        assert over == {"below": False, "above": True, "at_least": True, "at_most": False}
        assert set(wide_under.values()) == set(wide_over.values()) == {None}


@pytest.mark.parametrize("case", [one for one in ALL if catalogue()[one.values[0][0]].kind == "measurement"])
def test_a_word_answers_only_where_the_threshold_says_so(case: Case) -> None:
    name, threshold = case
    finding = catalogue()[name]
    rows: list[dict[str, object]] = []
    for place, word in enumerate(FLAGS):
        row = _result(place, finding, (0.0, ""), None) | {"value": None, "unit": None, "flag": word}
        rows += [*_dose(place, finding), row]
        if finding.selector == "previous":
            rows.append(row | {"time": _moment(1), "until": _moment(1)})
    opposite = {True: False, False: True, None: None}
    for word, found in zip(FLAGS, answers(find(Events.of(rows), ON), one_row_each(name, threshold)), strict=True):
        below = word in threshold.text_below if threshold.text_below else None
        above = word in threshold.text_above if threshold.text_above else None
        assert found == {"below": below, "above": above, "at_least": opposite[below], "at_most": opposite[above]}


@pytest.mark.parametrize("case", [one for one in ALL if catalogue()[one.values[0][0]].kind == "number"])
def test_a_plain_number_is_compared_as_it_is(case: Case) -> None:
    name, threshold = case
    ((limit, unit),) = threshold.values
    assert unit == catalogue()[name].unit
    numbers: list[float | None] = [*around(limit), None]
    nothing = pl.DataFrame({key: [None] * len(numbers) for key in findings_schema()}, schema=findings_schema())
    frame = nothing.with_columns(pl.Series(f"finding.{name}", numbers, pl.Float64))
    for value, found in zip(numbers, answers(frame, one_row_each(name, threshold)), strict=True):
        assert found == {how: None if value is None else PLAIN[how](value, limit) for how in COMPARISONS}
