"""The anchor of a finding: the row of the one event that decides it. All findings in one pass.

Each finding owns one or more slots (the event that says yes, the event that says no). The rows of the
concepts that feed a slot are looked through once, and the latest (or first) that qualifies stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from cobalamin.findings.prepare import MICROSECONDS_A_DAY, UNDATED, Prepared
from cobalamin.vocabulary.catalogue import Finding, catalogue
from cobalamin.vocabulary.concepts import concepts

BOOLEAN_SELECTORS = ("ever", "current", "flag_ever", "flag_latest")
VALUE_SELECTORS = ("latest", "before", "after", "after_lowest", "after_highest", "previous", "value")
FOR_EVER = 1_000_000
# Ages that every window holds and that none does.
ALWAYS, NEVER = -FOR_EVER, 2 * FOR_EVER
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


def anchor_rows(prepared: Prepared, first: pl.DataFrame) -> np.ndarray:
    """The deciding row of each slot and person, slot by slot, -1 where there is none.

    `first` is the first B12 dose of each person, from `doses.first_dose`.
    One slot after another over the rows of its concepts, which lie together: a tenth of the time of joining
    every event to every slot that it could fill, and nothing is made larger than the events.
    """
    rows = _ordered(prepared, first)
    filled = np.full((len(slot_names()), prepared.size), -1, dtype=np.int32)
    for target, fill in zip(filled, _fills(), strict=True):
        places = [rows.places[concept] for concept in fill.concepts if concept in rows.places]
        if places:
            _fill(target, fill, rows, places)
    return filled.ravel()


# Which rows may fill a slot, and how old each counts as; None where any age will do.
Terms = tuple[np.ndarray, np.ndarray | None]


@dataclass(frozen=True)
class _Ordered:
    """The columns of the visible events that anchors need, and the places of the rows of each concept.

    `terms` says for each `want` which rows may fill such a slot, and how old each counts as.
    `extent` is the value for finding the lowest or highest: a word "low" lies below all numbers,
    "high" above all, any other word nowhere. `places` are in the order of the events, so of person and time.
    """

    row: np.ndarray
    pid: np.ndarray
    terms: dict[str, Terms]
    extent: np.ndarray
    places: dict[int, np.ndarray]


def _ordered(prepared: Prepared, first: pl.DataFrame) -> _Ordered:
    events = prepared.events
    facts = _Facts(events, _first_dose_beside(prepared, first))
    concept = events["concept"].to_physical().to_numpy()
    order = np.argsort(concept, kind="stable")
    together = concept[order]
    begins = np.flatnonzero(np.diff(together, prepend=-1)) if order.size else order
    places = dict(zip(together[begins].tolist(), np.split(order, begins[1:]), strict=True)) if order.size else {}
    return _Ordered(events["row"].to_numpy(), events["pid"].to_numpy(), facts.terms(), facts.extent(), places)


def _first_dose_beside(prepared: Prepared, first: pl.DataFrame) -> pl.DataFrame:
    """First B12 dose of the person of each event, null where there is none: time, and whether by the clock."""
    place = np.full(prepared.size, -1, dtype=np.int64)
    place[first["pid"].to_numpy()] = np.arange(first.height)
    at = pl.DataFrame({"at": place[prepared.events["pid"].to_numpy()]}).select(_WHERE_ANY)["at"]
    return first.select(_gathered(at))


_WHERE_ANY = pl.when(pl.col("at") >= 0).then("at")


def _gathered(at: pl.Series) -> pl.Expr:
    return pl.col("first_time", "first_clock").gather(at)


def _fill(target: np.ndarray, fill: _Fill, rows: _Ordered, places: list[np.ndarray]) -> None:
    may, age = rows.terms[fill.want]
    found = [place[may[place]] for place in places]
    if age is not None:
        found = [place[age[place] <= fill.window_days] for place in found]
    # Places are in the order of the events, so sorting them is all that several concepts need.
    place = found[0] if len(found) == 1 else np.sort(np.concatenate(found))
    if fill.want in ("after_lowest", "after_highest"):
        # The most extreme comes last, and of equals the latest, so that it is the one that stays.
        sign = -1 if fill.want == "after_lowest" else 1
        extent = np.nan_to_num(sign * rows.extent[place], nan=-np.inf, posinf=np.inf, neginf=-np.inf)
        place = place[np.argsort(extent, kind="stable")]
    row, pid = rows.row[place], rows.pid[place]
    if fill.want == "previous":
        # All but the last of each person, so that the last one left is the value before the latest.
        earlier = pid[1:] == pid[:-1]
        row, pid = row[:-1][earlier], pid[:-1][earlier]
    if fill.earliest:
        row, pid = row[::-1], pid[::-1]
    # Of several rows of one person the last assignment stays.
    target[pid] = row


class _Facts:
    """The visible events as arrays without nulls: what a slot may want to know of a row."""

    def __init__(self, events: pl.DataFrame, first: pl.DataFrame) -> None:
        self.of: dict[str, Any] = {column.name: column.to_numpy() for column in events.select(_facts())}
        told = first.select(_first_facts())
        self.treated, self.first_time, self.first_clock = (told[name].to_numpy() for name in _FIRST_FACTS)

    def extent(self) -> np.ndarray:
        """The number, or a word as one: "low" lies below all numbers, "high" above all; NaN elsewhere."""
        extent: np.ndarray = self.of["extent"]
        return extent

    def before_treatment(self) -> np.ndarray:
        """True for a fact from before the first B12; the same day is before unless both clocks say otherwise."""
        time, first = self.of["time"], self.first_time
        day, first_day = time // MICROSECONDS_A_DAY, first // MICROSECONDS_A_DAY
        clocks = self.of["clock"] & self.first_clock
        same_day = (day == first_day) & (~clocks | (time <= first))
        # An undated result is taken as before only where nothing was ever given.
        before: np.ndarray = ~self.treated | (self.of["dated"] & ((day < first_day) | same_day))
        return before

    def terms(self) -> dict[str, Terms]:
        """For each `want`, which rows may fill such a slot, and how old each counts as (None: any age will do)."""
        of, before = self.of, self.before_treatment()
        present, denied, running, age = of["present"], of["denied"], of["running"], of["age_days"]
        has_value = present & (of["number"] | of["worded"])
        always, never = np.int32(ALWAYS), np.int32(NEVER)
        recent = np.where(of["dated"], age, always)
        # A state that ended is over; an issue of a medicine or an exposure counts for a while after its end.
        lately = np.where(running, always, of["ended_days"])
        current = np.where(running | of["point"], lately, never)
        stands = present & ~of["superseded"]
        # The window counts back from the first dose, also for a sample of that very day.
        since_first = (self.first_time // MICROSECONDS_A_DAY - of["time"] // MICROSECONDS_A_DAY).astype(np.int32)
        counted = self.treated & of["dated"] & (since_first >= 0)
        terms: dict[str, Terms] = {
            "ever_yes": (present, None),
            "ever_no": (denied, None),
            "current_yes": (stands, current),
            "current_no": (denied, current),
            "lately_yes": (stands, lately),
            "lately_no": (denied, lately),
            "positive": (present & of["says_yes"], recent),
            "latest_positive": (stands & of["says_yes"], recent),
            "negative": (denied | of["says_no"], recent),
            "before": (has_value & before, np.where(counted, since_first, recent)),
            "after": (has_value & ~before, recent),
            "current_value": (stands & of["number"], current),
            "lately_value": (stands & of["number"], lately),
            "onset": (stands & running & of["dated"] & (age > 0), None),
            "covers": (present, lately),
            "latest": (has_value, recent),
        }
        extremes = dict.fromkeys(("after_lowest", "after_highest"), terms["after"])
        return terms | extremes | {"previous": terms["latest"]}


@cache
def _facts() -> tuple[pl.Expr, ...]:
    flag = pl.col("flag")
    word = pl.when(flag == "low").then(-np.inf).when(flag == "high").then(np.inf)
    return (
        pl.col("present").fill_null(value=False),
        (~pl.col("present")).fill_null(value=False).alias("denied"),
        pl.col("superseded"),
        pl.col("running"),
        pl.col("point"),
        pl.col("time").is_not_null().alias("dated"),
        pl.col("time").to_physical().fill_null(UNDATED),
        (pl.col("precision") == "second").fill_null(value=False).alias("clock"),
        pl.col("age_days").fill_null(ALWAYS),
        pl.col("ended_days").fill_null(NEVER),
        pl.col("value").is_not_null().alias("number"),
        flag.is_not_null().alias("worded"),
        flag.is_in(["positive", "high"]).fill_null(value=False).alias("says_yes"),
        flag.is_in(["negative", "normal"]).fill_null(value=False).alias("says_no"),
        pl.coalesce("value", word).fill_null(float("nan")).alias("extent"),
    )


_FIRST_FACTS = ("treated", "first_time", "first_clock")


@cache
def _first_facts() -> tuple[pl.Expr, ...]:
    return (
        pl.col("first_time").is_not_null().alias("treated"),
        pl.col("first_time").to_physical().fill_null(UNDATED),
        pl.col("first_clock").fill_null(value=False),
    )
