"""Varied people for the safety tests: asked, half asked and never asked, with every safety finding crowded in.

`crowd` draws from two sources: people as a clinic meets them (made here), and the generated records on the edges of
windows and thresholds that the referee uses. A person's rows are plain dictionaries with the columns of the event
table, so that a test can add one fact and ask what changed.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from cobalamin.assess import Assessment, assess
from cobalamin.events import Events
from cobalamin.guidance import Guideline, load
from cobalamin.records.sheet import read_sheet
from cobalamin.report.answer import answer, answers
from cobalamin.vocabulary.catalogue import catalogue
from tests.generative.patients import patients

Row = dict[str, Any]
People = dict[str, list[Row]]
ON = date(2026, 1, 15)
VIGNETTES = Path(__file__).parents[2] / "validation" / "vignettes" / "vignettes.jsonl"
ASKED = ("symptoms", "signs", "conditions", "procedures", "medicines", "treatment")

NERVES = (
    "sym_paraesthesia",
    "sym_numbness",
    "sym_weakness_limb",
    "sym_balance_ataxia",
    "sym_falls",
    "sym_lhermitte",
    "sym_bladder_bowel_change",
    "sym_visual_loss",
    "sym_visual_blurring",
    "sign_extensor_plantar",
    "sign_reduced_vibration",
    "sign_ataxia",
    "sign_optic_atrophy",
    "sign_sensory_level",
    "sign_reduced_reflexes",
    "cond_peripheral_neuropathy",
    "cond_sacd",
    "trend_progressing",
)
LIFELONG = (
    "cond_pernicious_anaemia",
    "cond_atrophic_gastritis",
    "proc_gastrectomy_total",
    "proc_gastrectomy_unspecified",
    "proc_ileal_resection_terminal_complete",
    "proc_ileal_resection",
    "cond_transcobalamin_deficiency",
)
ABSORPTION = ("cond_coeliac", "cond_crohn_any", "proc_gastrectomy_partial", "proc_gastric_bypass", "cond_sibo")
CAUSES = (
    "diet_vegan",
    "diet_vegetarian",
    "diet_improved",
    "drug_metformin",
    "drug_ppi_omeprazole",
    "drug_colchicine",
    "exposure_nitrous_oxide_recreational",
    "exposure_nitrous_oxide_stopped",
    "exposure_cause_resolved",
)
HARM = (
    "cond_leber_optic_neuropathy",
    "family_leber",
    "cond_optic_atrophy",
    "allergy_cobalamin_anaphylaxis",
    "drug_anticoagulant",
    "drug_digoxin",
    "drug_diuretic",
    "cond_heart_disease",
    "cond_cognitive_impairment",
    "cond_swallowing_difficulty",
    "pref_adherence_poor",
    "care_oral_failed",
)
SOFT = (
    "sym_fatigue",
    "sym_memory_concentration",
    "sym_low_mood",
    "sym_sore_tongue",
    "sym_chest_pain",
    "sym_syncope",
    "sym_heart_failure",
    "sym_confusion",
    "sym_psychosis",
    "sym_dysphagia",
)
WISHES = (
    "pref_agrees_tablets",
    "pref_injections",
    "pref_refuses_injections",
    "care_informed_choice",
    "trend_resolved",
    "trend_worse",
    "trend_insufficient",
)
CROWDED = (*NERVES, *LIFELONG, *ABSORPTION, *CAUSES, *HARM, *SOFT, *WISHES)
# Numbers on either side of every line that decides, in the unit they are printed in.
NUMBERS: dict[str, tuple[str, tuple[float, ...]]] = {
    "lab_b12_total": ("pmol/L", (60, 110, 132, 133, 150, 200, 258, 259, 300, 443, 1480)),
    "lab_b12_active": ("pmol/L", (12, 24, 25, 40, 70, 71, 110)),
    "lab_mma_serum": ("nmol/L", (150, 271, 300, 401, 900, 2500)),
    "lab_homocysteine": ("umol/L", (9, 15, 16, 40)),
    "lab_haemoglobin": ("g/L", (62, 69, 85, 99, 108, 118, 128, 140)),
    "lab_mcv": ("fL", (72, 88, 96, 100, 101, 112, 124)),
    "lab_platelets": ("10*9/L", (30, 49, 80, 220)),
    "lab_egfr": ("mL/min/{1.73_m2}", (28, 59, 60, 92)),
    "lab_ferritin": ("ug/L", (6, 90)),
    "lab_potassium": ("mmol/L", (2.8, 3.3, 4.1)),
    "lab_inr": ("1", (1.0, 2.4, 4.2)),
}


def moment(days: int) -> datetime:
    """Midnight of a day relative to the day of decision."""
    return datetime.combine(ON + timedelta(days=days), time.min)


def fact(concept: str, days: int | None = -20, **columns: Any) -> Row:
    """A fact that still holds; undated where `days` is None. `present=False` is a recorded no (a point)."""
    when = None if days is None else moment(days)
    until = when if columns.get("present") is False else None
    dated = {"time": when, "precision": "day" if when else "undated", "until": until}
    return {"concept": concept, **dated, "source": f"made:{concept}:{days}", **columns}


def lab(concept: str, value: float | None, unit: str, days: int = -10, **columns: Any) -> Row:
    """A result in its canonical unit."""
    return fact(concept, days, value=value, unit=unit, until=moment(days), **columns)


def word(concept: str, flag: str, days: int = -10) -> Row:
    """A result in words."""
    return fact(concept, days, flag=flag, text=flag, until=moment(days))


def injection(days: int, product: str = "tx_hydroxocobalamin_injection") -> Row:
    """One injection of 1 mg, given."""
    return fact(product, days, value=1000.0, unit="ug", route="im", until=moment(days))


def schedule(days: int, every_days: float, product: str = "tx_hydroxocobalamin_injection") -> Row:
    """Injections that run by a schedule."""
    return fact(product, days, value=1000.0, unit="ug", route="im", every_days=every_days)


def tablets(days: int, dose_ug: float = 1000.0) -> Row:
    """B12 tablets that run."""
    return fact("tx_cyanocobalamin_oral", days, value=dose_ug, unit="ug", route="oral", every_days=1.0)


def adult(*rows: Row, age_years: int = 60, sex: str = "person_female") -> list[Row]:
    """A person of that age with these facts."""
    born = {**fact("person_birth", 0), "time": datetime(ON.year - age_years, 1, 2), "until": None}
    return [born, fact(sex, None), *rows]


def asked(*domains: str) -> list[Row]:
    """Whole domains of the record are covered: what is not in them is an explicit no."""
    return [fact(f"covers_{domain}", -9000) for domain in domains or ASKED]


def clinic_person(chance: random.Random) -> list[Row]:
    """A person as a clinic meets them: well or ill documented, treated or not, with a few findings that matter."""
    rows = adult(age_years=chance.randint(16, 92), sex=chance.choice(("person_female", "person_male")))
    if rows[1]["concept"] == "person_female" and chance.random() < 0.15:
        rows.append(fact("status_pregnancy", present=chance.random() < 0.7))
    share = chance.choice((0.0, 0.5, 1.0))
    rows += [row for domain in ASKED for row in asked(domain) if chance.random() < share]
    if chance.random() < 0.25:
        rows.append(fact("sym_neurological_none"))
    rows += _told(chance)
    many = chance.choice((0.15, 0.4, 0.7))
    for concept, (unit, values) in NUMBERS.items():
        if chance.random() < many:
            rows.append(lab(concept, float(chance.choice(values)), unit, -chance.choice((3, 12, 40, 500))))
    if chance.random() < 0.3:
        rows.append(word("lab_if_antibody", chance.choice(("positive", "negative", "negative"))))
    return rows + _treated(chance)


def _told(chance: random.Random) -> list[Row]:
    """A few findings present, and some of the others denied one by one."""
    present = set(chance.sample(CROWDED, chance.choice((0, 1, 2, 3, 5))))
    if chance.random() < 0.3:
        present.add(chance.choice(NERVES))
    denied = chance.choice((0.0, 0.2, 0.9))
    rows = [fact(concept) for concept in sorted(present)]
    rows += [fact(one, present=False) for one in CROWDED if one not in present and chance.random() < denied]
    return rows


def _treated(chance: random.Random) -> list[Row]:
    draw = chance.random()
    if draw < 0.5:
        return []
    if draw < 0.7:
        return [schedule(-chance.choice((20, 200, 1500)), chance.choice((30.4375, 60.875, 91.3125, 182.625)))]
    if draw < 0.85:
        return [injection(-days) for days in (400, 398, 396, 310, 220, chance.choice((6, 95, 150)))]
    return [tablets(-chance.choice((30, 400)), chance.choice((50.0, 1000.0)))]


@cache
def crowd(count: int, seed: int) -> People:
    """People by id: two in three as a clinic meets them, the others from the edges; the same seed, the same people."""
    chance = random.Random(seed)
    edge = {f"edge-{name}": rows for name, rows in patients(count // 3, seed, ON).items()}
    made = {f"made-{number:05d}": clinic_person(chance) for number in range(count - len(edge))}
    return made | edge


def events_of(people: People) -> Events:
    """All people as one event table."""
    return Events.of([row | {"patient_id": name} for name, rows in people.items() for row in rows])


def assessed(people: People, guideline: Guideline | str | None = None, on: date = ON) -> Assessment:
    """The whole way for these people."""
    return assess(events_of(people), guideline or default(), on=on)


@cache
def default() -> Guideline:
    """The default guideline, in force on the day."""
    return load(on=ON)


def outcomes(found: Assessment) -> dict[str, dict[str, Any]]:
    """Per person what the hazards are about: outputs, collected columns and the rules that fired."""
    return {row["patient_id"]: row for row in found.trace.to_dicts()}


def told(sheet: dict[str, Any], *, questions: bool = False, on: date = ON) -> dict[str, Any]:
    """The answer to a typed sheet, as the program gives it; `questions` adds what is missing."""
    intake = read_sheet(sheet, on=on)
    found = assess(intake.events, default(), on=on)
    return answer(found, ledger=intake.ledger) if questions else answer(found, ledger=intake.ledger, missing=None)


def each(people: People, guideline: Guideline | None = None) -> dict[str, dict[str, Any]]:
    """The answers to all of them, assessed in one frame."""
    return {found["patient_id"]: found for found in answers(assessed(people, guideline), missing=None)}


def one(rows: Iterable[Row], guideline: Guideline | None = None) -> dict[str, Any]:
    """The answer to one person's events."""
    return answer(assessed({"p": list(rows)}, guideline), missing=None)


@cache
def vignettes() -> People:
    """The people of the shipped vignettes, as event rows."""
    from validation.vignettes.run import sheet_of

    found = {}
    for line in VIGNETTES.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        found[case["id"]] = read_sheet(sheet_of(case), on=ON).events.frame.drop("patient_id").to_dicts()
    return found


def booleans(*domains: str) -> list[str]:
    """Base findings that are yes or no, in these domains (all but treatment where none is named)."""
    found = [one for one in catalogue().values() if one.kind == "boolean" and one.is_base and one.domain != "treatment"]
    return [one.name for one in found if not domains or one.domain in domains]


def blanked(findings: pl.DataFrame, name: str) -> pl.DataFrame:
    """The findings as if nobody had asked for this one."""
    column = f"finding.{name}"
    family = [one for one in findings.columns if one == column or one.startswith(f"{column}.")]
    kept = [one for one in family if not one.endswith(".na")]
    return findings.with_columns(pl.lit(None, findings.schema[one]).alias(one) for one in kept)
