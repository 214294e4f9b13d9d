"""The sheet's symptoms, signs, response to treatment and preferences."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from cobalamin.records.dates import When
from cobalamin.records.sheet_desk import NOT_UNDERSTOOD, Desk, entries, is_missing, is_no, is_yes
from cobalamin.records.sheet_history import account, read_item
from cobalamin.records.sheet_turns import UNCERTAIN, is_about_family, is_gone, stated, without_what_is_gone
from cobalamin.vocabulary.concepts import concepts, read_csv
from cobalamin.vocabulary.results import flag_of
from cobalamin.vocabulary.words import Meaning, read_text

_WORSENING = re.compile(r"worsen|progress|deteriorat|worse\b|ascending|evolving|increasing", re.IGNORECASE)
_RAPID = re.compile(r"rapid|quick|fast|acute|subacute", re.IGNORECASE)
_EIGHT_WEEKS_DAYS = 56  # the meaning of the concept trend_progressing
_PROGRESSING = {
    "sym_paraesthesia",
    "sym_numbness",
    "sym_weakness_limb",
    "sym_balance_ataxia",
    "sym_clumsiness",
    "sym_stiff_legs",
    "sym_unable_to_walk",
    "sym_burning_feet",
    "sym_falls",
}
_TEMPERATURE = re.compile(r"\btemp(?:erature)?\b\D{0,12}(\d{2,3}(?:\.\d)?)\s*°?\s*([cf])?\b", re.IGNORECASE)
_ANSWERS = {
    "needle_fear": "pref_needle_fear",
    "fear_of_needles": "pref_needle_fear",
    "refuses_injections": "pref_refuses_injections",
    "agrees_to_tablets": "pref_agrees_tablets",
    "agrees_tablets": "pref_agrees_tablets",
    "self_injects": "pref_self_injects",
    "self_injection": "pref_self_injects",
    "declines_treatment": "care_treatment_declined",
    "treatment_declined": "care_treatment_declined",
    "informed_choice": "care_informed_choice",
    "oral_failed": "care_oral_failed",
    "tablets_failed": "care_oral_failed",
    "prevention": "care_prevention_only",
    "given_elsewhere": "care_given_elsewhere",
}
_FREE = re.compile(r"no (problem|difficult|concern)", re.IGNORECASE)
_WELL = re.compile(r"\b(good|fine|normal|reliable|excellent|full|safe|no problem|no problems|ok|yes)\b", re.IGNORECASE)
_BADLY = re.compile(
    r"poor|doubtful|bad|unreliable|erratic|difficult|unsafe|impaired|cannot|forget|miss|problem|no\b|low", re.IGNORECASE
)


def read_symptoms(desk: Desk, value: object) -> None:
    """Symptoms; a list that was understood covers the domain, and "none" says that there are none."""
    if is_missing(value):
        desk.ledger.pass_over("not stated")
    elif is_no(value):
        desk.covers("symptoms", "symptoms", desk.now())
        for concept in ("sym_none", "sym_neurological_none"):
            desk.fact(concept, "symptoms", desk.now())
        desk.ledger.use()
    else:
        _read_all(desk, value, "symptoms")


def read_signs(desk: Desk, value: object) -> None:
    """Signs; a list that was understood covers the domain."""
    if is_missing(value):
        desk.ledger.pass_over("not stated")
    elif is_no(value):
        desk.covers("signs", "signs", desk.now())
        desk.ledger.use()
    else:
        _read_all(desk, value, "signs")


def _read_all(desk: Desk, value: object, domain: str) -> None:
    understood = False
    doubts = desk.ledger.set_aside[UNCERTAIN]
    for entry, name, place in entries(value, domain):
        if is_missing(name):
            desk.ledger.pass_over("not stated")
            continue
        aside = desk.ledger.set_aside.total()
        if not measured(desk, name, place):
            _complaint(desk, entry, name, place, domain)
        understood |= desk.ledger.set_aside.total() == aside
    # Silence may mean no only where nothing was left in doubt.
    if understood and desk.ledger.set_aside[UNCERTAIN] == doubts:
        desk.covers(domain, domain, desk.now())


def _complaint(desk: Desk, entry: Mapping[str, Any], name: str, place: str, domain: str) -> None:
    if is_about_family(name, domain):
        read_item(desk, {}, name, place, "family")
        return
    name = stated(desk, name, place, domain)
    if not name:
        return
    meanings, left = _listened(entry, name, domain)
    when, problem = desk.onset(entry, name)
    problem = problem or desk.wrong_time(when)
    if problem and meanings:
        desk.aside(name, problem, place)
        return
    severity = _severity(desk, entry, place)
    for meaning in meanings:
        _fact(desk, meaning, when, severity, place)
    if domain == "symptoms":
        _trend(desk, entry, name, meanings, when, place)
    account(desk, bool(meanings), left, place)


def _listened(entry: Mapping[str, Any], name: str, domain: str) -> tuple[list[Meaning], tuple[str, ...]]:
    """The meanings of an entry; `present: false` or a value in words denies them."""
    value = entry.get("value")
    words = name if is_missing(value) or isinstance(value, bool) else f"{name} {value}"
    reading = read_text(words, domain)
    meanings = without_what_is_gone(words, domain, list(reading.meanings))
    if any(is_no(entry.get(key)) for key in ("present", "value")) or is_gone(str(entry.get("trend") or "")):
        meanings = [Meaning(m.concept, not m.present if m.flag is None else True, m.flag) for m in meanings]
    return meanings, reading.left


def _severity(desk: Desk, entry: Mapping[str, Any], place: str) -> float | None:
    """0 to 10, or mild, moderate, severe as 3, 6 and 9."""
    value = entry.get("severity", entry.get("score"))
    if is_missing(value):
        return None
    text = str(value).split("/")[0].strip().lower()
    number = {"mild": 3.0, "moderate": 6.0, "severe": 9.0}.get(text)
    if number is None:
        try:
            number = float(text)
        except ValueError:
            number = -1.0
    if 0 <= number <= 10:
        return number
    desk.aside("severity", "a severity is a number from 0 to 10", place)
    return None


def _fact(desk: Desk, meaning: Meaning, when: When | None, severity: float | None, place: str) -> None:
    kind = concepts()[meaning.concept].kind
    if kind in ("symptom", "sign"):
        began = (when or desk.now()) if meaning.present else desk.now()
        desk.fact(
            meaning.concept,
            place,
            began,
            present=meaning.present,
            value=severity if kind == "symptom" and meaning.present else None,
        )
    elif kind == "lab":
        now = desk.now()
        desk.fact(meaning.concept, place, now, until=now.time, present=meaning.present, flag=meaning.flag)
    else:
        desk.fact(meaning.concept, place, when, present=meaning.present, flag=meaning.flag)


def _trend(
    desk: Desk, entry: Mapping[str, Any], name: str, meanings: list[Meaning], when: When | None, place: str
) -> None:
    """What a symptom's `trend:` says, and progression over eight weeks or less of a neurological symptom."""
    trend = str(entry.get("trend") or entry.get("course") or "")
    if trend:
        _words_of_response(desk, trend, place)
    words = f"{name} {trend}"
    neurological = any(m.present and m.concept in _PROGRESSING for m in meanings)
    weeks = when is not None and (desk.now().time - when.time).days <= _EIGHT_WEEKS_DAYS
    if neurological and _WORSENING.search(words) and (weeks or _RAPID.search(words)):
        desk.fact("trend_progressing", place, desk.now())


@cache
def _scores() -> list[dict[str, str]]:
    return read_csv("scores.csv")


def measured(desk: Desk, name: str, place: str) -> bool:
    """ "MMSE 25/30", "6CIT 14" and "temperature 37.8 C", in whatever list they stand."""
    for row in _scores():
        match = re.search(rf"\b{row['name']}\b\D{{0,25}}(\d+(?:\.\d+)?)\s*(?:/|out of|$|\b)", name, re.IGNORECASE)
        if match and float(match[1]) <= float(row["out_of"]):
            _scored(desk, row, float(match[1]), place)
            return True
    match = _TEMPERATURE.search(name)
    if match:
        degrees = float(match[1])
        celsius = (degrees - 32) / 1.8 if degrees > 80 else degrees
        desk.fact("sign_fever", place, desk.now(), present=celsius >= 38)
        desk.ledger.use()
    return bool(match)


def _scored(desk: Desk, row: dict[str, str], score: float, place: str) -> None:
    """A score of a test of the mind; in some tests the low ones are poor, in others the high ones."""
    now = desk.now()
    poor = score < float(row["low_below"]) if row["low_below"] else score >= float(row["high_from"])
    if concepts()[row["concept"]].kind == "lab":
        desk.fact(row["concept"], place, now, until=now.time, value=score, unit="score")
    desk.fact("sign_cognitive_test_low", place, now, present=poor)
    desk.ledger.use()


def read_response(desk: Desk, value: object, place: str = "response") -> None:
    """How the symptoms answered to treatment: resolved, improved, still interfering, worse, plateau."""
    if is_missing(value):
        desk.ledger.pass_over("not stated")
        return
    for entry, name, where in entries(value, place):
        words = name or " ".join(f"{key} {item}" for key, item in entry.items() if not is_missing(item))
        if _words_of_response(desk, words, where):
            desk.ledger.use()
        else:
            desk.aside("response", NOT_UNDERSTOOD, where)


def _words_of_response(desk: Desk, words: str, place: str) -> bool:
    if is_no(words):
        words = "no improvement"
    reading = read_text(words, "response")
    trends = [m for m in reading.meanings if m.concept.startswith("trend_")]
    if any(m.concept == "trend_worse" and m.present for m in trends):
        # "better at first, then worse": what counts is how it ended.
        trends = [m for m in trends if m.concept == "trend_worse"]
    for meaning in trends:
        desk.fact(meaning.concept, place, desk.now(), present=meaning.present)
    for meaning in without_what_is_gone(words, "symptoms", list(reading.meanings)):
        if not meaning.concept.startswith("trend_") and concepts()[meaning.concept].kind in ("symptom", "sign"):
            desk.fact(meaning.concept, place, desk.now(), present=meaning.present)
    return bool(trends)


def read_preferences(desk: Desk, preferences: object) -> None:
    """What the person wishes and can do; free words are understood too."""
    if is_missing(preferences) or is_no(preferences):
        desk.ledger.pass_over("not stated")
        return
    if not isinstance(preferences, Mapping):
        for entry, name, place in entries(preferences, "preferences"):
            read_item(desk, entry, name, place, "preferences")
        return
    for key, value in preferences.items():
        read_preference(desk, key, value, f"preferences.{key}")


def read_preference(desk: Desk, key: str, value: object, where: str) -> None:
    """One preference by its key."""
    if is_missing(value):
        desk.ledger.pass_over("not stated")
    elif key in _ANSWERS and (is_yes(value) or is_no(value)):
        desk.fact(_ANSWERS[key], where, desk.now(), present=is_yes(value))
        desk.ledger.use()
    elif key in ("adherence", "compliance", "concordance"):
        _ability(desk, "pref_adherence_poor", value, where, desk.now())
    elif key == "swallowing":
        _ability(desk, "cond_swallowing_difficulty", value, where, None)
    elif key == "route":
        _route(desk, value, where)
    elif key in ("note", "notes", "wishes"):
        read_item(desk, {}, str(value), where, "preferences")
    else:
        desk.aside(key, "unknown key of preferences", where)


def _route(desk: Desk, value: object, where: str) -> None:
    if re.search(r"either|no preference|any|both|none|not mind", str(value), re.IGNORECASE) or is_no(value):
        for concept in ("pref_tablets", "pref_injections"):
            desk.fact(concept, where, desk.now(), present=False)
        desk.ledger.use()
        return
    reading = read_text(str(value), "preferences")
    for meaning in reading.meanings:
        desk.fact(meaning.concept, where, desk.now(), present=meaning.present)
    account(desk, bool(reading.meanings), reading.left or ("route",) * (not reading.meanings), where)


def _ability(desk: Desk, difficulty: str, value: object, where: str, when: When | None) -> None:
    """Adherence and swallowing are told well or badly; the concept is the difficulty."""
    text = str(value)
    well = is_yes(value) or bool(_WELL.search(text)) or flag_of(text) == "normal"
    free = bool(_FREE.search(text))
    badly = is_no(value) or (bool(_BADLY.search(text)) and not free)
    if not (well or badly or free):
        desk.aside(where.rsplit(".", 1)[-1], NOT_UNDERSTOOD, where)
        return
    desk.fact(difficulty, where, when, present=badly)
    desk.ledger.use()
