"""Generated people with one simple cause and every question answered: the ones whom tablets or nothing may suit."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from functools import cache

from cobalamin.vocabulary.catalogue import catalogue
from tests.generative.facts import Row

DOMAINS = ("person", "laboratory", "conditions", "procedures", "medicines", "diet", "history", "symptoms", "signs",
           "treatment", "preferences", "family", "allergies")  # fmt: skip
CAUSES = (
    "diet_vegan",
    "diet_low_animal",
    "drug_metformin",
    "cond_coeliac",
    "exposure_nitrous_oxide_recreational",
    None,
)
NORMAL = {"lab_haemoglobin": (140.0, "g/L"), "lab_mcv": (90.0, "fL"), "lab_egfr": (85.0, "mL/min/{1.73_m2}"),
          "lab_platelets": (250.0, "10*9/L"), "lab_folate_serum": (20.0, "nmol/L"), "lab_ferritin": (80.0, "ug/L"),
          "lab_tsh": (2.0, "m[IU]/L"), "lab_wbc": (6.0, "10*9/L"), "lab_neutrophils": (4.0, "10*9/L"),
          "lab_potassium": (4.2, "mmol/L")}  # fmt: skip
AGREED = ("pref_agrees_tablets", "pref_tablets", "pref_injections", "sym_fatigue", "sym_sore_tongue", "trend_resolved",
          "trend_improved", "exposure_cause_resolved", "diet_improved")  # fmt: skip


def calm_rows(chance: random.Random, on: date) -> list[Row]:
    """Everything covered or denied, one cause, low or middling B12, perhaps treated for some time."""
    day = datetime.combine(on - timedelta(days=chance.randint(0, 60)), time.min)
    rows = [_fact(f"covers_{name}", day - timedelta(days=3000), lasts=True) for name in DOMAINS]
    rows += [_fact("person_age", day, value=float(chance.randint(20, 80))), _fact(_sex(chance), day, lasts=True)]
    rows += [_fact(name, day, present=False) for name in _askable() if chance.random() < 0.99]
    rows += [_fact(name, day, value=value, unit=unit) for name, (value, unit) in NORMAL.items()]
    cause = chance.choice(CAUSES)
    if cause:
        rows.append(_fact(cause, day + timedelta(hours=1), lasts=True, precision="second"))
    rows += _results(chance, day) + _treated(chance, day)
    told = [name for name in AGREED if chance.random() < 0.3]
    return rows + [_fact(name, day + timedelta(hours=1), lasts=True, precision="second") for name in told]


@cache
def _askable() -> tuple[str, ...]:
    """Concepts whose recorded negative answers a question that silence leaves open."""
    skipped = ("person", "laboratory", "treatment")
    open_ones = [f for f in catalogue().values() if f.silence == "unknown" and f.selector in ("ever", "current")]
    denied = [f.concepts[0] for f in open_ones if f.domain not in skipped and f.name != "neurology_denied"]
    return tuple(dict.fromkeys([*denied, "status_pregnancy", "status_breastfeeding", "status_postpartum"]))


def _fact(concept: str, moment: datetime, *, lasts: bool = False, **more: object) -> Row:
    return {"concept": concept, "time": moment, "until": None if lasts else moment, "precision": "day"} | more


def _sex(chance: random.Random) -> str:
    return chance.choice(("person_female", "person_male"))


def _results(chance: random.Random, day: datetime) -> list[Row]:
    """B12 before treatment, antibodies and coeliac serology negative, MMA for some."""
    sampled = day - timedelta(days=chance.choice((0, 10, 400)))
    rows = [
        _fact("lab_b12_total", sampled, value=float(chance.choice((90, 120, 132, 133, 200, 259, 400))), unit="pmol/L")
    ]
    worded = ("lab_if_antibody", "lab_ttg_iga", "lab_parietal_cell_antibody", "lab_gastric_body_biopsy",
              "lab_film_blasts", "lab_film_megaloblastic", "lab_schilling", "lab_haemolysis")  # fmt: skip
    rows += [_fact(name, sampled, flag="negative") for name in worded if chance.random() < 0.97]
    if chance.random() < 0.4:
        rows.append(_fact("lab_mma_serum", sampled, value=float(chance.choice((150, 280, 600))), unit="nmol/L"))
    if chance.random() < 0.9:
        rows.append(_fact("sym_neurological_none", day, lasts=True))
    return rows


def _treated(chance: random.Random, day: datetime) -> list[Row]:
    """Most not at all; some on a schedule, some on tablets."""
    draw, start = chance.random(), day - timedelta(days=chance.choice((20, 90, 390)))
    if draw < 0.55:
        return []
    if draw < 0.75:
        return [_fact("tx_cyanocobalamin_oral", start, lasts=True, value=float(chance.choice((50, 1000))), unit="ug",
                      route="oral", every_days=1.0)]  # fmt: skip
    schedule = _fact("tx_hydroxocobalamin_injection", start, lasts=True, value=1000.0, unit="ug", route="im",
                     every_days=91.3125)  # fmt: skip
    given = [_fact("tx_hydroxocobalamin_injection", start + timedelta(days=gap), value=1000.0, unit="ug", route="im")
             for gap in (0, 2, 4, 7, 9, 11) if start + timedelta(days=gap) <= day]  # fmt: skip
    return [schedule, *given]
