"""The last look at whole people: copies, impossible dates, unknown subjects, and what the record covers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

import polars as pl

from cobalamin.events import Events, event_frame, event_schema
from cobalamin.records.date_checks import EARLIEST, end_of_day, refuse, refuse_impossible_dates
from cobalamin.records.fhir.spool import CONTEXT, DEAD, EVENT, SPAN
from cobalamin.records.ledger import Intake, Ledger
from cobalamin.vocabulary.concepts import concepts

_COVERS = {
    "Patient": ("covers_person",),
    "Condition": ("covers_conditions",),
    "Procedure": ("covers_procedures",),
    "MedicationRequest": ("covers_medicines", "covers_treatment"),
    "MedicationStatement": ("covers_medicines", "covers_treatment"),
    "MedicationAdministration": ("covers_medicines", "covers_treatment"),
    "MedicationDispense": ("covers_medicines", "covers_treatment"),
    "laboratory": ("covers_laboratory",),
}


@dataclass
class Reach:
    """What is known only when everything has been read: kinds of resource, and the latest date."""

    kinds: set[str] = field(default_factory=set)
    latest: datetime | None = None
    not_after: date | None = None

    @property
    def end(self) -> datetime | None:
        """The last moment that is not in the future."""
        return end_of_day(self.not_after)


def finish(waiting: pl.DataFrame, reach: Reach) -> Intake:
    """Events and ledger of whole people from their waiting rows."""
    ledger = Ledger()
    rows = _dated_from_elsewhere(waiting).with_columns(reason=pl.lit(None, pl.String))
    for rule in (
        _two_births,
        _two_sexes,
        _two_subjects,
        _older_copies,
        _unknown_subjects,
        _without_date,
        _impossible_dates,
    ):
        rows = rule(rows, reach)
    events = rows.filter(pl.col("mark") == EVENT)
    _account(events, ledger)
    good = events.filter(pl.col("reason").is_null()).select(event_schema().names())
    everything = pl.concat([good, _coverage(rows, good, reach)])
    return Intake(Events.of(everything), ledger)


def _dated_from_elsewhere(waiting: pl.DataFrame) -> pl.DataFrame:
    """A fact without a date of its own is dated by the report that lists it, or by its encounter."""
    marks = waiting.filter((pl.col("mark") == CONTEXT) & pl.col("time").is_not_null())
    dates = marks.group_by("patient_id", "encounter").agg(known=pl.col("time").min())
    if dates.is_empty():
        return waiting
    for key, words in (("source", "dated by its report"), ("encounter", "dated by its encounter")):
        joined = waiting.join(
            dates,
            left_on=["patient_id", key],
            right_on=["patient_id", "encounter"],
            how="left",
            maintain_order="left",
        )
        dated = (pl.col("mark") == EVENT) & pl.col("time").is_null() & pl.col("known").is_not_null()
        noted = pl.concat_str("notes", pl.lit(words), separator="|", ignore_nulls=True)
        waiting = joined.with_columns(
            precision=pl.when(dated).then(pl.lit("day", event_schema()["precision"])).otherwise("precision"),
            time=pl.when(dated).then("known").otherwise("time"),
            until=pl.when(dated & pl.col("point")).then("known").otherwise("until"),
            notes=pl.when(dated).then(noted).otherwise("notes"),
        ).drop("known")
    return waiting


def _two_births(rows: pl.DataFrame, reach: Reach) -> pl.DataFrame:  # noqa: ARG001
    """Two birth dates under one id may be two people: none of the Patient resources is used."""
    births = rows.filter(pl.col("concept") == "person_birth").with_columns(version=pl.col("version").fill_null(""))
    newest = births.filter(pl.col("version") == pl.col("version").max().over("patient_id"))
    torn = newest.group_by("patient_id").agg(count=pl.struct("time", "precision").n_unique())
    ids = torn.filter(pl.col("count") > 1)["patient_id"]
    if ids.is_empty():
        return rows
    person = pl.col("concept").cast(pl.String).str.starts_with("person_")
    return refuse(rows, pl.col("patient_id").is_in(ids.implode()) & person, "two birth dates for one id")


def _two_sexes(rows: pl.DataFrame, reach: Reach) -> pl.DataFrame:  # noqa: ARG001
    """Two sexes under one id: neither is used, and the ledger names it; what was not doubted stays."""
    sex = pl.col("concept").cast(pl.String).is_in(["person_female", "person_male"])
    stated = rows.filter(sex).with_columns(version=pl.col("version").fill_null(""))
    newest = stated.filter(pl.col("version") == pl.col("version").max().over("patient_id"))
    torn = newest.group_by("patient_id").agg(count=pl.col("concept").n_unique()).filter(pl.col("count") > 1)
    ids = torn["patient_id"]
    if ids.is_empty():
        return rows
    return refuse(rows, pl.col("patient_id").is_in(ids.implode()) & sex, "two sexes for one id")


def _two_subjects(rows: pl.DataFrame, reach: Reach) -> pl.DataFrame:  # noqa: ARG001
    """One resource id under two subjects: whose fact it is cannot be told, so it is nobody's.

    A newer version may correct the subject; then it counts, and the older one is a copy like any other.
    """
    known = rows.filter(pl.col("mark").is_in([EVENT, DEAD])).with_columns(version=pl.col("version").fill_null(""))
    newest = known.filter(pl.col("version") == pl.col("version").max().over("source"))
    torn = newest.group_by("source").agg(count=pl.col("patient_id").n_unique()).filter(pl.col("count") > 1)
    if torn.is_empty():
        return rows
    return refuse(rows, pl.col("source").is_in(torn["source"].implode()), "one resource id under two subjects")


def _older_copies(rows: pl.DataFrame, reach: Reach) -> pl.DataFrame:  # noqa: ARG001
    """Of several copies of one resource the newest counts, even where it says that all were an error."""
    known = rows.filter(pl.col("mark").is_in([EVENT, DEAD])).select("source", "resource", "version").unique()
    several = known.filter(pl.col("source").is_duplicated()).sort("source", "version", "resource")
    if several.is_empty():
        return rows
    older = several.filter(pl.col("source") == pl.col("source").shift(-1))["resource"]
    reason = "an older or second copy of the same resource"
    return refuse(rows, pl.col("resource").is_in(older.implode()), reason)


def _unknown_subjects(rows: pl.DataFrame, reach: Reach) -> pl.DataFrame:
    if "Patient" not in reach.kinds:
        return rows
    here = pl.col("source").str.starts_with("Patient/") | pl.col("patient_id").str.contains("#", literal=True)
    known = rows.filter(here)["patient_id"].unique()
    return refuse(rows, ~pl.col("patient_id").is_in(known.implode()), "subject unknown: no Patient resource of that id")


def _without_date(rows: pl.DataFrame, reach: Reach) -> pl.DataFrame:  # noqa: ARG001
    """Only lasting facts, operations and facts about the person can do without a date."""
    timeless = [name for name, each in concepts().items() if each.kind in ("procedure", "person", "allergy")]
    needs = pl.col("point") & ~pl.col("concept").cast(pl.String).is_in(timeless)
    return refuse(rows, pl.col("time").is_null() & needs, "no date")


def _impossible_dates(rows: pl.DataFrame, reach: Reach) -> pl.DataFrame:
    return refuse_impossible_dates(rows, reach.not_after)


def _account(events: pl.DataFrame, ledger: Ledger) -> None:
    """One entry for each item: used if any of its rows is."""
    per_item = events.group_by("item", maintain_order=True).agg(
        used=pl.col("reason").is_null().any(),
        reason=pl.col("reason").drop_nulls().first(),
        concept=pl.col("concept").cast(pl.String).first(),
        source=pl.col("source").first(),
        place=pl.col("place").first(),
        notes=pl.col("notes").first(),
    )
    ledger.use(int(per_item["used"].sum()))
    noted = per_item.filter(pl.col("used"))["notes"].drop_nulls().str.split("|").explode().drop_nulls()
    for words, count in noted.value_counts().iter_rows():
        if words:
            ledger.note(words, count)
    used = per_item.filter("used")["item"].implode()
    partly = events.filter(pl.col("reason").is_not_null() & pl.col("item").is_in(used)).unique(["item", "reason"])
    for reason, count in partly["reason"].value_counts().iter_rows():
        ledger.note(f"part of a resource not used: {reason}", count)
    for row in per_item.filter(~pl.col("used")).iter_rows(named=True):
        ledger.put_aside(row["concept"], row["reason"], f"{row['place']} ({row['source']})")


def _coverage(rows: pl.DataFrame, good: pl.DataFrame, reach: Reach) -> pl.DataFrame:
    """`covers_` intervals of each person, from the first entry to the latest date of the whole export."""
    names = sorted({name for kind, covered in _COVERS.items() if kind in reach.kinds for name in covered})
    spans = rows.filter((pl.col("mark") == SPAN) & pl.col("patient_id").is_in(good["patient_id"].unique().implode()))
    if reach.end is not None:
        spans = spans.filter(pl.col("time") <= reach.end)
    spans = spans.filter(pl.col("time") >= EARLIEST)
    if spans.is_empty() or not names:
        return good.clear()
    spans = spans.group_by("patient_id").agg(pl.col("time").min(), last=pl.col("until").max())
    covers = spans.join(pl.DataFrame({"concept": names}), how="cross").with_columns(
        until=pl.coalesce(pl.lit(reach.latest, pl.Datetime("us")), "last"),
        precision=pl.lit("day"),
        source=pl.lit("reach of the record"),
    )
    return event_frame(covers.drop("last"))
