"""Generated people for the benchmarks: many rows of the kinds that the decision reads.

Nothing clinical may be learnt from them; people with known truth are `cobalamin.population`'s business.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import polars as pl

from cobalamin.events import Events, event_frame
from cobalamin.vocabulary.concepts import concept_type

ON = date(2026, 1, 15)
EVENTS_A_PERSON = 40
INJECTED, SYMPTOMATIC, TREATED_ORALLY = 0.15, 0.6, 0.05

LABS = {
    "lab_b12_total": (260.0, 110.0, "pmol/L"),
    "lab_haemoglobin": (134.0, 14.0, "g/L"),
    "lab_mcv": (91.0, 6.0, "fL"),
    "lab_platelets": (250.0, 60.0, "10*9/L"),
    "lab_wbc": (6.8, 1.8, "10*9/L"),
    "lab_ferritin": (90.0, 60.0, "ug/L"),
    "lab_folate_serum": (18.0, 8.0, "nmol/L"),
    "lab_creatinine": (82.0, 20.0, "umol/L"),
    "lab_tsh": (2.2, 1.2, "m[IU]/L"),
    "lab_hba1c": (41.0, 8.0, "mmol/mol"),
    "lab_potassium": (4.3, 0.4, "mmol/L"),
    "lab_mma_serum": (220.0, 90.0, "nmol/L"),
}
CONDITIONS = (
    "cond_hypothyroidism", "cond_t2dm", "cond_coeliac", "cond_ckd", "cond_depression",
    "cond_pernicious_anaemia", "cond_hypertension", "cond_heart_disease", "cond_peripheral_neuropathy",
    "cond_b12_deficiency",
)  # fmt: skip
MEDICINES = ("drug_metformin", "drug_ppi_omeprazole", "drug_levothyroxine", "drug_diuretic", "tx_folic_acid")
SYMPTOMS = (
    "sym_fatigue", "sym_paraesthesia", "sym_numbness", "sym_low_mood", "sym_memory_concentration",
    "sym_balance_ataxia", "sym_sore_tongue", "sym_breathlessness",
)  # fmt: skip
COVERED = (
    "covers_conditions",
    "covers_procedures",
    "covers_medicines",
    "covers_treatment",
    "covers_laboratory",
)


def people(count: int, seed: int, first: int = 0) -> Events:
    """Events of `count` people, `EVENTS_A_PERSON` each on average, numbered from `first`."""
    rng = np.random.default_rng(seed)
    parts = [_persons(count, rng), _covered(count), _labs(count, rng), _conditions(count, rng)]
    parts += [_medicines(count, rng), _symptoms(count, rng), _injections(count, rng)]
    frame = pl.concat([event_frame(part) for part in parts])
    number = (pl.col("patient_id").cast(pl.Int64) + first).cast(pl.String).str.zfill(9)
    return Events.of(frame.with_columns(pl.concat_str(pl.lit("p"), number).alias("patient_id")))


def _rows(person: np.ndarray, concept: np.ndarray | str, days_before: np.ndarray, **columns: object) -> pl.DataFrame:
    """Rows of events; the day as days before `ON`; a point fact unless `until` is given."""
    midnight = datetime.combine(ON, datetime.min.time())
    names = pl.Series("concept", concept) if not isinstance(concept, str) else pl.lit(concept)
    frame = pl.DataFrame({"patient_id": person, "days": days_before.astype(np.int64)}).with_columns(
        names.cast(concept_type()).alias("concept"), time=pl.lit(midnight) - pl.duration(days="days")
    )
    given = {name: value if isinstance(value, pl.Expr) else pl.lit(value) for name, value in columns.items()}
    given.setdefault("until", pl.col("time"))
    frame = frame.with_columns(**given, source=pl.lit("benchmark"))
    return frame.drop("days").with_columns(pl.col("patient_id").cast(pl.String))


def _persons(count: int, rng: np.random.Generator) -> pl.DataFrame:
    everyone = np.arange(count)
    born = _rows(everyone, "person_birth", rng.integers(17 * 365, 95 * 365, count))
    sex = np.where(rng.random(count) < 0.52, "person_female", "person_male")
    return pl.concat([born, _rows(everyone, sex, np.full(count, 9000))])


def _covered(count: int) -> pl.DataFrame:
    everyone, forever = np.arange(count), pl.lit(None, pl.Datetime("us"))
    return pl.concat([_rows(everyone, name, np.full(count, 3650), until=forever) for name in COVERED])


def _labs(count: int, rng: np.random.Generator) -> pl.DataFrame:
    names = np.array(list(LABS))
    person = np.repeat(np.arange(count), 20)
    kind = rng.integers(0, len(names), person.size)
    mean, spread = (np.array([row[place] for row in LABS.values()])[kind] for place in (0, 1))
    value = np.maximum(mean + spread * rng.standard_normal(person.size), mean / 20).round(2)
    unit = np.array([row[2] for row in LABS.values()])[kind]
    frame = _rows(person, names[kind], rng.integers(0, 5 * 365, person.size))
    return frame.with_columns(value=pl.Series(value), unit=pl.Series(unit))


def _conditions(count: int, rng: np.random.Generator) -> pl.DataFrame:
    person = np.repeat(np.arange(count), 3)
    concept = np.array(CONDITIONS)[rng.integers(0, len(CONDITIONS), person.size)]
    forever = pl.lit(None, pl.Datetime("us"))
    return _rows(person, concept, rng.integers(30, 8000, person.size), until=forever)


def _medicines(count: int, rng: np.random.Generator) -> pl.DataFrame:
    """One medicine a person as five issues that follow each other, so that spells have work."""
    person = np.repeat(np.arange(count), 5)
    concept = np.repeat(np.array(MEDICINES)[rng.integers(0, len(MEDICINES), count)], 5)
    days = np.tile(np.arange(5) * 60, count) + rng.integers(0, 20, person.size)
    return _rows(person, concept, days, until=pl.col("time") + timedelta(days=56))


def _symptoms(count: int, rng: np.random.Generator) -> pl.DataFrame:
    person = np.flatnonzero(rng.random(count) < SYMPTOMATIC).repeat(4)
    concept = np.array(SYMPTOMS)[rng.integers(0, len(SYMPTOMS), person.size)]
    return _rows(person, concept, rng.integers(0, 900, person.size))


def _injections(count: int, rng: np.random.Generator) -> pl.DataFrame:
    person = np.flatnonzero(rng.random(count) < INJECTED)
    doses = 16
    start = rng.integers(0, 80, person.size)
    days = (start[:, None] + np.arange(doses)[None, :] * 84).ravel()
    frame = _rows(person.repeat(doses), "tx_hydroxocobalamin_injection", days)
    return frame.with_columns(value=pl.lit(1000.0), unit=pl.lit("ug"), route=pl.lit("im"))
