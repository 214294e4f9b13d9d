"""The layouts of a table: wide (a column a fact), long (a result a row), medicines, and rules."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from cobalamin.records.tables.cells import BLANK, SAYS_NOTHING, flagged, lasting, looked_up, measured
from cobalamin.records.tables.mapping import Column, Long, Meaning, Rule, Table, When
from cobalamin.records.tables.rows import Numbering, complete, days_of, earlier, meets, moment
from cobalamin.records.tables.vocabulary import concepts_of_codes, concepts_of_words
from cobalamin.vocabulary.concepts import concepts

_UNLISTED = "?"
_BASE = {"patient_id": "__patient", "time": "__time", "precision": "__precision", "reason": "__reason"}


def wide(base: pl.DataFrame, table: Table, numbering: Numbering) -> Iterator[pl.DataFrame]:
    """Cells of every mapped column; each cell is an item."""
    for name, column in table.columns.items():
        raw = numbering.number(_cells(base, name, column))
        if column.date:
            yield _dated(raw, column)
        else:
            yield _facts(raw, column) if column.values or column.bands else _results(raw, column)


def _cells(base: pl.DataFrame, name: str, column: Column) -> pl.DataFrame:
    cells = base.select(
        **{ours: pl.col(theirs) for ours, theirs in _BASE.items()},
        raw=pl.col(name),
        source=pl.format("{} {}", pl.col("__source"), pl.lit(name)),
    )
    if column.time == "undated":
        cells = cells.with_columns(time=pl.lit(None, pl.Datetime("us")), precision=pl.lit("undated"))
    elif column.time is not None:
        cells = cells.with_columns(time=pl.lit(column.time).cast(pl.Datetime("us")), precision=pl.lit("day"))
    blank = pl.when(pl.col("raw").is_null() & pl.col("reason").is_null()).then(pl.lit(BLANK))
    return cells.with_columns(irrelevant=blank)


def _dated(cells: pl.DataFrame, column: Column) -> pl.DataFrame:
    """The cell is the date of the fact itself."""
    person = pl.when(pl.col("patient_id").is_null()).then(pl.lit("no patient id"))
    unreadable = pl.when(pl.col("time").is_null() & pl.col("raw").is_not_null())
    cells = cells.with_columns(time=moment(When(column="raw", precision=column.date)), reason=person)
    return complete(
        cells.with_columns(
            until="time",
            precision=pl.lit(column.date),
            concept=pl.lit(column.concept),
            reason=pl.coalesce("reason", unreadable.then(pl.lit("a date that cannot be read"))),
        )
    )


def _results(cells: pl.DataFrame, column: Column) -> pl.DataFrame:
    if column.flags:
        coded = looked_up(pl.col("raw"), {code: flag or "" for code, flag in column.flags.items()}, _UNLISTED)
        return complete(
            _coded(cells.with_columns(meaning=coded)).with_columns(
                concept=pl.lit(column.concept), flag=pl.col("meaning"), text="raw", until="time"
            )
        )
    cells = cells.with_columns(
        concept=pl.lit(column.concept), unit_raw=pl.lit(column.unit, pl.String), flag=pl.lit(None, pl.String)
    )
    return complete(measured(cells).with_columns(until=_until(pl.lit(value=True))))


def _coded(cells: pl.DataFrame) -> pl.DataFrame:
    """Tell codes that say nothing from codes the mapping forgot."""
    filled = pl.col("raw").is_not_null()
    nothing = pl.when(filled & (pl.col("meaning") == "")).then(pl.lit(SAYS_NOTHING))
    forgotten = pl.when(filled & (pl.col("meaning") == _UNLISTED)).then(pl.lit("a code that the mapping does not list"))
    return cells.with_columns(irrelevant=pl.coalesce("irrelevant", nothing), reason=pl.coalesce("reason", forgotten))


def _facts(cells: pl.DataFrame, column: Column) -> pl.DataFrame:
    written = {code: _written(meaning, column.concept) for code, meaning in (column.values or {}).items()}
    meaning = looked_up(pl.col("raw"), written, None if column.bands else _UNLISTED)
    if column.bands:
        number = pl.col("raw").cast(pl.Float64, strict=False)
        for band in column.bands:
            inside = number.is_between(band.from_, band.to)
            meaning = meaning.fill_null(pl.when(inside).then(pl.lit(_written(band.means, column.concept))))
        meaning = meaning.fill_null(_UNLISTED)
    cells = _coded(cells.with_columns(meaning=meaning))
    cells = cells.with_columns(pl.col("meaning").str.split("|")).explode("meaning", empty_as_null=True)
    denied = pl.col("meaning").str.starts_with("not ")
    cells = cells.with_columns(
        concept=pl.when(~pl.col("meaning").is_in(["", _UNLISTED]))
        .then(pl.col("meaning").str.strip_prefix("not "))
        .otherwise(pl.lit(column.concept, pl.String)),
        present=~denied,
    )
    return complete(cells.with_columns(until=_until(pl.col("present"))))


def _written(meaning: Meaning, concept: str | None) -> str:
    """A meaning as one text: concepts parted by "|", denied ones after "not "."""
    targets = meaning if isinstance(meaning, list) else [meaning] if meaning is not None else []
    spelled = {"present": str(concept), "absent": f"not {concept}"}
    return "|".join(spelled.get(target, target) for target in targets)


def _until(present: pl.Expr) -> pl.Expr:
    runs = pl.col("concept").is_in([*lasting(), "person_female", "person_male"]) & present
    return pl.when(~runs).then("time")


def long(base: pl.DataFrame, layout: Long, numbering: Numbering) -> pl.DataFrame:
    """One item a row: its code or words give the concept, its other columns the result."""
    cells = numbering.number(
        base.select(
            **{ours: pl.col(theirs) for ours, theirs in _BASE.items()},
            source="__source",
            code=_optional(layout.code),
            system=pl.col(layout.system_column) if layout.system_column else pl.lit(layout.system, pl.String),
            words=_optional(layout.words),
            raw=_optional(layout.value),
            unit_raw=_optional(layout.unit),
            low_raw=_optional(layout.low),
            high_raw=_optional(layout.high),
            flag=flagged(_optional(layout.flag), layout.flags),
        )
    )
    cells = _named(cells, layout)
    if layout.units:
        cells = cells.with_columns(unit_raw=pl.coalesce("unit_raw", looked_up(pl.col("code"), layout.units)))
    known = cells.filter(pl.col("concept").is_not_null())
    is_result = pl.col("concept").is_in([name for name, each in concepts().items() if each.unit or each.kind == "lab"])
    results = measured(known.filter(is_result))
    facts = known.filter(~is_result)
    unknown = cells.filter(pl.col("concept").is_null()).with_columns(irrelevant=pl.lit("a code without a concept here"))
    return pl.concat(
        [
            complete(_ranged(results).with_columns(until="time")),
            complete(facts.with_columns(until=_until(pl.lit(value=True)))),
            complete(unknown),
        ]
    )


def _optional(column: str | None) -> pl.Expr:
    return pl.col(column) if column else pl.lit(None, pl.String)


def _named(cells: pl.DataFrame, layout: Long) -> pl.DataFrame:
    cells = cells.with_columns(concept=pl.lit(None, pl.String), irrelevant=pl.lit(None, pl.String))
    if layout.concepts:
        cells = cells.with_columns(concept=looked_up(pl.col("code"), layout.concepts))
    if layout.code and (layout.system or layout.system_column):
        cells = concepts_of_codes(cells)
    return concepts_of_words(cells) if layout.words else cells


def _ranged(results: pl.DataFrame) -> pl.DataFrame:
    def bound(name: str) -> pl.Expr:
        number = pl.col(name).str.extract(r"(\d+(?:\.\d+)?)").cast(pl.Float64, strict=False)
        return pl.when("convertible").then(number * pl.col("factor") + pl.col("offset")).otherwise(number)

    return results.with_columns(low=bound("low_raw"), high=bound("high_raw"))


def ruled(base: pl.DataFrame, group: list[Rule], numbering: Numbering) -> pl.DataFrame:
    """One item a row: the first rule whose conditions hold makes the event."""
    cells = numbering.number(base)
    number = pl.lit(None, pl.Int32)
    for place, rule in reversed(list(enumerate(group))):
        number = pl.when(meets(rule.when)).then(pl.lit(place, pl.Int32)).otherwise(number)
    cells = cells.with_columns(__rule=number)
    unruled = cells.filter(pl.col("__rule").is_null())
    parts = [complete(_plain(unruled).with_columns(irrelevant=pl.lit("no rule of the mapping applies")))]
    for place, rule in enumerate(group):
        parts.append(_by_rule(cells.filter(pl.col("__rule") == place), rule))
    return pl.concat(parts)


def _plain(cells: pl.DataFrame) -> pl.DataFrame:
    return cells.select("item", **{ours: pl.col(theirs) for ours, theirs in _BASE.items()}, source="__source")


def _by_rule(cells: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    start = pl.col("__time")
    if rule.started_days_before:
        start = pl.coalesce(earlier(start, days_of(rule.started_days_before)), start)
    cells = cells.with_columns(
        __time=start,
        raw=_optional(rule.value),
        unit_raw=pl.lit(rule.unit, pl.String),
        concept=pl.lit(rule.concept),
        flag=pl.lit(None, pl.String),
        irrelevant=pl.lit(None, pl.String),
    ).rename({theirs: ours for ours, theirs in _BASE.items()} | {"__source": "source"})
    if rule.value:
        cells = measured(cells)
    return complete(
        cells.with_columns(
            until=pl.lit(None, pl.Datetime("us")) if rule.running else pl.col("time"),
            route=pl.lit(rule.route, pl.String),
            every_days=pl.lit(rule.every_days, pl.Float64),
        )
    )
