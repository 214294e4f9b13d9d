"""The anchor of a finding: the row of the one event that decides it. All findings in one pass.

Each finding owns one or more slots (the event that says yes, the event that says no). The rows of the
concepts that feed a slot are looked through once, and the latest (or first) that qualifies stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl

from cobalamin.findings.prepare import Prepared
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


@dataclass(frozen=True)
class _Ordered:
    """The columns of the visible events that anchors need, and the places of the rows of each concept.

    `age` has an array for each `want`: days before the decision for a row that may fill such a slot, `NEVER`
    for one that may not. `extent` is the value for finding the lowest or highest: a word "low" lies below all numbers,
    "high" above all, any other word nowhere. `places` are in the order of the events, so of person and time.
    """

    row: np.ndarray
    pid: np.ndarray
    age: dict[str, np.ndarray]
    extent: np.ndarray
    places: dict[int, np.ndarray]


def _ordered(prepared: Prepared, first: pl.DataFrame) -> _Ordered:
    events = prepared.events
    columns = events.with_columns(_first_dose_beside(prepared, first)).select("row", "pid", _extent(), *_ages())
    arrays = {name: columns[name].to_numpy() for name in columns.columns}
    concept = events["concept"].to_physical().to_numpy()
    order = np.argsort(concept, kind="stable")
    together = concept[order]
    begins = np.flatnonzero(np.diff(together, prepend=-1)) if order.size else order
    places = dict(zip(together[begins].tolist(), np.split(order, begins[1:]), strict=True)) if order.size else {}
    return _Ordered(arrays.pop("row"), arrays.pop("pid"), arrays, arrays.pop("extent"), places)


def _extent() -> pl.Expr:
    word = pl.col("flag").cast(pl.String).replace_strict({"low": -np.inf, "high": np.inf}, default=None)
    return pl.coalesce("value", word).alias("extent")


def _first_dose_beside(prepared: Prepared, first: pl.DataFrame) -> list[pl.Series]:
    """First B12 dose of the person of each event: time, whether by the clock, and how many days ago."""
    beside = prepared.people.lazy().select("pid").join(first.lazy(), on="pid", how="left", maintain_order="left")
    days = (pl.lit(prepared.on) - pl.col("first_time").dt.date()).dt.total_days().cast(pl.Int32)
    told = beside.select("first_time", "first_clock", first_days=days).collect()
    return told.select(pl.all().gather(prepared.events["pid"])).get_columns()


def _fill(target: np.ndarray, fill: _Fill, rows: _Ordered, places: list[np.ndarray]) -> None:
    age = rows.age[fill.want]
    found = [place[age[place] <= fill.window_days] for place in places]
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


@cache
def _ages() -> tuple[pl.Expr, ...]:
    """For each `want`, how old a row counts as, `NEVER` where it does not qualify whatever the window."""
    present, age, running = pl.col("present"), pl.col("age_days"), pl.col("running")
    has_number = pl.col("value").is_not_null()
    has_value = present & (has_number | pl.col("flag").is_not_null())
    says_yes = pl.col("flag").is_in(["positive", "high"]).fill_null(value=False)
    says_no = pl.col("flag").is_in(["negative", "normal"]).fill_null(value=False)
    recent = age.fill_null(ALWAYS)
    # A state that ended is over; an issue of a medicine or an exposure counts for a while after its end.
    lately = pl.when(running).then(ALWAYS).otherwise(pl.col("ended_days"))
    current = pl.when(running | pl.col("point")).then(lately).otherwise(NEVER)
    stands = present & ~pl.col("superseded")
    before = _before_treatment()
    since_first = age - pl.col("first_days")
    terms = {
        "ever_yes": (present, pl.lit(ALWAYS)),
        "ever_no": (~present, pl.lit(ALWAYS)),
        "current_yes": (stands, current),
        "current_no": (~present, current),
        "lately_yes": (stands, lately),
        "lately_no": (~present, lately),
        "positive": (present & says_yes, recent),
        "latest_positive": (stands & says_yes, recent),
        "negative": (~present | says_no, recent),
        # The window counts back from the first dose, also for a sample of that very day.
        "before": (has_value & before, pl.when(since_first >= 0).then(since_first).otherwise(recent)),
        "after": (has_value & ~before, recent),
        "after_lowest": (has_value & ~before, recent),
        "after_highest": (has_value & ~before, recent),
        "current_value": (stands & has_number, current),
        "lately_value": (stands & has_number, lately),
        "onset": (stands & running & (age > 0), pl.lit(ALWAYS)),
        "covers": (present, lately),
        "latest": (has_value, recent),
        "previous": (has_value, recent),
    }
    return tuple(
        pl.when(may).then(days).otherwise(NEVER).cast(pl.Int32).alias(want) for want, (may, days) in terms.items()
    )


def _before_treatment() -> pl.Expr:
    """True for a fact from before the first B12; the same day is before unless both clocks say otherwise."""
    age, first_age = pl.col("age_days"), pl.col("first_days")
    clocks = (pl.col("precision") == "second") & pl.col("first_clock")
    same_day = (age == first_age) & (~clocks | (pl.col("time") <= pl.col("first_time")))
    # An undated result is taken as before only where nothing was ever given.
    return first_age.is_null() | ((age > first_age) | same_day).fill_null(value=False)
