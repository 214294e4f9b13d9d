"""Spells of a medicine: issues that follow each other within a grace period are one spell."""

from __future__ import annotations

import numpy as np
import polars as pl

from cobalamin.findings.columns import numbers
from cobalamin.findings.facts import Facts, Floats, Places
from cobalamin.findings.prepare import Prepared
from cobalamin.vocabulary.catalogue import Finding

# More days than any span of dates: keeps the days of one person apart from the next one's.
SHIFT_A_PERSON = 4_000_000
DAYS_A_YEAR = 365.25


def spell_years(prepared: Prepared, findings: tuple[Finding, ...]) -> pl.DataFrame:
    """Years of the spell that runs on the day, one column a finding; null where none runs or none began."""
    stands = prepared.facts.present & ~prepared.superseded
    years = np.full((len(findings), prepared.size), np.nan)
    for target, finding in zip(years, findings, strict=True):
        places = prepared.facts.places_of(finding.concepts)
        places = places[stands[places]]
        if places.size:
            _fill_days(target, prepared.facts, places, finding.window_days or 0)
    return numbers([finding.column for finding in findings], years / DAYS_A_YEAR)


def _fill_days(days: Floats, facts: Facts, places: Places, grace_days: int) -> None:
    """Days since the running spell of these issues began, by person; NaN where none runs or some issue has no date.

    The places are in the order of person and time.
    """
    issues = facts.at(places)
    dated = issues.at(issues.dated)
    # Each person's days are shifted past those of the person before, so one cumulative maximum over all of them
    # never reaches back into another person.
    person = dated.pid.astype(np.int64) * SHIFT_A_PERSON
    ended = np.where(dated.running, 0, dated.ended_days)
    reach = np.maximum.accumulate(person + (dated.on - ended) + grace_days)
    first = np.flatnonzero(np.append(True, person[1:] + dated.day[1:] > reach[:-1])[: person.size])
    if first.size:
        latest_end = np.minimum.reduceat(ended, first)
        runs = first[latest_end <= grace_days]
        # The latest spell of a person is written last.
        days[dated.pid[runs]] = dated.on - dated.day[runs]
    # Some run that began on an unknown day: the true spell may be longer than the dated part shows.
    days[issues.pid[~issues.dated]] = np.nan
