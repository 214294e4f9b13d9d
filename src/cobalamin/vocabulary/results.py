"""Printed results and names of tests: "<30", "1,250 pg/mL", "strongly positive", "about 500 times normal"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from cobalamin.units import normalise
from cobalamin.vocabulary.concepts import read_csv
from cobalamin.vocabulary.text import fold, plain, word_class

_NUMBER = r"[-+]?\d[\d,. ]*(?:[eE][-+]?\d+)?"
_PRINTED = re.compile(
    rf"^\s*(?P<sign><=?|>=?|≤|≥|less than|below|under|greater than|more than|above|over)?\s*"
    rf"(?P<number>{_NUMBER})\s*(?P<unit>.*)$",
    re.IGNORECASE,
)
_BELOW = ("<", "<=", "≤", "less than", "below", "under")
_RANGE = re.compile(rf"({_NUMBER})\s*(?:-|–|to)\s*({_NUMBER})", re.IGNORECASE)
# Order matters: "not detected" before "detected", "low normal" before "low".
_WORDS = (
    (
        r"\b(not done|pending|awaited|not measured|not tested|not available|unavailable|insufficient sample"
        r"|haemolysed sample|unknown|see report|not reported|cancelled|to follow|requested|sent)\b",
        None,
    ),
    (
        r"\b(borderline|equivocal|indeterminate|grey zone|gray zone|weakly positive|weak positive|inconclusive)\b",
        "borderline",
    ),
    (
        r"\b(not detected|non reactive|nonreactive|negative|neg|absent|none seen|nil|not present|not seen|not found)\b",
        "negative",
    ),
    (r"\b(undetectable|unmeasurable|below detection|below the detection limit|too low to measure)\b", "low"),
    (r"\b(not low|not reduced|not raised|not elevated|not high|not increased|not decreased)\b", "normal"),
    (r"\b(lower limit of normal|low normal|lower normal|high normal|upper normal|upper limit of normal)\b", "normal"),
    (r"\b(times|fold|x)\b.{0,20}\b(normal|upper|limit|uln|reference)\b", "high"),
    (r"\b(above|over|exceeds|exceeding)\b.{0,20}\b(range|normal|reference|limit|cut ?off)\b", "high"),
    (r"\b(below|under)\b.{0,20}\b(range|normal|reference|limit|cut ?off)\b", "low"),
    (r"\b(twice|double|triple) (the )?(upper|normal|limit)\b", "high"),
    (r"\b(abnormally low|very low|low|reduced|decreased|depressed|deficient|diminished|subnormal|lowered)\b", "low"),
    (r"\b(abnormally high|high|raised|elevated|increased|up|markedly raised)\b", "high"),
    (r"\b(positive|pos|detected|reactive|present|seen|found)\b", "positive"),
    (
        r"\b(normal|within|unremarkable|in range|wnl|satisfactory|adequate|fine|ok|no abnormality|unaffected"
        r"|sufficient|replete|nad|euthyroid)\b",
        "normal",
    ),
    (r"\b(impaired|abnormal|deranged)\b", "abnormal"),
)


@dataclass(frozen=True)
class Printed:
    """A result as printed. `flag` may also be "abnormal", which a test must give a direction."""

    number: float | None = None
    comparator: str | None = None
    unit: str = ""
    flag: str | None = None


@dataclass(frozen=True)
class Test:
    """What a test's name means. kind: value, yes_no, report, panel, or none (says nothing about B12)."""

    kind: str
    concepts: tuple[str, ...]
    partial: bool = False


def read_number(text: str) -> float | None:
    """A printed number: "1,250" is a thousand and more, "9,4" is nine point four; None where it is none."""
    compact = text.replace(" ", "").rstrip(".,")
    if re.fullmatch(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?", compact):
        compact = compact.replace(",", "")
    try:
        return float(compact.replace(",", "."))
    except ValueError:
        return None


def read_result(text: str) -> Printed | None:
    """A result in print or in words; None where the words say no result."""
    match = None if re.match(r"^\s*[<>]?\s*1\s*:\s*\d+", text) else _PRINTED.match(text)  # a titre is no number
    if match and _is_value(match["unit"]):
        number = read_number(match["number"])
        if number is not None:
            sign = (match["sign"] or "").lower()
            comparator = None if not sign else "<" if sign in _BELOW else ">"
            unit, flag = _unit_and_flag(match["unit"])
            return Printed(number, comparator, unit, flag)
    flag = flag_of(text)
    return Printed(flag=flag) if flag else None


def _is_value(rest: str) -> bool:
    """ "500 times normal" and "7 lobes" begin with a number and are no measurement."""
    return not re.match(r"^(times|fold|x\s|-?fold|lobe|to\b|-\s*\d)", rest.strip(), re.IGNORECASE)


def _unit_and_flag(rest: str) -> tuple[str, str | None]:
    """ "pg/mL (low)" → ("pg/mL", "low")."""
    note = re.search(r"[(\[]([^)\]]*)[)\]]\s*$", rest)
    bare = rest[: note.start()].strip() if note and normalise(rest) is None else rest.strip()
    if normalise(bare) is not None:
        return bare, flag_of(note[1]) if note else None
    words = re.match(r"^(\S+)\s+(.*)$", bare)
    if words and normalise(words[1]):
        return words[1], flag_of(words[2])
    return bare, flag_of(rest)


def flag_of(text: str) -> str | None:
    """low, normal, high, positive, negative, borderline or abnormal; None where the words say none of them."""
    words = plain(text)
    multiple = re.search(r"([\d.]+)\s*(?:x|times)\s*(?:the\s+)?(?:uln|upper limit)", words)
    if multiple and float(multiple[1].rstrip(".")) <= 1:
        return "normal"
    if re.fullmatch(r"\s*\+{1,4}\s*", text):
        return "positive"
    for pattern, flag in _WORDS:
        if re.search(pattern, words):
            return flag
    single = {"h": "high", "l": "low", "n": "normal", "hh": "high", "ll": "low", "+": "positive", "-": "negative"}
    return single.get(text.strip().lower())


def read_range(text: str | None) -> tuple[float | None, float | None]:
    """Lower and upper limit of a printed reference range: "180-900", "<14", "> 3", "up to 40"."""
    words = (text or "").strip()
    span = _RANGE.search(words)
    if span:
        return read_number(span[1]), read_number(span[2])
    match = re.search(rf"(<=?|≤|up to|less than|below|>=?|≥|more than|over|above)\s*({_NUMBER})", words, re.IGNORECASE)
    if not match:
        return None, None
    number = read_number(match[2])
    upper = match[1].lower() in ("<", "<=", "≤", "up to", "less than", "below")
    return (None, number) if upper else (number, None)


def _name_key(name: str, thorough: bool) -> frozenset[str]:
    words = [fold(word) for word in re.findall(r"[a-z0-9%+]+", plain(name))]
    return frozenset(w for w in words if not (thorough and w in word_class("test_noise")))


@cache
def _tests() -> tuple[dict[frozenset[str], Test], dict[frozenset[str], Test]]:
    exact: dict[frozenset[str], Test] = {}
    loose: dict[frozenset[str], Test] = {}
    for row in read_csv("tests.csv"):
        test = Test(row["kind"], tuple(row["concepts"].split()), bool(row["note"]))
        exact.setdefault(_name_key(row["name"], thorough=False), test)
        loose.setdefault(_name_key(row["name"], thorough=True), test)
    return exact, loose


def test_of(name: str) -> Test | None:
    """What a test's name means, whatever the order of its words; None where the name is not known."""
    exact, loose = _tests()
    found = exact.get(_name_key(name, thorough=False))
    if found is None:
        key = _name_key(name, thorough=True)
        found = loose.get(key) if key else None
    without_note = re.sub(r"\([^)]*\)", "", name).strip()
    return found or (test_of(without_note) if without_note and without_note != name else None)
