"""The record as of a day: what it knew by then, who is in it, and how old each fact is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cache, cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from cobalamin.events import FLAGS
from cobalamin.findings.facts import (
    ALWAYS,
    MICROSECONDS_A_DAY,
    NO_END,
    UNDATED,
    Bools,
    Facts,
    day_number,
    facts_of,
    has_code,
)
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


@dataclass(frozen=True)
class Prepared:
    """What the record knew on the day, and the people in order.

    `all` are the facts of all rows of the table, `facts` those visible on the day, `until` clipped to it, and
    `superseded` which of these a later negative of the same concept took back. `flags` are the results in words of
    all rows, from the record or from the range the laboratory printed.
    """

    table: pl.DataFrame
    people: pl.DataFrame
    on: date
    flags: pl.Series
    all: Facts
    facts: Facts
    superseded: Bools

    @property
    def size(self) -> int:
        """How many people."""
        return self.people.height

    @cached_property
    def events(self) -> pl.DataFrame:
        """The visible rows of the table for those who read them one by one: `until` clipped, and words filled in.

        Beside them `row` (place in the table), `pid` (place in `people`), `age_days` (null where undated), `running`,
        `ended_days` (null where it runs), `point` and `superseded`.
        """
        facts = self.facts
        numbers = {"row": facts.row, "pid": facts.pid}
        beside = {"running": facts.running, "point": facts.point, "age_days": facts.age_days,
                  "ended_days": facts.ended_days, "superseded": self.superseded}  # fmt: skip
        counted = {name: column.astype(np.uint32) for name, column in numbers.items()}
        seen = self.table.with_columns(self.flags)[facts.row].hstack(pl.DataFrame(counted | beside))
        return seen.with_columns(_SEEN_ON_THE_DAY)


_SEEN_ON_THE_DAY = (
    pl.when(~pl.col("running")).then("until").alias("until"),
    pl.when(pl.col("age_days") != ALWAYS).then("age_days").alias("age_days"),
    pl.when(~pl.col("running")).then("ended_days").alias("ended_days"),
)


def prepare(frame: pl.DataFrame, on: date) -> Prepared:
    """Keep what the record knew on the day: `coalesce(known_at, time) <= on`, `until` clipped to it.

    What is known but lies in the future (a planned operation, the next dose) has not happened yet and is left out.
    """
    pid, flags, known_at = frame.select(_numbering()).get_columns()
    person = pid.to_numpy().astype(np.int32)
    people = frame[["patient_id"]][np.flatnonzero(np.diff(person, prepend=-1))].with_row_index("pid")
    everything = facts_of(frame, person, flags, on)
    end = (day_number(on) + 1) * MICROSECONDS_A_DAY - 1
    visible = (known_at.to_numpy() <= end) & (everything.time <= end)
    facts = everything if visible.all() else everything.at(visible)
    later = facts.until > end
    if (later & (facts.until != NO_END)).any():
        facts = replace(facts, until=np.where(later, NO_END, facts.until))
    return Prepared(frame, people, on, flags, everything, facts, _superseded(facts))


@cache
def _numbering() -> tuple[pl.Expr, ...]:
    return (
        pl.col("patient_id").rle_id().alias("pid"),
        pl.coalesce("flag", _printed_flag()).alias("flag"),
        pl.coalesce("known_at", "time").to_physical().fill_null(UNDATED).alias("known_at"),
    )


@cache
def _worded_concepts() -> tuple[str, ...]:
    """Results in words of which only the latest counts (films, for one)."""
    worded = [finding for finding in catalogue().values() if finding.selector == "flag_latest"]
    return tuple(dict.fromkeys(name for finding in worded for name in finding.concepts))


def _superseded(facts: Facts) -> Bools:
    """What a strictly later negative of the same concept took back; on one day only two clocks can tell."""
    worded = has_code(_worded_concepts())[facts.concept]
    denied = (facts.denied | (worded & np.isin(facts.flag, NEGATIVE_WORDS))) & facts.dated
    taken_back = np.zeros(denied.size, dtype=np.bool_)
    if denied.any():
        ever_denied = np.zeros(len(concepts()), dtype=np.bool_)
        ever_denied[facts.concept[denied]] = True
        asked = np.flatnonzero(ever_denied[facts.concept])
        few, denied = facts.at(asked), denied[asked]
        key = few.pid.astype(np.int64) * len(concepts()) + few.concept
        later = _latest(key, few.day, denied) > few.day
        taken_back[asked] = later | (few.clock & (_latest(key, few.time, denied & few.clock) > few.time))
    return taken_back


NEGATIVE_WORDS = (FLAGS.index("negative"), FLAGS.index("normal"))


def _latest(key: npt.NDArray[np.int64], when: npt.NDArray[Any], among: Bools) -> npt.NDArray[Any]:
    """For each row the latest `when` of the rows `among` that share its key, or else the least number there is.

    Rows lie in the order of time.
    """
    place = np.flatnonzero(among)
    place = place[np.argsort(key[place], kind="stable")]
    keys = key[place]
    last = np.flatnonzero(np.append(keys[1:] != keys[:-1], True)[: keys.size])
    found = np.full(key.size, np.iinfo(when.dtype).min, dtype=when.dtype)
    if last.size:
        at = np.minimum(np.searchsorted(keys[last], key), last.size - 1)
        shared = keys[last][at] == key
        found[shared] = when[place][last][at[shared]]
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
