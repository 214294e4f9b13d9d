"""The sheet's history: conditions, surgery, medicines, diet, alcohol, nitrous oxide, supplements, family, allergies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

from cobalamin.records.dates import When, midnight, read_date
from cobalamin.records.sheet_desk import NOT_RELEVANT, NOT_UNDERSTOOD, Desk, entries, is_days, is_missing, is_no, is_yes
from cobalamin.records.sheet_treatment import is_b12, read_treatment_entry
from cobalamin.records.sheet_turns import by_person, is_gone, stated
from cobalamin.vocabulary.catalogue import catalogue
from cobalamin.vocabulary.concepts import concepts, read_csv
from cobalamin.vocabulary.durations import read_duration
from cobalamin.vocabulary.schedules import read_dose, times_a_day
from cobalamin.vocabulary.text import plain
from cobalamin.vocabulary.words import Meaning, read_text

_OVER = re.compile(
    r"\b(stopped|previous(ly)?|former(ly)?|past|used to|until|discontinued|no longer|ex|ceased|completed|finished)\b",
    re.IGNORECASE,
)
_GAS = re.compile(r"nitrous|balloon|whip|laughing|canister|entonox|gas", re.IGNORECASE)
_NEVER = re.compile(r"\s*(?:no\b|not\b|never|denie[sd]|nil\b|none\b|does ?n.?t\b|non-?user)", re.IGNORECASE)
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


# "No previous surgery" under `surgery` says none, as "none" does.
_NONE = {
    "conditions": r"(?:no|nil) (?:significant |relevant |other )?(?:past |previous )?(?:medical )?"
    r"(?:history|problems|conditions|pmh)|nil pmh|fit and well|previously (?:fit and )?well",
    "procedures": r"(?:no|nil) (?:previous |prior |past )?(?:surgery|operations?|surgical history)"
    r"|never (?:had )?(?:an )?operat\w+",
    "medicines": r"(?:no|nil) (?:regular )?(?:medications?|medicines?|meds|drugs|tablets)|nil regular|takes nothing",
    "supplements": r"(?:no|nil) supplements?|takes nothing",
    "family": r"(?:no|nil) (?:significant |relevant )?family history(?: of note)?",
    "allergies": r"(?:no|nil) (?:known )?(?:drug )?allerg(?:y|ies)|nka|nkda",
}


def _says_none(value: object, covered: str) -> bool:
    if is_no(value):
        return True
    said = value[0] if isinstance(value, list | tuple) and len(value) == 1 else value
    pattern = _NONE.get(covered)
    return bool(pattern and isinstance(said, str) and re.fullmatch(pattern, said.strip(" ."), re.IGNORECASE))


def _read_list(desk: Desk, value: object, where: str, words: str, covered: str) -> None:
    if _says_none(value, covered):
        if covered != "supplements":
            desk.covers(covered, where)
        for concept in _DENIED[covered]:
            desk.fact(concept, where, present=False)
        desk.ledger.use()
        return
    for entry, name, place in entries(value, where):
        if is_missing(name):
            desk.ledger.pass_over("not stated")
        elif words == "allergies":
            _allergy(desk, entry, name, place)
        else:
            # A relative's illness stands in many lists and is never the person's.
            for part, domain in by_person(name, words):
                if domain == "medicines":
                    _medicine(desk, entry, part, place, supplement=covered == "supplements")
                else:
                    read_item(desk, entry, part, place, domain)


def read_item(desk: Desk, entry: Mapping[str, Any], name: str, place: str, domain: str) -> None:
    """One condition, operation, diet or family entry: its words, its beginning, its end."""
    name = stated(desk, name, place, domain)
    if not name:
        return
    reading = read_text(name, domain)
    meanings = [m for m in reading.meanings if not _is_stray_product(m.concept, name, domain)]
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
    left = reading.left if meanings or not reading.meanings or domain == "diet" else (name,)
    account(desk, bool(meanings), left, place)


_TAKES = re.compile(
    r"treat|inject|jab|shot|tablet|supplement|replac|therapy|taking|takes|\bon\b|given|pills?\b|depend", re.IGNORECASE
)


def _is_stray_product(concept: str, name: str, domain: str) -> bool:
    """The name of a vitamin among diets and illnesses tells of no treatment, unless the words do."""
    if not concept.startswith("tx_"):
        return False
    return domain == "diet" or (domain in ("conditions", "procedures") and not _TAKES.search(name))


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
    if kind == "condition" and meaning.present and is_gone(name):
        if concept in _only_current():
            desk.fact(concept, place, present=False)
            return
        desk.ledger.note("a condition told as resolved: kept as history")
    until = _end(desk, entry)
    if kind in ("procedure", "lab") and when:
        until = when.time
    if kind in ("symptom", "sign") or (kind == "lab" and when is None):
        when, until = when or desk.now(), until if kind != "lab" else midnight(desk.on)
    desk.fact(concept, place, when, until=until, present=meaning.present, flag=meaning.flag)


@cache
def _only_current() -> frozenset[str]:
    """Conditions that matter only while they last: iron deficiency, but not pernicious anaemia."""
    asked: dict[str, set[str]] = {}
    for finding in catalogue().values():
        for concept in finding.concepts:
            asked.setdefault(concept, set()).add(finding.selector)
    return frozenset(concept for concept, selectors in asked.items() if selectors == {"current"})


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
    name = stated(desk, name, place, "medicines")
    if not name:
        return
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
    if not reading.meanings and _is_vitamin_c_high(entry, name):
        reading = replace(reading, meanings=(Meaning("drug_vitamin_c_high"),))
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


_VITAMIN_C = re.compile(r"\bvit(?:amin)?\.? c\b|\bascorb(?:ic acid|ate)\b", re.IGNORECASE)
_GRAMS = re.compile(r"(\d+(?:[.,]\d+)?)\s*(mg|milligrams?|g|gm|grams?)\b", re.IGNORECASE)
_HIGH_VITAMIN_C_GRAMS = 2.0  # a day and more, as the concept says


def _is_vitamin_c_high(entry: Mapping[str, Any], name: str) -> bool:
    """Whether the words name two grams a day of vitamin C or more; less changes nothing here."""
    words = f"{name} {entry.get('dose') or ''} {entry.get('schedule') or ''}"
    amount = _GRAMS.search(words)
    if not amount or not _VITAMIN_C.search(name):
        return False
    grams = float(amount[1].replace(",", ".")) / (1000 if amount[2].lower().startswith("m") else 1)
    return grams * (times_a_day(words) or 1) >= _HIGH_VITAMIN_C_GRAMS


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
        if _NEVER.match(name) and not _GAS.search(name):
            _truth(desk, "exposure_nitrous_oxide_recreational", False, where)
            continue
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
_ABSTAINS = re.compile(
    r"does ?nt drink|do ?nt drink|does not drink|non ?drinker|teetotal|abst|\b(ex|former) ?(drinker|alcoholic)"
    r"|stopped drinking|no longer drinks|sober|recovering alcoholic|no alcohol$|never drinks|not a drinker"
)
_USED_TO = re.compile(r"\bex\b|former|stopped|no longer|sober|recovering|abst")
_NOT_HEAVY = re.compile(
    r"\b(no|not|denies|without|nil)\b.{0,12}\b(heavy|heavily|excess\w*|abuse|misuse|bing\w*)\b|\bnot much\b"
)
_LIGHT = re.compile(
    r"social|occasional|rare|minimal|light|moderate|seldom|modest|sometimes|little|special occasions",
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
    elif _ABSTAINS.search(text):
        # Whoever used to drink much may still carry its harm: whether it was too much stays open.
        desk.fact("exposure_alcohol", where, present=False)
        if _HEAVY.search(text) or not _USED_TO.search(text):
            desk.fact("exposure_alcohol_high", where, present=bool(_HEAVY.search(text)))
    elif _NOT_HEAVY.search(text):
        desk.fact("exposure_alcohol_high", where, present=False)
    elif _HEAVY.search(text) and not re.search(r"\bno\b|\bnot\b|denies", text):
        desk.fact("exposure_alcohol", where)
        desk.fact("exposure_alcohol_high", where)
    elif _LIGHT.search(text):
        desk.fact("exposure_alcohol", where)
        desk.fact("exposure_alcohol_high", where, present=False)
    elif is_yes(value) or re.search(r"daily|week|drink|wine|beer|spirits|cider|yes|units", text):
        desk.fact("exposure_alcohol", where)
        desk.ledger.note("alcohol: how much a week is not stated")
    else:
        desk.aside("alcohol", NOT_UNDERSTOOD, where)
        return
    desk.ledger.use()


# "a pint", and "bottle of vodka a day", which names one without saying so.
_ONE = re.compile(
    r"\b(a|an|one)\b(?= (glass|pint|bottle|drink|can|beer))|^(?:drinks )?(?=(glass|pint|bottle|can|litre) )"
)
_HOW_MANY = re.compile(r"(\d+(?:\.\d+)?)\s*(?:(?:-|to)?\s*(\d+(?:\.\d+)?))?")


def _units_a_week(text: str) -> float | None:
    """A stated number of a known measure in a known time; of a range the larger."""
    number = _HOW_MANY.search(_ONE.sub("1 ", text))
    measures = [measure for measure in _alcohol_units() if _measure_pattern(measure).search(text)]
    times = next((factor for pattern, factor in _TIMES if re.search(pattern, text)), None)
    if number is None or not measures or times is None:
        return None
    return float(number[2] or number[1]) * _alcohol_units()[max(measures, key=len)] * times


def _measure_pattern(measure: str) -> re.Pattern[str]:
    return re.compile(rf"\b{measure.replace('bottle', 'bottles?').replace('glass', 'glass(es)?')}s?\b")
