"""From text cells to values, whole columns at a time: numbers with units, words, and codes."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from typing import Any

import polars as pl

from cobalamin.events import FLAGS
from cobalamin.records.wording import understood_result
from cobalamin.units import conversion_frame, unit_key_expression
from cobalamin.vocabulary.concepts import concepts

BLANK = "blank: not measured or not asked"
SAYS_NOTHING = "an answer that says nothing (refused, unknown, not decisive)"
_NUMBER = r"^(<=|>=|<|>|≤|≥)?\s*(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*(.*)$"


def key(value: object) -> str:
    """A code as it is compared: 1, "1" and 1.0 are the same."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def plain(raw: pl.Expr) -> pl.Expr:
    """A cell as it is compared with a code."""
    return raw.str.strip_chars().str.replace(r"^(-?\d+)\.0+$", "$1")


def looked_up(raw: pl.Expr, table: Dictionary[Any, Any], default: str | None = None) -> pl.Expr:
    """The text that a code stands for; `default` where it is not in the table."""
    keys = [key(each) for each in table]
    return plain(raw).replace_strict(keys, list(table.values()), default=default, return_dtype=pl.String)


def measured(cells: pl.DataFrame) -> pl.DataFrame:
    """Add value, unit, comparator, flag and text to rows with `concept`, `raw` and `unit_raw`.

    `irrelevant` says why a cell says nothing, `reason` why it cannot be used; both null for a result.
    """
    parts = pl.col("raw").str.extract_groups(_NUMBER)
    cells = cells.with_columns(
        sign=parts.struct["1"],
        number=parts.struct["2"].cast(pl.Float64, strict=False),
        rest=parts.struct["3"],
    )
    cells = _converted(cells)
    worded = pl.col("number").is_null() & pl.col("raw").is_not_null()
    flags = _words(cells.filter(worded)["raw"])
    word_flag = pl.col("raw").replace_strict(flags, default=None, return_dtype=pl.String)
    return cells.with_columns(
        flag=pl.when(worded & pl.col("flag").is_null()).then(word_flag).otherwise("flag"),
        text=pl.when(worded | pl.col("sign").is_not_null()).then("raw"),
        comparator=pl.col("sign").str.slice(0, 1).replace({"≤": "<", "≥": ">"}),
        irrelevant=pl.coalesce("irrelevant", pl.when(_nothing()).then(pl.lit(BLANK))),
    ).with_columns(reason=pl.coalesce("reason", _why_not(worded)))


def _nothing() -> pl.Expr:
    return pl.col("raw").is_null() & pl.col("flag").is_null()


def _converted(cells: pl.DataFrame) -> pl.DataFrame:
    spelled = pl.coalesce("unit_raw", pl.when(pl.col("rest") != "").then("rest")).alias("unit_said")
    table = conversion_frame().rename({"unit": "unit_known"}).with_columns(pl.col("concept").cast(pl.String))
    convertible = table["concept"].unique()
    cells = cells.with_columns(spelled).with_columns(
        spelling=unit_key_expression(pl.col("unit_said")),
        convertible=pl.col("concept").is_in(convertible.implode()),
    )
    cells = cells.join(table, on=["concept", "spelling"], how="left", maintain_order="left")
    scaled = pl.col("number") * pl.col("factor")
    # No "+ 0.0" where there is no offset: the value must stay one multiplication, as thresholds are.
    moved = pl.when(pl.col("offset") == 0.0).then(scaled).otherwise(scaled + pl.col("offset"))
    return cells.with_columns(
        value=pl.when("convertible").then(moved).otherwise("number"),
        unit=pl.when("convertible").then("unit_known").otherwise("unit_said"),
    )


def _why_not(worded: pl.Expr) -> pl.Expr:
    """Why a cell that holds something is no result; null where it is one."""
    number = pl.col("number").is_not_null()
    unknown = number & pl.col("convertible") & pl.col("factor").is_null()
    outside = (pl.col("value") < pl.col("lowest")) | (pl.col("value") > pl.col("highest")) | (pl.col("value") < 0)
    unitless = pl.col("unit_said").is_null()
    return (
        pl.when(unknown & unitless).then(pl.lit("a result without a unit"))
        .when(unknown).then(pl.format('unit "{}" cannot be used', pl.col("unit_said").str.slice(0, 20)))
        .when(number & outside).then(pl.lit("impossible value"))
        .when(number & ~pl.col("value").is_finite()).then(pl.lit("impossible value"))
        .when(worded & pl.col("flag").is_null()).then(pl.lit("a result in words that are not understood"))
    )  # fmt: skip


def _words(raw: pl.Series) -> dict[str, str | None]:
    return {words: understood_result(words) for words in raw.drop_nulls().unique().to_list()}


def flagged(raw: pl.Expr, flags: Dictionary[Any, str | None] | None) -> pl.Expr:
    """The flag that a code stands for; null where there is no table or no entry."""
    kind = pl.Enum(FLAGS)
    return looked_up(raw, flags).cast(kind).cast(pl.String) if flags else pl.lit(None, pl.String)


def lasting() -> list[str]:
    """Concepts that run on once recorded."""
    return [name for name, each in concepts().items() if each.kind in ("condition", "diet", "allergy", "family")]
