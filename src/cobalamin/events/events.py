"""`Events`: the one place that sorts, removes duplicates and proves the event table."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from cobalamin.errors import CobalaminError
from cobalamin.events.schema import event_frame, event_schema

# Ties break by content, never by row number, so the order in which a reader met the rows cannot show.
_ORDER = [name for name in event_schema().names() if name not in ("patient_id", "time", "source")]


@dataclass(frozen=True)
class Events:
    """A proved event table: sorted by patient, time, content and source; no duplicates; no NaN.

    Make it with `Events.of(frame)`. Rows that differ only in `source` are one fact; the first stays.
    """

    frame: pl.DataFrame

    @classmethod
    def of(cls, rows: object) -> Events:
        """Sort, deduplicate and check rows (a frame, or dictionaries with event columns).

        Raises CobalaminError where a row breaks the table's rules, naming the rule and the first source.
        """
        frame = event_frame(rows)  # type: ignore[arg-type]
        frame = frame.with_columns(pl.col("value", "low", "high", "every_days").fill_nan(None))
        _check(frame)
        frame = frame.sort("patient_id", "time", *_ORDER, "source", nulls_last=False)
        content = [name for name in frame.columns if name != "source"]
        return cls(frame.unique(content, keep="first", maintain_order=True))

    @property
    def patients(self) -> int:
        """How many people the table speaks of."""
        return self.frame["patient_id"].n_unique()


def _check(frame: pl.DataFrame) -> None:
    rules = {
        "patient_id is missing": pl.col("patient_id").is_null(),
        "concept is missing": pl.col("concept").is_null(),
        'time is missing though precision is not "undated"': pl.col("time").is_null()
        & (pl.col("precision") != "undated"),
        "until is before time": pl.col("until") < pl.col("time"),
        "every_days is not positive": pl.col("every_days") <= 0,
    }
    broken = frame.select([rule.any().alias(name) for name, rule in rules.items()]).row(0, named=True)
    for name, rule in rules.items():
        if broken[name]:
            where = frame.filter(rule)["source"].head(1).to_list()[0] or "a row without a source"
            raise CobalaminError(f"{where}: {name}. A reader must set such a row aside in its ledger.")
