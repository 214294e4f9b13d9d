"""The record as of a day: what it knew by then, who is in it, and how old each fact is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

import polars as pl

from cobalamin.events import FLAGS

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
STATUS_ON_INJECTIONS = "status_b12_injections_current"


@dataclass(frozen=True)
class Prepared:
    """Events visible on the day with helper columns, and the people in order.

    `events` adds `row` (place in the full event table), `pid` (place in `people`), `age_days` (days before
    the day of decision; null where undated) and `running` (not ended on that day). `flags` are the results in words of
    all rows of the full table, from the record or from the range the laboratory printed.
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
    """Keep what the record knew on the day: `coalesce(known_at, time) <= on`, `until` clipped to it."""
    end = datetime.combine(on, time.max)
    numbered = frame.with_row_index("row").with_columns(
        pid=pl.col("patient_id").rle_id(), flag=pl.coalesce("flag", _printed_flag())
    )
    people = numbered.select("pid", "patient_id").unique("pid", keep="first", maintain_order=True)
    visible = numbered.filter(pl.coalesce("known_at", "time").fill_null(datetime.min) <= end)
    until = pl.when(pl.col("until") <= end).then(pl.col("until"))
    events = visible.with_columns(until=until).with_columns(
        age_days=(pl.lit(on) - pl.col("time").dt.date()).dt.total_days().cast(pl.Int32),
        running=pl.col("until").is_null() | (pl.col("until") > end),
    )
    return Prepared(events, people, on, numbered["flag"])


def _printed_flag() -> pl.Expr:
    """Low, normal or high against the range the laboratory printed; null where it printed none."""
    value, low, high = pl.col("value"), pl.col("low"), pl.col("high")
    word = (
        pl.when(value > high)
        .then(pl.lit("high"))
        .when(value < low)
        .then(pl.lit("low"))
        .when(value.is_not_null() & (low.is_not_null() | high.is_not_null()))
        .then(pl.lit("normal"))
    )
    censored = pl.col("comparator").is_not_null()
    return pl.when(~censored).then(word).cast(pl.Enum(FLAGS))
