"""Codes and words of whole columns: each distinct one is looked up once."""

from __future__ import annotations

import polars as pl

from cobalamin.records.wording import PRODUCTS, products_of, understood
from cobalamin.vocabulary.codes import concept_of
from cobalamin.vocabulary.concepts import concepts

EVERYTHING = frozenset(each.kind for each in concepts().values()) | {"finding"}


def concepts_of_codes(cells: pl.DataFrame) -> pl.DataFrame:
    """Fill `concept` from `system` and `code` where it is null."""
    pairs = cells.select("system", "code").drop_nulls().unique()
    found = [concept_of(system, code) for system, code in pairs.iter_rows()]
    table = pairs.with_columns(
        pl.Series("__coded", [each if each in concepts() else None for each in found], pl.String)
    )
    joined = cells.join(table, on=["system", "code"], how="left", maintain_order="left")
    return joined.with_columns(concept=pl.coalesce("concept", "__coded")).drop("__coded")


def concepts_of_words(cells: pl.DataFrame, kinds: frozenset[str] = EVERYTHING) -> pl.DataFrame:
    """Fill `concept` from `words` where it is null; a mixture becomes one row for each substance."""
    said = {words: understood(words, kinds) for words in cells["words"].drop_nulls().unique().to_list()}
    table = {words: "|".join(_named(each.concepts, kinds)) for words, each in said.items() if each.concepts}
    doubts = {words: each.doubt for words, each in said.items() if each.concepts and each.doubt}
    named = pl.col("words").replace_strict(table, default=None, return_dtype=pl.String)
    doubt = pl.col("words").replace_strict(doubts, default=None, return_dtype=pl.String)
    unnamed = pl.col("concept").is_null()
    return cells.with_columns(
        concept=pl.coalesce("concept", named).str.split("|"),
        reason=pl.coalesce("reason", pl.when(unnamed).then(doubt)),
    ).explode("concept", empty_as_null=True)


def _named(found: tuple[str, ...], kinds: frozenset[str]) -> list[str]:
    return products_of(found) if kinds == PRODUCTS else list(found)
