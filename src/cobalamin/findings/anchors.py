"""The anchor of a finding: the row of the one event that decides it. All findings in one pass.

Each finding owns one or more slots (the event that says yes, the event that says no). The rows of the
concepts that feed a slot are looked through once, and the latest (or first) that qualifies stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from cobalamin.events import FLAGS
from cobalamin.findings.facts import (
    ALWAYS,
    FOR_EVER,
    MICROSECONDS_A_DAY,
    NEVER,
    Bools,
    Facts,
    Floats,
    Ints,
    Moments,
    Places,
)
from cobalamin.vocabulary.catalogue import Finding, catalogue
from cobalamin.vocabulary.concepts import concepts

BOOLEAN_SELECTORS = ("ever", "current", "flag_ever", "flag_latest")
VALUE_SELECTORS = ("latest", "before", "after", "after_lowest", "after_highest", "previous", "value")
COVERAGE_LAPSE_DAYS = 365
# Issues of a medicine follow each other with gaps, and an exposure of last month is recent: there the window counts
# from the end. Elsewhere what has ended is over.
LINGERING_DOMAINS = ("medicines", "history", "treatment")


@dataclass(frozen=True)
class Slot:
    """A place that one event of each person can fill.

    `want` says which events qualify: yes/no (a recorded present or negative), positive/negative (a result in
    words), value (a number or word), dose states before/after treatment, running. `lately_` is `current_` for what
    still counts a while after its end.
    """

    name: str
    concept: str
    want: str
    window_days: int
    earliest: bool = False


@cache
def slots() -> tuple[Slot, ...]:
    """The slots of every finding that rests on one event, and of coverage."""
    made = [slot for finding in catalogue().values() for slot in _finding_slots(finding)]
    covers = [name for name in concepts() if name.startswith("covers_")]
    person = [
        Slot(name, name, want, FOR_EVER) for name, want in (("person_birth", "ever_yes"), ("person_age", "latest"))
    ]
    # The earliest of what covers the day: the record begins there.
    return (*made, *person, *(Slot(name, name, "covers", COVERAGE_LAPSE_DAYS, earliest=True) for name in covers))


def _finding_slots(finding: Finding) -> list[Slot]:
    window = FOR_EVER if finding.window_days is None else finding.window_days
    name, selector = finding.column, finding.selector
    now = "lately" if finding.domain in LINGERING_DOMAINS else "current"
    if selector in ("ever", "current"):
        when = now if selector == "current" else selector
        return [Slot(f"{name}.yes", c, f"{when}_yes", window) for c in finding.concepts] + [
            Slot(f"{name}.no", finding.concepts[0], f"{when}_no", window)
        ]
    if selector in ("flag_ever", "flag_latest"):
        positive = "positive" if selector == "flag_ever" else "latest_positive"
        return [Slot(f"{name}.yes", c, positive, window) for c in finding.concepts] + [
            Slot(f"{name}.no", c, "negative", window) for c in finding.concepts
        ]
    if selector == "value":
        return [Slot(f"{name}.row", c, f"{now}_value", window) for c in finding.concepts]
    if selector in VALUE_SELECTORS:
        return [Slot(f"{name}.row", c, selector, window) for c in finding.concepts]
    if selector == "duration_weeks":
        return [Slot(f"{name}.row", c, "onset", window, earliest=True) for c in finding.concepts]
    return []


@cache
def slot_names() -> tuple[str, ...]:
    """Names of the slots, each once, in order; a slot's number is its place here."""
    return tuple(dict.fromkeys(slot.name for slot in slots()))


@cache
def _slot_places() -> dict[str, int]:
    return {name: place for place, name in enumerate(slot_names())}


def slot_place(name: str) -> int:
    """The number of a slot."""
    return _slot_places()[name]


@dataclass(frozen=True)
class _Fill:
    """How one slot is filled: the place of each concept that feeds it in the concept list, and its terms."""

    concepts: tuple[int, ...]
    want: str
    window_days: int
    earliest: bool


@cache
def _fills() -> tuple[_Fill, ...]:
    place = {name: number for number, name in enumerate(concepts())}
    feeds: dict[str, list[Slot]] = {}
    for slot in slots():
        feeds.setdefault(slot.name, []).append(slot)
    return tuple(
        _Fill(tuple(place[slot.concept] for slot in fed), fed[0].want, fed[0].window_days, fed[0].earliest)
        for fed in feeds.values()
    )


def anchor_rows(facts: Facts, superseded: Bools, first: FirstDose) -> Ints:
    """The deciding row of each person (a column) for each slot (a row), -1 where there is none.

    One slot after another over the rows of its concepts, which lie together: a tenth of the time of joining
    every event to every slot that it could fill, and nothing is made larger than the events.
    """
    terms = _terms(facts, superseded, first)
    extent = _extent(facts)
    filled = np.full((len(slot_names()), len(first.time)), -1, dtype=np.int32)
    for target, fill in zip(filled, _fills(), strict=True):
        places = [facts.by_concept[concept] for concept in fill.concepts if concept in facts.by_concept]
        if places:
            place = _ordered(fill, terms[fill.want], places, extent)
            _fill(target, fill, facts.row[place], facts.pid[place])
    return filled


@dataclass(frozen=True)
class FirstDose:
    """The first B12 of each person: whether there is any, its time (UNDATED where unknown), and if by the clock."""

    treated: Bools
    time: Moments
    clock: Bools


# Which rows may fill a slot, and how old each counts as; None where any age will do.
Terms = tuple[Bools, Ints | None]


def _ordered(fill: _Fill, terms: Terms, places: list[Places], extent: Floats) -> Places:
    """The places that qualify, in the order of person and time; for an extreme, the most extreme last."""
    may, age = terms
    found = [place[may[place]] for place in places]
    if age is not None:
        found = [place[age[place] <= fill.window_days] for place in found]
    # Places are in the order of the events, so sorting them is all that several concepts need.
    place = found[0] if len(found) == 1 else np.sort(np.concatenate(found))
    if fill.want in ("after_lowest", "after_highest"):
        # The most extreme comes last, and of equals the latest, so that it is the one that stays.
        sign = -1 if fill.want == "after_lowest" else 1
        size = np.nan_to_num(sign * extent[place], nan=-np.inf, posinf=np.inf, neginf=-np.inf)
        place = place[np.argsort(size, kind="stable")]
    return place


def _fill(target: Ints, fill: _Fill, row: Ints, pid: Ints) -> None:
    if fill.want == "previous":
        # All but the last of each person, so that the last one left is the value before the latest.
        earlier = pid[1:] == pid[:-1]
        row, pid = row[:-1][earlier], pid[:-1][earlier]
    if fill.earliest:
        row, pid = row[::-1], pid[::-1]
    # Of several rows of one person the last assignment stays.
    target[pid] = row


def _extent(facts: Facts) -> Floats:
    """The number, or a word as one: "low" lies below all numbers, "high" above all; NaN elsewhere."""
    word = np.array([*({"low": -np.inf, "high": np.inf}.get(flag, np.nan) for flag in FLAGS), np.nan])
    return np.where(np.isnan(facts.value), word[facts.flag], facts.value)


def _before_treatment(facts: Facts, first: FirstDose) -> tuple[Bools, Bools, Ints]:
    """For each fact: whether it is from before the first B12; whether its person was treated; days to the first B12.

    The same day is before unless both clocks say otherwise. An undated result is taken as before only where nothing
    was ever given.
    """
    treated, first_time = first.treated[facts.pid], first.time[facts.pid]
    until_first = (first_time // MICROSECONDS_A_DAY).astype(np.int32) - facts.day
    clocks = facts.clock & first.clock[facts.pid]
    same_day = (until_first == 0) & (~clocks | (facts.time <= first_time))
    return ~treated | (facts.dated & ((until_first > 0) | same_day)), treated, until_first


def _terms(facts: Facts, superseded: Bools, first: FirstDose) -> dict[str, Terms]:
    """For each `want`, which rows may fill such a slot, and how old each counts as (None: any age will do)."""
    before, treated, until_first = _before_treatment(facts, first)
    present, denied, running = facts.present, facts.denied, facts.running
    number = ~np.isnan(facts.value)
    has_value = present & (number | (facts.flag >= 0))
    recent, lately = facts.age_days, np.where(running, np.int32(ALWAYS), facts.ended_days)
    # A state that ended is over; an issue of a medicine or an exposure counts for a while after its end.
    current = np.where(running | facts.point, lately, np.int32(NEVER))
    stands = present & ~superseded
    says_yes, says_no = _YES_WORDS[facts.flag], _NO_WORDS[facts.flag]
    # The window counts back from the first dose, also for a sample of that very day.
    counted = treated & facts.dated & (until_first >= 0)
    terms: dict[str, Terms] = {
        "ever_yes": (present, None),
        "ever_no": (denied, None),
        "current_yes": (stands, current),
        "current_no": (denied, current),
        "lately_yes": (stands, lately),
        "lately_no": (denied, lately),
        "positive": (present & says_yes, recent),
        "latest_positive": (stands & says_yes, recent),
        "negative": (denied | says_no, recent),
        "before": (has_value & before, np.where(counted, until_first, recent)),
        "after": (has_value & ~before, recent),
        "current_value": (stands & number, current),
        "lately_value": (stands & number, lately),
        "onset": (stands & running & facts.dated & (facts.age_days > 0), None),
        "covers": (present, lately),
        "latest": (has_value, recent),
    }
    extremes = dict.fromkeys(("after_lowest", "after_highest"), terms["after"])
    return terms | extremes | {"previous": terms["latest"]}


# By place of a word, the last for none.
_YES_WORDS = np.array([*(flag in ("positive", "high") for flag in FLAGS), False])
_NO_WORDS = np.array([*(flag in ("negative", "normal") for flag in FLAGS), False])
