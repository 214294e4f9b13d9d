"""Regimens in the words clinicians write, and refusals in one sentence where they cannot be.

Strict on purpose: a word that is not understood may have been the one that mattered, so it is named and refused.
"""

from __future__ import annotations

import csv
import re
from functools import cache
from importlib.resources import files

from cobalamin.errors import CobalaminError
from cobalamin.guidance import DEFAULT
from cobalamin.physiology.regimen_doses import Missed, Phase, Regimen
from cobalamin.physiology.regimen_part import Part, RegimenProblem
from cobalamin.vocabulary.schedules import NUMBER, count_of

__all__ = ["Missed", "Phase", "Regimen", "parse_regimen"]

EXAMPLE = "hydroxocobalamin 1 mg IM 3/week for 2 weeks then every 12 weeks"
LONGEST_TEXT = 500
_THEN = re.compile(r",?\s*\b(?:and\s+)?(?:then|followed by|thereafter|afterwards?|after that)\b,?|;|→|->")
_AFTERTHOUGHT = re.compile(r",\s*([^,;]+?)\s+(?:thereafter|afterwards?|after that)\s*$")
_NONE = re.compile(
    r"(?:(?:no|without|stop|stop the|stop all)\s+(?:more\s+|further\s+)?"
    r"(?:treatment|b12|vitamin b12|injections?|tablets?|doses?)"
    r"|stop|stop now|stopped|stopping|nothing|none|stop and (?:see|wait|watch)|wait and see|watch and wait)"
)
_NAMED = re.compile(r"(?:([a-z0-9_]+):)?([a-z0-9]+(?:_[a-z0-9]+)+)")
_NTH = {"other": 2, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6}
_MISS = r"(?:but\s+)?(?:with\s+)?(?:missing|skipping|misses|missed|forgetting)"
_OF_LAST = r"(?:\s+of the last phase)?"
_EVERY_MISSED = re.compile(
    rf",?\s*(?:{_MISS}\s+every\s+({'|'.join(_NTH)}|\d+)(?:st|nd|rd|th)?(?:\s+(?:dose|injection|tablet|one))?{_OF_LAST}"
    rf"|(?:with\s+)?every\s+({'|'.join(_NTH)}|\d+)(?:st|nd|rd|th)?\s+(?:dose|injection|tablet)\s+(?:is\s+)?missed)"
)
_NUMBERS_MISSED = re.compile(rf",?\s*{_MISS}\s+doses?\s+(\d+(?:\s*(?:,|and|&)\s*\d+)*){_OF_LAST}")
_SOME_MISSED = re.compile(
    rf",?\s*(?:but\s+)?(?:with\s+)?(?:{NUMBER}\s+missed\s+(?:doses?|injections?|tablets?)"
    rf"|(?:missing|skipping)\s+{NUMBER}\s+(?:doses?|injections?|tablets?))"
)


def parse_regimen(text: str, guideline: str = DEFAULT) -> Regimen:
    """A regimen from words, or from `guideline:regimen` (or a regimen's id of `guideline`).

    Raises CobalaminError in one sentence that says what is wrong and how to write it.
    """
    try:
        return _parsed(" ".join(text.split()), guideline)
    except RegimenProblem as problem:
        shown = " ".join(text.split())[:80]
        raise CobalaminError(f'Regimen "{shown}": {problem} Write it like "{EXAMPLE}".') from None


def _parsed(text: str, guideline: str) -> Regimen:
    if not text:
        raise RegimenProblem("it is empty; for none, write no treatment.")
    if len(text) > LONGEST_TEXT:
        raise RegimenProblem("it is too long for a regimen.")
    lower = text.lower()
    named = _NAMED.fullmatch(lower)
    if named:
        from cobalamin.physiology.regimen_guidance import named_regimen

        return named_regimen(named[1] or guideline, named[2])
    if _NONE.fullmatch(lower.strip(" .")):
        return Regimen(())
    rest, missed, notes = _read_missed(lower)
    phases, more = _phases(_parts(rest))
    return _checked(Regimen(phases, missed, (*notes, *more)))


def _parts(text: str) -> list[str]:
    moved = _AFTERTHOUGHT.sub(r" then \1", text)
    moved = re.sub(r"\bstop(?:ping)?\s+after\b", "for", moved)
    return [part.strip(" ,.") for part in _THEN.split(moved) if part.strip(" ,.")]


def _phases(parts: list[str]) -> tuple[tuple[Phase, ...], tuple[str, ...]]:
    stops = bool(parts) and bool(_NONE.fullmatch(parts[-1]))
    phases: list[Phase] = []
    notes: list[str] = []
    began = 0.0
    for words in parts[:-1] if stops else parts:
        part = Part(words, phases[-1] if phases else None, began)
        phases.append(part.phase())
        notes += part.notes
        began = _last_day(phases)
    if stops and phases and phases[-1].every_days is not None and phases[-1].count is None:
        raise RegimenProblem('it says "then stop", but not after how long or how many doses.')
    return tuple(phases), tuple(notes)


def _last_day(phases: list[Phase]) -> float:
    """The day of the last dose so far; refuses a phase after one without an end."""
    known = [phase for phase in phases if phase.count is not None or phase.every_days is None]
    if len(known) < len(phases):
        return float("inf")
    doses = Regimen(tuple(phases)).doses(0.0, float("inf"))
    return doses[-1].day


def _read_missed(text: str) -> tuple[str, Missed | None, tuple[str, ...]]:
    """The text without its missed doses, and these."""
    every = _EVERY_MISSED.search(text)
    if every:
        word = every[1] or every[2]
        number = _NTH.get(word) or int(word)
        if number < 2:
            raise RegimenProblem("if every dose is missed, write no treatment.")
        return _without(text, every), Missed(every=number), ()
    listed = _NUMBERS_MISSED.search(text)
    if listed:
        numbers = tuple(sorted({int(one) for one in re.findall(r"\d+", listed[1])}))
        if numbers[0] < 1:
            raise RegimenProblem("doses are counted from 1.")
        return _without(text, listed), Missed(numbers=numbers), ()
    some = _SOME_MISSED.search(text)
    if some:
        count = round(count_of(some[1] or some[2]))
        if not 1 <= count <= _limit("most_doses"):
            raise RegimenProblem("say how many doses are missed: one or more.")
        note = f"{count} missed: the doses after the first of the last phase, one after the other"
        return _without(text, some), Missed(numbers=tuple(range(2, count + 2))), (note,)
    return text, None, ()


def _without(text: str, match: re.Match[str]) -> str:
    return f"{text[: match.start()]} {text[match.end() :]}".strip()


def _checked(regimen: Regimen) -> Regimen:
    for phase in regimen.phases[:-1]:
        if phase.every_days is not None and phase.count is None:
            raise RegimenProblem('a part before "then" has no end: say for how long, or how many doses.')
    for phase in regimen.phases:
        _check_phase(phase)
    if regimen.missed and not regimen.phases:
        raise RegimenProblem("no dose can be missed where none is given.")
    return regimen


def _check_phase(phase: Phase) -> None:
    _check_dose(phase)
    if phase.count is not None and phase.count > _limit("most_doses"):
        raise RegimenProblem(f"{phase.count} doses are too many for one part; leave the number out.")
    every = phase.every_days
    if every is None:
        return
    most = _limit("injections_a_day" if phase.injected else "tablets_a_day")
    if every * most < 1 - 1e-9:
        kind = "injections" if phase.injected else "tablets"
        raise RegimenProblem(f"{1 / every:.3g} {kind} a day is more than anybody gives ({most:g} at most).")
    if every > _limit("longest_interval_days"):
        raise RegimenProblem(f"an interval of {every:g} days is no regimen.")


def _check_dose(phase: Phase) -> None:
    most = _limit("injection_ug" if phase.injected else "oral_ug")
    what = "an injection" if phase.injected else "a tablet"
    if phase.dose_ug > most:
        amount = f"{phase.dose_ug / 1000:,.6g} mg"
        raise RegimenProblem(f"{what} of {amount} is over {most / 1000:g} mg; is that the right dose and unit?")
    if phase.dose_ug < _limit("least_ug"):
        raise RegimenProblem(f"{what} of {phase.dose_ug:g} ug is below any product; is that the right dose and unit?")


@cache
def _limits() -> dict[str, float]:
    text = (files("cobalamin.physiology") / "regimen_limits.csv").read_text(encoding="utf-8")
    return {row["limit"]: float(row["value"]) for row in csv.DictReader(text.splitlines())}


def _limit(name: str) -> float:
    return _limits()[name]
