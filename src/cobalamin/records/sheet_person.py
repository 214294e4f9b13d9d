"""Who the sheet is about: age or birth, sex, pregnancy, family background."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cobalamin import units
from cobalamin.records.dates import before, midnight, read_date
from cobalamin.records.sheet_desk import Desk, is_missing, is_no, is_yes
from cobalamin.vocabulary.durations import read_duration

PERSON_KEYS = (
    "age",
    "age_years",
    "age_months",
    "born",
    "birth_date",
    "sex",
    "gender",
    "pregnant",
    "breastfeeding",
    "postpartum",
    "gestation_weeks",
    "weight",
    "ethnicity",
    "died",
)
_FEMALE = {"female", "f", "woman", "girl", "w", "lady"}
_MALE = {"male", "m", "man", "boy"}
_BLACK = re.compile(
    r"\b(black|african|afro|caribbean|afro-caribbean|african american|nigerian|ghanaian|somali|jamaican|kenyan"
    r"|ethiopian|congolese)\b",
    re.IGNORECASE,
)


def read_person(desk: Desk, patient: Mapping[str, Any]) -> None:
    """Every key of `patient`, the birth first: it decides which dates can be true."""
    _birth(desk, patient.get("born", patient.get("birth_date")))
    for key, value in patient.items():
        where = f"patient.{key}"
        if key in ("id", "name", "born", "birth_date"):
            continue
        if is_missing(value):
            desk.ledger.pass_over("not stated")
        elif key in ("age", "age_years", "age_months"):
            _age(desk, f"{value} months" if key == "age_months" else value, where)
        elif key in ("sex", "gender"):
            _sex(desk, value, where, patient)
        elif key in ("pregnant", "breastfeeding", "postpartum", "died"):
            _status(desk, key, value, where, patient)
        elif key in ("gestation_weeks", "gestation"):
            _gestation(desk, value, where)
        elif key == "weight":
            _weight(desk, value, where)
        elif key == "ethnicity":
            _ethnicity(desk, str(value), where)
        else:
            desk.aside(key, "unknown key of patient", where)


def _birth(desk: Desk, value: object) -> None:
    if is_missing(value):
        return
    when = read_date(value)
    if when is None:
        desk.aside("born", "date of birth not understood: write YYYY-MM-DD", "patient.born")
    elif when.time > midnight(desk.on) or (desk.on.year - when.time.year) > 125:
        desk.aside("born", "impossible date of birth", "patient.born")
    else:
        desk.birth = when.time
        desk.fact("person_birth", "patient.born", when, until=when.time)
        desk.ledger.use()


def _age(desk: Desk, value: object, where: str) -> None:
    years = _years(value)
    if years is None:
        desk.aside("age", 'age not understood: years, or "7 months"', where)
    elif units.implausible("person_age", years):
        desk.aside("age", "impossible age", where)
    elif desk.birth and abs((midnight(desk.on) - desk.birth).days / 365.25 - years) > 1.5:
        desk.aside("age", "contradicts the date of birth, which is used", where)
    else:
        now = desk.now()
        desk.fact("person_age", where, now, until=now.time, value=years, unit="years")
        if desk.birth is None:
            # Not an event: it only tells which dates lie before birth.
            desk.birth = before(desk.on, (years + 1) * 365.25).time
        desk.ledger.use()


def _years(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    text = str(value).strip().lower()
    number = re.fullmatch(r"(\d+(?:\.\d+)?)(?:\s*(?:years?|yrs?|y)?\s*(?:old)?)", text)
    if number:
        return float(number[1])
    duration = read_duration(text)
    return duration[0] / 365.25 if duration else None


def _sex(desk: Desk, value: object, where: str, patient: Mapping[str, Any]) -> None:
    word = str(value).strip().casefold()
    if word in _MALE and is_yes(patient.get("pregnant")):
        desk.aside("sex", "contradicts the pregnancy: which is right?", where)
    elif word in _FEMALE | _MALE:
        desk.fact("person_female" if word in _FEMALE else "person_male", where)
        desk.ledger.use()
    else:
        desk.ledger.pass_over("sex other or unknown")


def _status(desk: Desk, key: str, value: object, where: str, patient: Mapping[str, Any]) -> None:
    concept = {
        "pregnant": "status_pregnancy",
        "breastfeeding": "status_breastfeeding",
        "postpartum": "status_postpartum",
        "died": "person_died",
    }[key]
    text = str(value).strip().casefold()
    weeks = re.search(r"(\d+)\s*(?:\+\s*\d)?\s*(?:weeks?|/40|wks?)", text)
    if is_yes(value) or weeks or text in ("first trimester", "second trimester", "third trimester"):
        if key == "pregnant" and str(patient.get("sex", "")).strip().casefold() in _MALE:
            desk.aside(key, "contradicts the sex: which is right?", where)
            return
        desk.fact(concept, where, desk.now())
        if key == "pregnant":
            _pregnancy(desk, where, weeks, patient)
    elif is_no(value):
        desk.fact(concept, where, desk.now(), present=False)
    else:
        desk.aside(key, "neither yes nor no", where)
        return
    desk.ledger.use()


def _pregnancy(desk: Desk, where: str, weeks: re.Match[str] | None, patient: Mapping[str, Any]) -> None:
    """Who is pregnant is female, said or not."""
    if is_missing(patient.get("sex")) and is_missing(patient.get("gender")):
        desk.fact("person_female", where)
    if weeks and is_missing(patient.get("gestation_weeks")):
        now = desk.now()
        desk.fact("person_gestation", where, now, until=now.time, value=float(weeks[1]), unit="weeks")


def _gestation(desk: Desk, value: object, where: str) -> None:
    number = re.match(r"\s*(\d+(?:\.\d+)?)", str(value))
    weeks = float(number[1]) if number else None
    if weeks is None or units.implausible("person_gestation", weeks):
        desk.aside("gestation_weeks", "impossible number of weeks", where)
        return
    now = desk.now()
    desk.fact("person_gestation", where, now, until=now.time, value=weeks, unit="weeks")
    desk.ledger.use()


def _weight(desk: Desk, value: object, where: str) -> None:
    number = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([^\d\s].*)?", str(value))
    if number is None or not number[2]:
        desk.aside("weight", 'weight without a unit: write "82 kg"', where)
        return
    weight = units.convert("vital_body_weight", float(number[1]), number[2])
    if weight is None:
        known = ", ".join(units.known_units("vital_body_weight"))
        desk.aside("weight", f"weight in a unit that is not known: known are {known}", where)
    elif units.implausible("vital_body_weight", weight[0]):
        desk.aside("weight", "impossible weight", where)
    else:
        now = desk.now()
        desk.fact("vital_body_weight", where, now, until=now.time, value=weight[0], unit=weight[1])
        desk.ledger.use()


def _ethnicity(desk: Desk, value: str, where: str) -> None:
    if _BLACK.search(value) and not re.search(r"south african white|white african", value, re.IGNORECASE):
        desk.fact("person_black_family_background", where)
        desk.ledger.use()
    else:
        desk.ledger.pass_over("family background that changes nothing here")
