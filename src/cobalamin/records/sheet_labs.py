"""The sheet's laboratory results: numbers, "<30", words, film reports, printed reference ranges."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cobalamin import units
from cobalamin.records.dates import When, read_date
from cobalamin.records.sheet_desk import NOT_UNDERSTOOD, Desk, entries, is_days, is_missing, is_no, is_yes
from cobalamin.vocabulary.results import Printed, Test, flag_of, read_range, read_result, test_of
from cobalamin.vocabulary.words import read_text

NO_UNIT = "no usable unit"
_POSITIVE = {"high": "positive", "low": "negative", "normal": "negative", "abnormal": "positive"}
_QUANTITY = {"positive": "high", "negative": "low"}
# "impaired kidney function" means a low eGFR; "deranged liver function" raised enzymes.
_ABNORMAL = {"lab_egfr": "low", "lab_creatinine": "high", "lab_alt": "high", "lab_ggt": "high"}
_PERCENT = {"lab_neutrophils": "lab_neutrophils_pct", "lab_reticulocytes_abs": "lab_reticulocytes_pct"}
_OUT_OF = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:/|out of)\s*\d+\s*$")
_SAME = 0.03  # two prints of one value in two units differ by rounding


def read_labs(desk: Desk, value: object) -> None:
    """Every result; two different results of one test on one day are set aside with the question which is right."""
    if is_missing(value):
        desk.ledger.pass_over("not stated")
        return
    if is_no(value):
        desk.ledger.use()
        desk.ledger.note("laboratory: asked, none")
        return
    first = len(desk.rows)
    for entry, name, place in entries(_as_list(value), "labs"):
        _read_one(desk, entry, name or str(entry.get("test") or ""), place)
    _set_contradictions_aside(desk, first)


def _as_list(value: object) -> object:
    """`labs: {Vitamin B12: 120 ng/L}` is understood as a list of results."""
    if not isinstance(value, Mapping) or "name" in value:
        return value
    return [{"name": name, **(item if isinstance(item, Mapping) else {"value": item})} for name, item in value.items()]


def _read_one(desk: Desk, entry: dict[str, Any], name: str, place: str) -> None:
    if is_missing(name):
        desk.aside("result", "a result without the name of its test", place)
        return
    if "value" not in entry and not is_missing(entry.get("result")):
        entry["value"] = entry["result"]
    if is_missing(entry.get("value")):
        desk.ledger.pass_over("not stated")
        return
    test = test_of(name) or _from_words(name)
    if test is None:
        desk.aside(name, f"test {NOT_UNDERSTOOD}", place)
    elif test.kind == "none":
        desk.ledger.pass_over("test says nothing about vitamin B12")
    else:
        _dated(desk, _with_its_scale(entry, test), name, place, test)


def _with_its_scale(entry: dict[str, Any], test: Test) -> dict[str, Any]:
    """ "22/30" of a questionnaire names its scale, which is all the unit a score has."""
    match = _OUT_OF.match(str(entry["value"]))
    if match is None or not is_missing(entry.get("unit")) or not any(one.startswith("q_") for one in test.concepts):
        return entry
    return {**entry, "value": float(match[1]), "unit": "score"}


def _from_words(name: str) -> Test | None:
    """A finding named as if it were a test: "Macro-ovalocytes: present"."""
    meanings = read_text(name, "laboratory").meanings
    concepts = tuple(m.concept for m in meanings if m.flag == "positive")
    return Test("yes_no", concepts[:1]) if concepts else None


def _dated(desk: Desk, entry: dict[str, Any], name: str, place: str, test: Test) -> None:
    when, problem = _when(desk, entry)
    problem = problem or desk.wrong_time(when)
    if problem:
        desk.aside(name, problem, place)
        return
    result = _Result(desk, entry, name, place, when)
    reason = {"report": result.report, "panel": result.panel}.get(test.kind, result.value)(test)
    if reason:
        desk.aside(name, reason, place)
    else:
        desk.ledger.use()


def _when(desk: Desk, entry: Mapping[str, Any]) -> tuple[When | None, str | None]:
    for key in ("date", "time", "taken"):
        if not is_missing(entry.get(key)):
            when = read_date(entry[key])
            return when, None if when else "date not understood: write YYYY-MM-DD"
    day = entry.get("day")
    if is_days(day):
        return desk.day(day), None  # type: ignore[arg-type]
    if not is_missing(day):
        return None, "day not understood: a number of days, negative in the past"
    desk.ledger.note("result without a date: taken as of the day of decision")
    return desk.now(), None


class _Result:
    """One result being read; each reader returns why it must be set aside, or None."""

    def __init__(self, desk: Desk, entry: Mapping[str, Any], name: str, place: str, when: When | None) -> None:
        self.desk, self.entry, self.name, self.place, self.when = desk, entry, name, place, when
        value = entry["value"]
        self.text = "positive" if is_yes(value) else "negative" if value is False else str(value)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        self.printed = Printed(number=float(value)) if is_number else read_result(self.text)
        self.keep = None if is_number else self.text

    def fact(self, concept: str, **columns: Any) -> None:
        until = self.when.time if self.when else None
        self.desk.fact(concept, self.place, self.when, **({"text": self.keep, "until": until} | columns))

    def report(self, test: Test) -> str | None:
        """Words of a film, a marrow, an endoscopy, an image; "normal" denies what the test looks for."""
        reading = read_text(self.text, "laboratory")
        for meaning in reading.meanings:
            is_point = meaning.concept.startswith("lab_")
            columns = {} if is_point else {"until": None, "text": None}
            self.fact(meaning.concept, present=meaning.present, flag=meaning.flag, **columns)
        flag = self.printed.flag if self.printed else None
        if not reading.meanings and flag in ("normal", "negative"):
            self._deny(test)
        elif not reading.meanings:
            return f"report {NOT_UNDERSTOOD}"
        return None

    def _deny(self, test: Test) -> None:
        for concept in test.concepts:
            if concept.startswith("lab_"):
                self.fact(concept, flag="negative")
            else:
                self.fact(concept, present=False, text=None)

    def panel(self, test: Test) -> str | None:
        """A group of tests told as a whole: "blood count normal", "pancytopenia", "iron studies low"."""
        reading = read_text(self.text, "laboratory")
        results = [meaning for meaning in reading.meanings if meaning.concept.startswith("lab_")]
        for meaning in results:
            self.fact(meaning.concept, flag=meaning.flag)
        flag = self.printed.flag if self.printed and self.printed.number is None else None
        if results:
            return None
        directed = [(concept, _ABNORMAL.get(concept) if flag == "abnormal" else flag) for concept in test.concepts]
        directed = [(concept, told) for concept, told in directed if told in ("low", "normal", "high")]
        if not directed or (flag != "normal" and "lab_mcv" in test.concepts):
            return f"report {NOT_UNDERSTOOD}"
        for concept, told in directed:
            self.fact(concept, flag=told)
        if "lab_haemoglobin" in test.concepts:
            for concept in ("lab_anaemia_in_words", "lab_pancytopenia_in_words"):
                self.fact(concept, flag="negative")
        return None

    def value(self, test: Test) -> str | None:
        """One quantity or one yes-or-no test."""
        concept = test.concepts[0]
        printed = self.printed
        if printed is None:
            return self._in_words()
        if test.kind == "yes_no":
            return self._yes_or_no(concept, printed)
        if printed.number is not None:
            return self._number(test, printed)
        flag = _ABNORMAL.get(concept) if printed.flag == "abnormal" else printed.flag
        flag = _QUANTITY.get(flag or "", flag)
        if flag is None:
            return "abnormal, and not said in which direction"
        if test.partial and flag == "low":
            return "a low part says nothing about the whole"
        self.fact(concept, flag=flag)
        return None

    def _in_words(self) -> str | None:
        """ "anaemic" as a haemoglobin, "hypothyroid" as a thyroid function."""
        meanings = [m for m in read_text(self.text, "laboratory").meanings if m.concept.startswith("lab_") and m.flag]
        for meaning in meanings:
            self.fact(meaning.concept, flag=meaning.flag)
        return None if meanings else f"result {NOT_UNDERSTOOD}"

    def _number(self, test: Test, printed: Printed) -> str | None:
        if self._contradicts_itself(printed):
            return "a number with signs that are not its unit: is it written as meant?"
        concept, unit = test.concepts[0], self._unit(printed)
        if concept in _PERCENT and units.normalise(unit) == "%":
            concept = _PERCENT[concept]
        how = units.conversion(concept, unit)
        flag = self._stated_flag(printed)
        if how is None:
            if flag not in ("low", "normal", "high"):
                return self._unit_reason(concept)
            self.fact(concept, flag=flag, text=self.text)
            self.desk.ledger.note("a number without a usable unit: only its word was used")
            return None
        canonical = units.canonical_value(how, printed.number or 0.0)
        refused = units.implausible(concept, canonical)
        if refused:
            return refused
        low, high = (None if limit is None else units.canonical_value(how, limit) for limit in self._range())
        comparator = ">" if test.partial else printed.comparator
        self.fact(
            concept,
            value=canonical,
            unit=how.unit,
            comparator=comparator,
            low=low,
            high=high,
            flag=flag if flag in ("low", "normal", "high", "borderline") else None,
        )
        return None

    def _contradicts_itself(self, printed: Printed) -> bool:
        """ "12o" beside `unit: ng/L` may be 120; "120 pmol/L" beside it is one of two things."""
        stated = self.entry.get("unit")
        if not printed.unit or is_missing(stated):
            return False
        inside = units.normalise(printed.unit)
        if inside is None:
            return flag_of(printed.unit) is None
        return inside != units.normalise(str(stated))

    def _unit_reason(self, concept: str) -> str:
        known = ", ".join(units.known_units(concept)[:4])
        return f"{NO_UNIT}: known are {known}" if known else NO_UNIT

    def _unit(self, printed: Printed) -> str:
        stated = self.entry.get("unit")
        return printed.unit if is_missing(stated) or not str(stated).strip() else str(stated)

    def _range(self) -> tuple[float | None, float | None]:
        limits = []
        for key in ("low", "high"):
            value = self.entry.get(key)
            limits.append(float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None)
        if limits != [None, None]:
            return limits[0], limits[1]
        return read_range(str(self.entry.get("reference") or self.entry.get("range") or ""))

    def _stated_flag(self, printed: Printed) -> str | None:
        stated = self.entry.get("flag") or self.entry.get("interpretation")
        read = read_result(str(stated)) if not is_missing(stated) else None
        return (read.flag if read else None) or printed.flag

    def _yes_or_no(self, concept: str, printed: Printed) -> str | None:
        """Kit-specific: a number is judged only against the limit printed with it."""
        flag = self._stated_flag(printed)
        flag = _POSITIVE.get(flag or "", flag)
        columns: dict[str, Any] = {}
        if printed.number is not None:
            _, high = self._range()
            if flag is None and high is None:
                return "a number without the laboratory's limit"
            over = high is not None and printed.number > high and printed.comparator != "<"
            flag = flag or ("positive" if over else "negative")
            columns = {
                "value": printed.number,
                "unit": units.normalise(self._unit(printed)),
                "high": high,
                "comparator": printed.comparator,
            }
        if flag is None:
            return f"result {NOT_UNDERSTOOD}"
        self.fact(concept, flag=flag, **columns)
        return None


def _set_contradictions_aside(desk: Desk, first: int) -> None:
    """Same test, same day, two different values: neither is believed, and the ledger asks."""
    groups: dict[tuple[Any, Any], list[dict[str, Any]]] = {}
    for row in desk.rows[first:]:
        if row.get("value") is not None and row["concept"].startswith("lab_"):
            groups.setdefault((row["concept"], row["time"]), []).append(row)
    for rows in groups.values():
        values = [row["value"] for row in rows]
        if max(values) - min(values) > _SAME * max(values):
            desk.rows[:] = [row for row in desk.rows if not any(row is other for other in rows)]
            desk.ledger.used -= len(rows)
            desk.ledger.items_in -= len(rows)
            for row in rows:
                desk.aside(row["concept"], "two different results on one day: which is right?", row["source"])
