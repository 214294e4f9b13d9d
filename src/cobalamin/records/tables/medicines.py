"""A table with one medicine a row: running since a day, or given on one."""

from __future__ import annotations

import polars as pl

from cobalamin.events import ROUTES
from cobalamin.records.fhir.outcome import SetAside
from cobalamin.records.fhir.routes import LOCAL_FORMS, route_of
from cobalamin.records.fhir.strength import dose_in_canonical
from cobalamin.records.tables.cells import BLANK, SAYS_NOTHING, key, looked_up, plain
from cobalamin.records.tables.mapping import Medicines
from cobalamin.records.tables.rows import Numbering, complete, days_of, earlier, moment
from cobalamin.records.tables.vocabulary import concepts_of_codes, concepts_of_words
from cobalamin.records.wording import PRODUCTS


def medicines(base: pl.DataFrame, layout: Medicines, numbering: Numbering) -> pl.DataFrame:
    """One item a row. A row of `given` medicines is a dose; any other runs until it is said to have ended."""
    cells = numbering.number(_columns(base, layout))
    named = pl.coalesce("words", "code")
    skipped = plain(named).is_in([key(each) for each in layout.skip])
    cells = cells.with_columns(
        irrelevant=pl.when(named.is_null()).then(pl.lit(BLANK)).when(skipped).then(pl.lit(SAYS_NOTHING)),
        concept=looked_up(named, layout.concepts) if layout.concepts else pl.lit(None, pl.String),
    )
    if layout.code and layout.system:
        cells = concepts_of_codes(cells)
    cells = concepts_of_words(cells, PRODUCTS)
    local = pl.col("concept").str.starts_with("drug_") & pl.col("words").str.contains(f"(?i){LOCAL_FORMS}")
    cells = cells.with_columns(
        irrelevant=pl.coalesce("irrelevant", pl.when(local).then(pl.lit("medicine applied locally")))
    )
    unknown = pl.when(pl.col("concept").is_null()).then(pl.lit("medicine"))
    cells = cells.with_columns(irrelevant=pl.coalesce("irrelevant", unknown))
    return complete(_dosed(cells).with_columns(until=_until(layout)))


def _columns(base: pl.DataFrame, layout: Medicines) -> pl.DataFrame:
    def column(name: str | None) -> pl.Expr:
        return pl.col(name) if name else pl.lit(None, pl.String)

    start = pl.col("__time")
    if layout.started_days_before:
        start = pl.coalesce(earlier(start, days_of(layout.started_days_before)), start)
    return base.select(
        patient_id="__patient", time=start, precision="__precision", reason="__reason", source="__source",
        words=column(layout.words), code=column(layout.code), system=pl.lit(layout.system, pl.String),
        dose=column(layout.dose).cast(pl.Float64, strict=False),
        dose_unit=pl.coalesce(column(layout.dose_unit_column), pl.lit(layout.dose_unit, pl.String)),
        route_said=pl.coalesce(column(layout.route_column), pl.lit(layout.route, pl.String)),
        ended=moment(layout.ended) if layout.ended else pl.lit(None, pl.Datetime("us")),
        every_days=pl.coalesce(
            _positive(column(layout.every_days_column)), pl.lit(layout.every_days, pl.Float64)
        ),
    )  # fmt: skip


def _positive(days: pl.Expr) -> pl.Expr:
    """Days between doses as a number; null where the cell holds none that is above zero."""
    number = days.cast(pl.Float64, strict=False)
    return pl.when(number > 0).then(number)


def _until(layout: Medicines) -> pl.Expr:
    if layout.given:
        return pl.col("time")
    # A period that ends as it begins would look like a dose.
    return pl.when(pl.col("ended") == pl.col("time")).then(pl.col("ended") + pl.duration(days=1)).otherwise("ended")


def _dosed(cells: pl.DataFrame) -> pl.DataFrame:
    """Dose and route, looked up once for each distinct (concept, dose, unit, words, route)."""
    keys = ["concept", "dose", "dose_unit", "words", "route_said"]
    distinct = cells.filter(pl.col("irrelevant").is_null()).select(keys).unique()
    answers = [_dose_and_route(*row) for row in distinct.iter_rows()]
    names = {"value": pl.Float64, "route": pl.String, "refused": pl.String}
    table = pl.concat([distinct, pl.DataFrame(answers, schema=names, orient="row")], how="horizontal")
    joined = cells.join(table, on=keys, how="left", nulls_equal=True, maintain_order="left")
    return joined.with_columns(reason=pl.coalesce("reason", "refused"), unit="dose_unit")


def _dose_and_route(
    concept: str, dose: float | None, unit: str | None, words: str | None, route: str | None
) -> tuple[float | None, str | None, str | None]:
    way = route if route in ROUTES else route_of({"text": route} if route else None, concept, words or "")
    try:
        # Grams a day cannot be told from one dose.
        amount = None if concept.startswith("drug_") else dose_in_canonical(concept, dose, unit or "", words or "", "")
    except SetAside as why:
        return None, way, why.reason
    return amount, way, None
