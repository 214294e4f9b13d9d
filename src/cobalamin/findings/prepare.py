"""The record as of a day: what it knew by then, who is in it, and how old each fact is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache, lru_cache

import numpy as np
import polars as pl

from cobalamin.events import FLAGS
from cobalamin.vocabulary.catalogue import catalogue
from cobalamin.vocabulary.concepts import concepts

# B12 products whose doses count as treatment. Multivitamins do not: their few micrograms are a confounder.
INJECTION_CONCEPTS = ("tx_hydroxocobalamin_injection", "tx_cyanocobalamin_injection", "proc_b12_injection")
ORAL_CONCEPTS = ("tx_cyanocobalamin_oral", "tx_hydroxocobalamin_oral")
ANY_ROUTE_CONCEPTS = (
    "tx_hydroxocobalamin",
    "tx_cyanocobalamin",
    "tx_methylcobalamin",
    "tx_b12_any",
    "tx_cyanocobalamin_nasal",
    "tx_b12_folate_b6_combination",
)
B12_CONCEPTS = INJECTION_CONCEPTS + ORAL_CONCEPTS + ANY_ROUTE_CONCEPTS
CYANOCOBALAMIN_CONCEPTS = tuple(name for name in B12_CONCEPTS if "cyanocobalamin" in name)
# Treatment that does not tell its product.
UNNAMED_B12_CONCEPTS = (
    "proc_b12_injection",
    "tx_b12_any",
    "tx_b12_folate_b6_combination",
    "status_b12_injections_current",
)
STATUS_ON_INJECTIONS = "status_b12_injections_current"


# Earlier than every date: an undated fact is before everything.
UNDATED = np.iinfo(np.int64).min // 2
MICROSECONDS_A_DAY = 86_400_000_000


@dataclass(frozen=True)
class Prepared:
    """Events visible on the day with helper columns, and the people in order.

    `events` adds `row` (place in the full event table), `pid` (place in `people`), `age_days` (days before
    the day of decision; null where undated), `running` (not ended on that day), `ended_days` (days since it ended;
    null where it runs), `point` (ended as it began) and `superseded` (a later negative of the same concept took it
    back). `flags` are the results in words of all rows of the full table, from the record or from the range the
    laboratory printed.
    """

    events: pl.DataFrame
    people: pl.DataFrame
    on: date
    flags: pl.Series

    @property
    def size(self) -> int:
        """How many people."""
        return self.people.height


def prepare(frame: pl.DataFrame, on: date) -> Prepared:
    """Keep what the record knew on the day: `coalesce(known_at, time) <= on`, `until` clipped to it.

    What is known but lies in the future (a planned operation, the next dose) has not happened yet and is left out.
    """
    numbered = frame.with_columns(_numbering())
    pid = numbered["pid"].to_numpy()
    people = (
        numbered[["pid", "patient_id"]][np.flatnonzero(np.diff(pid, prepend=-1))]
        if pid.size
        else numbered[["pid", "patient_id"]]
    )
    known, clipped, ages = _visibility(on)
    events = numbered.lazy().filter(known).with_columns(clipped).with_columns(ages).collect()
    return Prepared(events.hstack([_superseded(events)]), people, on, numbered["flag"])


@cache
def _numbering() -> tuple[pl.Expr, ...]:
    return (
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"),
        pl.col("patient_id").rle_id().alias("pid"),
        pl.coalesce("flag", _printed_flag()).alias("flag"),
    )


# Kept for a day: making these expressions costs one person more than running them.
@lru_cache(maxsize=8)
def _visibility(on: date) -> tuple[pl.Expr, pl.Expr, tuple[pl.Expr, ...]]:
    """Which rows the record knew on the day, `until` clipped to it, and how old each fact is."""
    end = datetime.combine(on, time.max)
    known = (pl.coalesce("known_at", "time").fill_null(datetime.min) <= end) & (
        pl.col("time").fill_null(datetime.min) <= end
    )
    ages = (
        (pl.lit(on) - pl.col("time").dt.date()).dt.total_days().cast(pl.Int32).alias("age_days"),
        (pl.lit(on) - pl.col("until").dt.date()).dt.total_days().cast(pl.Int32).alias("ended_days"),
        pl.col("until").is_null().alias("running"),
        (pl.col("until") == pl.col("time")).fill_null(value=False).alias("point"),
    )
    return known, pl.when(pl.col("until") <= end).then(pl.col("until")).alias("until"), ages


@cache
def _worded_concepts() -> tuple[str, ...]:
    """Results in words of which only the latest counts (films, for one)."""
    worded = [finding for finding in catalogue().values() if finding.selector == "flag_latest"]
    return tuple(dict.fromkeys(name for finding in worded for name in finding.concepts))


def _superseded(events: pl.DataFrame) -> pl.Series:
    """What a strictly later negative of the same concept took back; on one day only two clocks can tell."""
    denied = events.select(_denies())["denies"].to_numpy()
    taken_back = np.zeros(events.height, dtype=bool)
    if denied.any():
        concept = events["concept"].to_physical().to_numpy()
        ever_denied = np.zeros(len(concepts()), dtype=bool)
        ever_denied[concept[denied]] = True
        asked = np.flatnonzero(ever_denied[concept])
        few, denied = events.select("pid", "precision", "time")[asked], denied[asked]
        key = few["pid"].to_numpy().astype(np.int64) * len(concepts()) + concept[asked]
        clock = (few["precision"] == "second").to_numpy()
        time = few["time"].to_physical().fill_null(UNDATED).to_numpy()
        day = time // MICROSECONDS_A_DAY
        later = _latest(key, day, denied) > day
        taken_back[asked] = later | (clock & (_latest(key, time, denied & clock) > time))
    return pl.Series("superseded", taken_back)


@cache
def _denies() -> pl.Expr:
    worded = pl.col("concept").is_in(_worded_concepts())
    denies = ~pl.col("present") | (worded & pl.col("flag").is_in(["negative", "normal"]))
    return (denies & pl.col("time").is_not_null()).fill_null(value=False).alias("denies")


def _latest(key: np.ndarray, when: np.ndarray, among: np.ndarray) -> np.ndarray:
    """For each row the latest `when` of the rows `among` that share its key; rows lie in the order of time."""
    place = np.flatnonzero(among)
    place = place[np.argsort(key[place], kind="stable")]
    keys = key[place]
    last = np.flatnonzero(np.append(keys[1:] != keys[:-1], True)[: keys.size])
    found = np.full(key.size, UNDATED)
    if last.size:
        at = np.minimum(np.searchsorted(keys[last], key), last.size - 1)
        found = np.where(keys[last][at] == key, when[place][last][at], UNDATED)
    return found


def _printed_flag() -> pl.Expr:
    """Low, normal or high against the range the laboratory printed; null where it printed none.

    A censored value has a word only where its whole range lies beyond the printed one.
    """
    value, low, high = pl.col("value"), pl.col("low"), pl.col("high")
    word = (
        pl.when(value > high)
        .then(pl.lit("high"))
        .when(value < low)
        .then(pl.lit("low"))
        .when(value.is_not_null() & (low.is_not_null() | high.is_not_null()))
        .then(pl.lit("normal"))
    )
    sign = pl.col("comparator")
    beyond = (
        pl.when((sign == "<") & (value <= low))
        .then(pl.lit("low"))
        .when((sign == ">") & (value >= high))
        .then(pl.lit("high"))
    )
    return pl.when(sign.is_null()).then(word).otherwise(beyond).cast(pl.Enum(FLAGS))
