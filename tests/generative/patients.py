"""Generated people: realistic mixtures of results, symptoms, medicines and doses, crowded near every edge.

One generator serves both uses: a seeded `random.Random` makes thousands; Hypothesis' own source of chance makes
people that it can shrink.
"""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from functools import cache

from hypothesis import strategies as st

from cobalamin import units
from cobalamin.vocabulary.catalogue import catalogue
from cobalamin.vocabulary.concepts import concepts
from tests.generative.calm import DOMAINS, calm_rows
from tests.generative.facts import Row, fact
from tests.generative.labs import lab_rows
from tests.generative.thresholds import ON
from tests.generative.treatment import treatment_rows

CALM_SHARE = 0.3
LASTING = ("condition", "symptom", "sign", "diet", "status", "preference", "history", "allergy")


def patient(chance: random.Random, patient_id: str, on: date = ON) -> list[Row]:
    """The event rows of one generated person, never none, in no particular order."""
    rows = calm_rows(chance, on) if chance.random() < CALM_SHARE else _troubled(chance, on)
    rows += [_copy(chance, row) for row in rows if chance.random() < 0.03]
    for number, row in enumerate(rows):
        row["patient_id"] = patient_id
        row.setdefault("source", f"made:{number}")
        _learnt(chance, row, on)
    chance.shuffle(rows)
    return rows or [fact(chance, on, "person_female", patient_id=patient_id, source="made")]


def _troubled(chance: random.Random, on: date) -> list[Row]:
    """Anything may be told of them, and its opposite."""
    rows = _person(chance, on) + _coverage(chance, on) + lab_rows(chance, on) + treatment_rows(chance, on)
    return rows + _told(chance, on) + _medicines(chance, on)


def patients(count: int, seed: int, on: date = ON) -> dict[str, list[Row]]:
    """Many people by id; the same seed makes the same people."""
    chance = random.Random(seed)
    return {f"p{number:06d}": patient(chance, f"p{number:06d}", on) for number in range(count)}


def people(patient_id: str = "p") -> st.SearchStrategy[list[Row]]:
    """A person that Hypothesis can shrink."""
    return st.randoms(use_true_random=False).map(lambda chance: patient(chance, patient_id))


def _person(chance: random.Random, on: date) -> list[Row]:
    rows = []
    years = chance.choice((15, 16, 17, 18, 55, 59, 60)) if chance.random() < 0.3 else chance.randint(16, 95)
    draw = chance.random()
    if draw < 0.7:
        birthday = on.replace(year=on.year - years) + timedelta(days=chance.choice((-200, -1, 0, 1, 150)))
        rows.append(fact(chance, on, "person_birth", birthday))
    elif draw < 0.9:
        rows.append(fact(chance, on, "person_age", value=float(years), unit="years"))
    sex = chance.choice(("person_female", "person_female", "person_male", "person_male", None))
    if sex:
        rows.append({"concept": sex, "time": None, "precision": "undated", "until": None})
    if sex != "person_male" and chance.random() < 0.3:
        rows.append(fact(chance, on, "status_pregnancy", lasts=chance.random() < 0.7, present=chance.random() < 0.7))
    if chance.random() < 0.1:
        rows.append(fact(chance, on, "person_gestation", value=float(chance.randint(4, 40)), unit="weeks"))
    if chance.random() < 0.02:
        rows.append(fact(chance, on, "person_died"))
    return rows


def _coverage(chance: random.Random, on: date) -> list[Row]:
    share = chance.choice((0.0, 0.3, 0.8))
    return [_covers(chance, on, name) for name in DOMAINS if chance.random() < share]


def _covers(chance: random.Random, on: date, domain: str) -> Row:
    begin = on - timedelta(days=chance.randint(0, 5000))
    row = fact(chance, on, f"covers_{domain}", begin, lasts=True)
    if row["until"] is not None and chance.random() < 0.5:
        lapsed = datetime.combine(on, time.min) - timedelta(days=chance.choice((364, 365, 366)))
        row["until"] = max(row["time"], lapsed)
    return row


@cache
def _told_concepts() -> dict[str, tuple[str, ...]]:
    """Concepts of findings that are yes or no, by domain, and some of no importance."""
    found: dict[str, list[str]] = {"none": [name for name, one in concepts().items() if one.kind == "care"]}
    for finding in catalogue().values():
        told = finding.kind == "boolean" and finding.domain not in ("laboratory", "medicines", "treatment")
        if (told or finding.selector == "duration_weeks") and finding.concepts:
            found.setdefault(finding.domain, []).extend(finding.concepts)
    return {domain: tuple(dict.fromkeys(names)) for domain, names in found.items()}


def _told(chance: random.Random, on: date) -> list[Row]:
    """Conditions, operations, symptoms, signs, diet, habits, wishes: present, denied, over, undated."""
    rows = []
    for domain, names in _told_concepts().items():
        most = 6 if domain in ("symptoms", "signs", "conditions") else 2
        for _ in range(chance.randint(0, most) if chance.random() < 0.6 else 0):
            concept = chance.choice(names)
            rows.append(_said(chance, on, concept))
            if chance.random() < 0.2:
                rows.append(_said(chance, on, concept))
    return rows


def _said(chance: random.Random, on: date, concept: str) -> Row:
    present = chance.random() < 0.7
    lasts = present and concepts()[concept].kind in LASTING and chance.random() < 0.7
    row = fact(chance, on, concept, lasts=lasts, present=present)
    if concepts()[concept].kind == "symptom" and present and chance.random() < 0.3:
        row["value"] = float(chance.randint(0, 10))
    return row


@cache
def _medicine_groups() -> tuple[tuple[str, ...], ...]:
    found = [f.concepts for f in catalogue().values() if f.domain == "medicines" and f.concepts]
    return tuple(dict.fromkeys(found))


def _medicines(chance: random.Random, on: date) -> list[Row]:
    rows = []
    for _ in range(chance.randint(0, 4)):
        group = chance.choice(_medicine_groups())
        rows += _medicine(chance, on, chance.choice(group))
    return rows


def _medicine(chance: random.Random, on: date, concept: str) -> list[Row]:
    """A running medicine, or issues with gaps around the grace period, or a denial."""
    dose: Row = {}
    if units.canonical_unit(concept) or concept.startswith(("drug_metformin", "tx_")):
        dose = {"value": chance.choice((None, 0.4, 0.5, 1.0, 2.0, 5.0)), "every_days": chance.choice((None, 1.0, 7.0))}
    if chance.random() < 0.4:
        return [fact(chance, on, concept, lasts=True, **dose)]
    if chance.random() < 0.15:
        return [fact(chance, on, concept, present=False)]
    rows, day = [], on - timedelta(days=chance.randint(0, 2500))
    for _ in range(chance.randint(1, 12)):
        row = fact(chance, on, concept, day, **dose)
        days = chance.choice((0, 28, 84))
        row["until"] = row["time"] + timedelta(days=days)
        rows.append(row)
        day += timedelta(days=days + chance.choice((0, 20, 119, 120, 121, 300)))
    return rows


def _copy(chance: random.Random, row: Row) -> Row:
    """The same fact from another source, or a second report of it that differs in the clock."""
    if row["time"] is None or chance.random() < 0.7:
        return dict(row) | {"source": "copy"}
    return dict(row) | {"precision": "month"}


def _learnt(chance: random.Random, row: Row, on: date) -> None:
    if chance.random() < 0.1:
        day = (row["time"].date() if row["time"] else on) + timedelta(days=chance.randint(-5, 60))
        row["known_at"] = datetime.combine(day, time(chance.randint(0, 23)))
