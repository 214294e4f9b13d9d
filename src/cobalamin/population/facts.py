"""From lives to facts: what a complete record would hold, one fact a row, in the concepts of the vocabulary.

`kind` says how a fact lasts: `point` (a result, a dose, a complaint), `lasting` (a diagnosis, a diet), `regimen` (a
medicine or schedule that runs until `end_day`, or on). Days count from the day of the practice.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from cobalamin.population.background import Background
from cobalamin.population.courses_given import HIGH_TABLET_UG, INJECTION_UG
from cobalamin.population.life import Life
from cobalamin.population.people import NEVER, Days
from cobalamin.population.rates import causes

SCHEMA = pl.Schema(
    {
        "person": pl.Int64(), "day": pl.Int64(), "kind": pl.String(), "concept": pl.String(), "value": pl.Float64(),
        "unit": pl.String(), "words": pl.String(), "route": pl.String(), "every_days": pl.Float64(),
        "end_day": pl.Int64(),
    }
)  # fmt: skip
INJECTION, TABLET, LOW_TABLET = "tx_hydroxocobalamin_injection", "tx_cyanocobalamin_oral", "tx_cyanocobalamin"
OF_CAUSE = {
    "gastrectomy": ("point", "proc_gastrectomy_total"),
    "gastric_bypass": ("point", "proc_gastric_bypass"),
    "sleeve_gastrectomy": ("point", "proc_sleeve_gastrectomy"),
    "ileal_resection": ("point", "proc_ileal_resection"),
    "coeliac": ("lasting", "cond_coeliac"),
    "vegan": ("lasting", "diet_vegan"),
    "nitrous_oxide": ("point", "exposure_nitrous_oxide_recreational"),
}
CROHN_BEFORE_DAYS, DIABETES_BEFORE_DAYS = 900, 120
FOLIC_ACID_MG = 5.0
EGFR_ERROR = 0.05


def facts_of(life: Life) -> pl.DataFrame:
    """All facts of a complete record, in the order of person and day; nothing after death."""
    parts = [
        *_background(life.background), *_complaints(life), *_tests(life), *_counts(life), *_care(life), *_given(life),
        *_pregnancy(life),
    ]  # fmt: skip
    frame = pl.concat([part for part in parts if part.height])
    died = pl.Series("died", life.people.died)[frame["person"]]
    frame = frame.with_columns(died=died).filter(pl.col("day") < pl.col("died")).drop("died")
    return frame.sort("person", "day", "concept", "value", "unit", nulls_last=True)


def rows(person: ArrayLike, day: ArrayLike, kind: str, concept: ArrayLike, **columns: Any) -> pl.DataFrame:
    """Facts as a frame; a column that is not given is null, one value stands for all."""
    whose = np.asarray(person, np.int64)
    given = {"person": whose, "day": np.asarray(day, np.int64)}
    named = {"kind": kind, "concept": concept, **columns}
    for name, value in named.items():
        given[name] = np.broadcast_to(np.asarray(value), whose.shape)
    frame = pl.DataFrame(given)
    return frame.select(
        (pl.col(name).cast(kind_of) if name in frame.columns else pl.lit(None, kind_of)).alias(name)
        for name, kind_of in SCHEMA.items()
    )


def _since(day: Days, kind: str, concept: ArrayLike, **columns: Any) -> pl.DataFrame:
    """One fact for each person whose day is not NEVER."""
    here = np.flatnonzero(day <= 0)
    named = {"concept": concept, **columns}
    picked = {name: value[here] if isinstance(value, np.ndarray) else value for name, value in named.items()}
    return rows(here, day[here], kind, **picked)


def _background(background: Background) -> list[pl.DataFrame]:
    names = [one.name for one in causes()]
    known = [
        _since(np.where(background.cause == names.index(name), background.known, NEVER), kind, concept)
        for name, (kind, concept) in OF_CAUSE.items()
    ]
    crohn = np.where(background.has("ileal_resection"), background.onset - CROHN_BEFORE_DAYS, NEVER)
    diabetes = np.where(background.metformin < NEVER, background.metformin - DIABETES_BEFORE_DAYS, NEVER)
    return [
        *known,
        _since(crohn, "lasting", "cond_crohn_any"),
        _since(diabetes, "lasting", "cond_t2dm"),
        _since(background.metformin, "regimen", "drug_metformin", every_days=1.0, route="oral"),
        _since(background.acid_tablet, "regimen", "drug_ppi_omeprazole", every_days=1.0, route="oral"),
        _since(background.methotrexate, "regimen", "drug_methotrexate", every_days=7.0, route="oral"),
        _since(
            background.folic_acid,
            "regimen",
            "tx_folic_acid",
            value=FOLIC_ACID_MG,
            unit="mg",
            every_days=1.0,
            route="oral",
        ),
        _since(background.neuropathy, "lasting", "cond_peripheral_neuropathy"),
    ]


def _complaints(life: Life) -> list[pl.DataFrame]:
    told = life.complaints
    return [
        rows(told.person, told.day, "point", told.concepts()),
        rows(life.reviews.person, life.reviews.day, "point", life.reviews.concept),
    ]


def _tests(life: Life) -> list[pl.DataFrame]:
    tests = life.tests
    concept = np.where(tests.active, "lab_b12_active", "lab_b12_total")
    unit = np.where(tests.active | tests.in_pmol, "pmol/L", "ng/L")
    acids = life.acids
    egfr = np.clip(np.round(life.people.egfr[tests.person]), 5, 140)
    asked = np.flatnonzero(life.care.antibody <= 0)
    words = np.where(life.care.antibody_positive[asked], "positive", "negative")
    return [
        rows(tests.person, tests.day, "point", concept, value=life.printed, unit=unit),
        rows(acids.person, acids.day, "point", "lab_mma_serum", value=acids.nmol_l, unit="nmol/L"),
        rows(tests.person[tests.count_beside], tests.day[tests.count_beside], "point", "lab_egfr",
             value=egfr[tests.count_beside], unit="mL/min/{1.73_m2}"),
        rows(asked, life.care.antibody[asked], "point", "lab_if_antibody", words=words),
    ]  # fmt: skip


def _counts(life: Life) -> list[pl.DataFrame]:
    counts = life.counts
    return [
        rows(counts.person, counts.day, "point", "lab_haemoglobin", value=counts.haemoglobin_g_l, unit="g/L"),
        rows(counts.person, counts.day, "point", "lab_mcv", value=counts.mcv_fl, unit="fL"),
    ]


def _care(life: Life) -> list[pl.DataFrame]:
    care = life.care
    return [
        _since(care.declined, "point", "care_treatment_declined"),
        _since(np.where(care.prevented, care.begun, NEVER), "point", "care_prevention_only"),
        _since(care.pernicious_coded, "lasting", "cond_pernicious_anaemia"),
        _since(care.deficiency_coded, "lasting", "cond_b12_deficiency"),
    ]


def _given(life: Life) -> list[pl.DataFrame]:
    """Doses, the schedule from the first of them, tablets, and how it ended. Doses elsewhere are not here."""
    given, begun = life.given, life.care.begun
    here = ~given.elsewhere[given.person]
    scheduled = np.where(given.on_injections & ~given.elsewhere, begun, NEVER)
    tablet = np.where(given.tablet_ug < HIGH_TABLET_UG, LOW_TABLET, TABLET)
    # A schedule runs on when somebody is lost: nobody noted the end.
    noted = np.isin(given.ended, ("stopped", "to_tablets"))
    schedule = _since(
        scheduled, "regimen", INJECTION, value=INJECTION_UG, unit="ug", route="im",
        every_days=given.interval_days.astype(float), end_day=np.where(noted, given.end, NEVER),
    )  # fmt: skip
    return [
        rows(given.person[here], given.day[here], "point", INJECTION, value=INJECTION_UG, unit="ug", route="im"),
        schedule.with_columns(end_day=pl.when(pl.col("end_day") <= 0).then("end_day")),
        _since(given.tablets_begun, "regimen", tablet, value=given.tablet_ug, unit="ug", route="oral", every_days=1.0),
        _since(np.where(given.ended == "stopped", given.end, NEVER), "point", "care_injections_stopped_with_reason"),
        _since(np.where(given.elsewhere & ~given.at_home, begun, NEVER), "point", "care_given_elsewhere"),
        _since(np.where(given.at_home, begun, NEVER), "point", "pref_self_injects"),
        _since(given.choice, "point", "care_informed_choice"),
        _since(given.choice_again, "point", "care_informed_choice"),
    ]


def _pregnancy(life: Life) -> list[pl.DataFrame]:
    return [_since(life.people.pregnant_since + 30, "point", "status_pregnancy")]
