"""The sheet's history: conditions, surgery, medicines, diet, alcohol, nitrous oxide, supplements, family, allergies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any

from cobalamin.records.dates import When, midnight, read_date, read_duration
from cobalamin.records.sheet_desk import NOT_RELEVANT, NOT_UNDERSTOOD, Desk, entries, is_days, is_missing, is_no, is_yes
from cobalamin.records.sheet_schedule import read_dose, times_a_day
from cobalamin.records.sheet_treatment import is_b12, read_treatment_entry
from cobalamin.vocabulary.concepts import concepts, read_csv
from cobalamin.vocabulary.text import plain
from cobalamin.vocabulary.words import Meaning, read_text

_RELATIVES = re.compile(
    r"\bfamily history\b|\b(mother|father|sister|brother|sibling|parent|aunt|uncle|grandmother|grandfather"
    r"|son|daughter)s?\b(?!.*\b(vegan|vegetarian)\b)",
    re.IGNORECASE,
)
_OVER = re.compile(
    r"\b(stopped|previous(ly)?|former(ly)?|past|used to|until|discontinued|no longer|ex|ceased|completed|finished)\b",
    re.IGNORECASE,
)
_GAS = re.compile(r"nitrous|balloon|whip|laughing|canister|entonox|gas", re.IGNORECASE)
_SEVERE = re.compile(r"anaphyla|collapse|shock|angio-?o?edema|could not breathe|bronchospasm", re.IGNORECASE)
_DENIED = {
    "conditions": (),
    "procedures": (),
    "medicines": (),
    "supplements": ("tx_multivitamin_b12", "drug_biotin", "drug_zinc", "drug_vitamin_c_high"),
    "family": ("family_b12_deficiency", "family_autoimmune", "family_leber", "family_inborn_error"),
    "allergies": ("allergy_cobalamin_anaphylaxis", "allergy_cobalamin_adverse_reaction", "allergy_cobalt"),
    "diet": ("diet_vegan", "diet_vegetarian"),
}
# key of the sheet → (domain of the words, domain that "none" covers)
_LISTS = {
    "conditions": ("conditions", "conditions"),
    "surgery": ("procedures", "procedures"),
    "procedures": ("procedures", "procedures"),
    "medicines": ("medicines", "medicines"),
    "medications": ("medicines", "medicines"),
    "supplements": ("medicines", "supplements"),
    "family_history": ("family", "family"),
    "family": ("family", "family"),
    "allergies": ("allergies", "allergies"),
    "diet": ("diet", "diet"),
    "past_history": ("conditions", "conditions"),
}


def read_history(desk: Desk, history: Mapping[str, Any]) -> None:
    """Read every key of `history`; what is not known is set aside by name."""
    for key, value in history.items():
        where = f"history.{key}"
        if is_missing(value):
            desk.ledger.pass_over("not stated")
        elif key in _LISTS:
            _read_list(desk, value, where, *_LISTS[key])
        elif key == "alcohol":
            _alcohol(desk, value, where)
        elif key in ("nitrous_oxide", "nitrous"):
            _nitrous_oxide(desk, value, where)
        elif key in ("cause_resolved", "cause_dealt_with"):
            _truth(desk, "exposure_cause_resolved", value, where)
        else:
            desk.aside(key, "unknown key of history", where)


def _read_list(desk: Desk, value: object, where: str, words: str, covered: str) -> None:
    if is_no(value):
        if covered != "supplements":
            desk.covers(covered, where)
        for concept in _DENIED[covered]:
            desk.fact(concept, where, present=False)
        desk.ledger.use()
        return
    for entry, name, place in entries(value, where):
        if is_missing(name):
            desk.ledger.pass_over("not stated")
        elif words == "medicines":
            _medicine(desk, entry, name, place, supplement=covered == "supplements")
        elif words == "allergies":
            _allergy(desk, entry, name, place)
        else:
            read_item(desk, entry, name, place, _domain_of(name, words))


def _domain_of(name: str, words: str) -> str:
    """A relative's illness stands in many lists and is never the person's."""
    return "family" if words == "conditions" and _RELATIVES.search(name) else words


def read_item(desk: Desk, entry: Mapping[str, Any], name: str, place: str, domain: str) -> None:
    """One condition, operation, diet or family entry: its words, its beginning, its end."""
    reading = read_text(name, domain)
    meanings = [m for m in reading.meanings if not (domain == "diet" and m.concept.startswith("tx_"))]
    if is_no(entry.get("present")) or is_no(entry.get("status")):
        meanings = [Meaning(m.concept, False, m.flag) for m in meanings]
    when, problem = desk.onset(entry, name)
    problem = problem or desk.wrong_time(when)
    if problem and meanings:
        desk.aside(name, problem, place)
        return
    for meaning in meanings:
        _one(desk, meaning, when, entry, name, place)
    eaten = {m.concept for m in meanings if m.present}
    if "diet_mixed" in eaten:
        for concept in sorted({"diet_vegan", "diet_vegetarian"} - {m.concept for m in meanings}):
            desk.fact(concept, place, present=False)
    account(desk, bool(meanings), reading.left, place)


def account(desk: Desk, used: bool, left: tuple[str, ...], place: str) -> None:
    """Count an entry, and each part of it that was not understood."""
    if used:
        desk.ledger.use()
    elif not left:
        desk.ledger.pass_over(NOT_RELEVANT)
    for part in left:
        desk.aside(part, NOT_UNDERSTOOD, place)


def _one(desk: Desk, meaning: Meaning, when: When | None, entry: Mapping[str, Any], name: str, place: str) -> None:
    concept = meaning.concept
    kind = concepts()[concept].kind
    if kind == "procedure":
        concept = _extent_of_ileum(concept, name)
    until = _end(desk, entry)
    if kind in ("procedure", "lab") and when:
        until = when.time
    if kind in ("symptom", "sign") or (kind == "lab" and when is None):
        when, until = when or desk.now(), until if kind != "lab" else midnight(desk.on)
    desk.fact(concept, place, when, until=until, present=meaning.present, flag=meaning.flag)


def _extent_of_ileum(concept: str, name: str) -> str:
    """Twenty centimetres or less of ileum is a partial resection; more is left unspecified, the careful reading."""
    length = re.search(r"(\d+)\s*cm", name.lower())
    if concept in ("proc_ileal_resection", "proc_ileocaecal_resection") and length and int(length[1]) <= 20:
        return "proc_ileal_resection_partial"
    return concept


def _end(desk: Desk, entry: Mapping[str, Any]) -> Any:
    for key in ("until", "stopped", "ended", "end", "to"):
        when = read_date(entry.get(key))
        if when:
            return when.time
    for key in ("end_day", "stop_day", "last_day"):
        if is_days(entry.get(key)):
            return desk.day(entry[key]).time
    return None


def _medicine(desk: Desk, entry: dict[str, Any], name: str, place: str, supplement: bool) -> None:
    reading = read_text(name, "medicines")
    if any(is_b12(m.concept) for m in reading.meanings):
        default = {"route": "oral"} if supplement else {}
        read_treatment_entry(desk, default | entry, name, place)
        return
    when, problem = desk.onset(entry, name)
    problem = problem or desk.wrong_time(when)
    if problem and reading.meanings:
        desk.aside(name, problem, place)
        return
    until, over = _end_of_medicine(desk, entry, name)
    for meaning in reading.meanings:
        columns = _medicine_columns(entry, name, meaning.concept)
        desk.fact(
            meaning.concept,
            place,
            None if over else when,
            until=until,
            present=meaning.present and not over,
            flag=meaning.flag,
            **columns,
        )
    account(desk, bool(reading.meanings), reading.left, place)


def _end_of_medicine(desk: Desk, entry: Mapping[str, Any], name: str) -> tuple[Any, bool]:
    """(end, taken as not taken now): a medicine stopped at an unknown time is a recorded negative today."""
    end = _end(desk, entry)
    if end is None and (_OVER.search(name) or is_yes(entry.get("stopped"))):
        ago = re.search(r"(?:stopped|discontinued|ceased|until|finished)\s+(.*)$", name, re.IGNORECASE)
        duration = read_duration(ago[1]) if ago else None
        if duration:
            return midnight(desk.on) - timedelta(days=round(duration[0])), False
        desk.ledger.note("medicine stopped, end unknown: read as not taken now")
        return None, True
    return end, False


def _medicine_columns(entry: Mapping[str, Any], name: str, concept: str) -> dict[str, Any]:
    """Dose in the canonical unit where it can be read: grams a day of metformin, milligrams of folic acid."""
    words = " ".join(str(entry.get(key) or "") for key in ("dose", "schedule")) + " " + name
    dose = read_dose(words, concept)
    if dose is None:
        return {}
    unit = concepts()[concept].unit
    value = dose.canonical * (times_a_day(words) or 1)
    every = 1.0 if times_a_day(words) else 7.0 if re.search(r"\bweekly|\ba week\b|per week", words) else None
    return {"value": value, "unit": dose.unit, "every_days": every} if unit else {}


def _allergy(desk: Desk, entry: Mapping[str, Any], name: str, place: str) -> None:
    words = f"{name} {entry.get('reaction') or ''}".strip()
    reading = read_text(words, "allergies")
    meanings = [m for m in reading.meanings if m.concept.startswith(("allergy", "cond_food_allergy"))]
    for meaning in meanings:
        concept = meaning.concept
        if concept == "allergy_cobalamin_adverse_reaction" and _SEVERE.search(words):
            concept = "allergy_cobalamin_anaphylaxis"
        desk.fact(concept, place, present=meaning.present)
    if meanings:
        desk.ledger.use()
    else:
        desk.ledger.pass_over("allergy to something else")


def _truth(desk: Desk, concept: str, value: object, where: str) -> None:
    if is_yes(value) or is_no(value):
        desk.fact(concept, where, present=is_yes(value))
        desk.ledger.use()
    else:
        desk.aside(where.rsplit(".", 1)[-1], "neither yes nor no", where)


def _nitrous_oxide(desk: Desk, value: object, where: str) -> None:
    if is_yes(value) or is_no(value):
        _truth(desk, "exposure_nitrous_oxide_recreational", value, where)
        return
    for entry, name, place in entries(value, where):
        words = name if _GAS.search(name) else f"nitrous oxide {name}"
        if re.search(r"an(a)?esthe|operation|dent|surg|labour|childbirth", words, re.IGNORECASE):
            words = "nitrous oxide anaesthesia"
        elif _OVER.search(words) or "quit" in words:
            words = "stopped nitrous oxide"
        read_item(desk, entry, words, place, "history")


@cache
def _alcohol_units() -> dict[str, float]:
    return {row["measure"]: float(row["units"]) for row in read_csv("alcohol.csv")}


_HEAVY = re.compile(
    r"heavy|excess|alcoholi|binge|abuse|misuse|depend|hazardous|harmful|large amounts|drinks a lot", re.IGNORECASE
)
_LIGHT = re.compile(
    r"social|occasional|rare|minimal|light|moderate|seldom|teetotal|abstin|abstain|non ?drinker|modest"
    r"|does not drink|doesn't drink|sometimes|little|special occasions",
    re.IGNORECASE,
)
_TIMES = ((r"week|wk", 1.0), (r"month", 7 / 30.4375), (r"year", 7 / 365.25), (r"day|daily|night|evening", 7.0))


def _alcohol(desk: Desk, value: object, where: str) -> None:
    """Units a week from "15 units per week" or "3 drinks daily"; heavy or light from words."""
    text = "none" if is_no(value) else plain(str(value))
    weekly = 0.0 if is_no(value) else _units_a_week(text)
    if weekly is not None:
        desk.fact("exposure_alcohol", where, present=weekly > 0, value=weekly, unit="units/week", text=None)
        desk.fact("exposure_alcohol_high", where, present=weekly > _alcohol_units()["high above"])
    elif _HEAVY.search(text) and not re.search(r"\bno\b|\bnot\b|denies", text):
        desk.fact("exposure_alcohol", where)
        desk.fact("exposure_alcohol_high", where)
    elif _LIGHT.search(text):
        desk.fact(
            "exposure_alcohol", where, present=not re.search("teetotal|abst|non ?drinker|not drink|doesn't", text)
        )
        desk.fact("exposure_alcohol_high", where, present=False)
    elif is_yes(value) or re.search(r"daily|week|drink|wine|beer|spirits|cider|yes|units", text):
        desk.fact("exposure_alcohol", where)
        desk.ledger.note("alcohol: how much a week is not stated")
    else:
        desk.aside("alcohol", NOT_UNDERSTOOD, where)
        return
    desk.ledger.use()


_ONE = re.compile(r"\b(a|an|one)\b(?= (glass|pint|bottle|drink|can|beer))")
_HOW_MANY = re.compile(r"(\d+(?:\.\d+)?)\s*(?:(?:-|to)?\s*(\d+(?:\.\d+)?))?")


def _units_a_week(text: str) -> float | None:
    """A stated number of a known measure in a known time; of a range the larger."""
    number = _HOW_MANY.search(_ONE.sub("1", text))
    measures = [measure for measure in _alcohol_units() if _measure_pattern(measure).search(text)]
    times = next((factor for pattern, factor in _TIMES if re.search(pattern, text)), None)
    if number is None or not measures or times is None:
        return None
    return float(number[2] or number[1]) * _alcohol_units()[max(measures, key=len)] * times


def _measure_pattern(measure: str) -> re.Pattern[str]:
    return re.compile(rf"\b{measure.replace('bottle', 'bottles?').replace('glass', 'glass(es)?')}s?\b")
