"""Calibration trials beside the model: what lies outside its tolerance is named, and nothing else is."""

from __future__ import annotations

import pytest

from validation.physiology.checks import checks
from validation.physiology.predict import NOT_COMPARED, everything
from validation.physiology.trials import named_misfits, read, rows


@pytest.mark.slow
def test_rows_outside_their_tolerance_are_the_named_misfits():
    outside = {one.row.name for one in everything() if one.within is False}
    assert outside == set(named_misfits())


def test_every_printed_result_has_a_tolerance_or_a_reason_why_not():
    judged = {one["marker"] for one in read("tolerances.csv")}
    assert {row.marker for row in rows()} <= judged | set(NOT_COMPARED)


def test_known_facts_hold():
    assert [one.name for one in checks() if not one.holds] == []
