"""One part of a regimen in words, between two "then": dose, product, way, how often, how long."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from cobalamin.physiology.regimen_doses import Phase
from cobalamin.vocabulary.durations import COUNT, UNIT, read_duration
from cobalamin.vocabulary.schedules import (
    AMOUNT,
    NUMBER,
    ROUTES,
    STRENGTH,
    count_of,
    find_interval,
    find_times_a_day,
    read_dose,
)
from cobalamin.vocabulary.text import fold, word_class
from cobalamin.vocabulary.words import read_text

B12_PREFIXES = ("tx_hydroxocobalamin", "tx_cyanocobalamin", "tx_methylcobalamin", "tx_b12_any")
KNOWN = {
    "tx_hydroxocobalamin": "hydroxocobalamin",
    "tx_cyanocobalamin": "cyanocobalamin",
}
DOSE_CONCEPT = "tx_cyanocobalamin"  # all B12 products share their units
_CANNOT_TELL = "the model has no evidence that tells {} from what it knows, hydroxocobalamin and cyanocobalamin."
_UNKNOWN_WAYS = {
    "iv": "into a vein",
    "sublingual": "under the tongue",
    "nasal": "into the nose",
    "other": "on the skin",
}
_RANGE = re.compile(
    rf"(?<![\d.])(\d+(?:\.\d+)?)\s*(?:-|–|to|or)\s*(\d+(?:\.\d+)?)(?=[\s-]*(?:{UNIT}|monthly|weekly|daily|yearly|times)\b)"
)
_LENGTH = re.compile(
    rf"\b(?:for|over|during|x)\s+(?:about\s+)?(?:the\s+)?(?:first\s+|next\s+)?({COUNT}\s*-?\s*{UNIT})\b"
)
_SHORT_LENGTH = re.compile(r"\b(?:for|over|x)\s+(\d+/(?:7|52|12))\b")
_UNTIL = re.compile(rf"\b(?:until|till|up to)\s+(?:(day|week|month)\s+(\d+)|({COUNT}\s*-?\s*{UNIT}))\b")
_DAYS = re.compile(r"\b(?:on\s+)?days?\s+(\d+(?:\s*(?:,|and|&|\+)\s*(?:and\s+)?\d+)+)")
_COUNT = re.compile(
    rf"(?<![\w.])(?:x\s*)?{NUMBER}\s*(?:weekly |monthly |daily |loading )?(?:doses?|injections?|shots?|jabs?)\b"
    rf"|(?<!\w)[x×]\s*{NUMBER}\b(?!\s*(?:mg|mcg|ug|{UNIT}|daily|weekly|monthly)\b)"
)
_ONCE = re.compile(
    r"\b(?:once only|once|single (?:dose|injection)|one (?:dose|injection|shot) only|one-off|stat)\b"
    r"(?!\s*(?:a|per|every|daily|weekly|monthly|yearly)\b)"
)
_A_DAY = re.compile(
    rf"\b{NUMBER}\s*(?:times|x|×)?\s*(?:(?:a|per|each|/)\s*day|daily)\b(?!\s*(?:doses|injections|shots|jabs))"
)
_ONE_TABLET = re.compile(r"\b(?:1|one)\s+(tablet|capsule|injection|ampoule)\b(?=\s+of\b)")
_NEVER = re.compile(r"\bevery\s+0+(?:\.0+)?\s*\w+|\b0+\s*(?:times|x|/|doses|injections)")
_FOOD = re.compile(r"\bwith (?:food|meals?|breakfast)\b|\bafter (?:food|meals?)\b")
_FASTING = re.compile(
    r"\bbetween meals\b|\b(?:on an )?empty stomach\b|\bbefore (?:food|meals?|breakfast)\b|\bfasting\b"
)
_IM_NAMED = re.compile(ROUTES[0][0])


def _medicines(name: list[str]) -> list[str]:
    return [meaning.concept for meaning in read_text(" ".join(name), "treatment").meanings if meaning.present]


def _is_name(words: list[str]) -> bool:
    """True for the name of a medicine of which no word can be spared: "neo cytamen", not "cytamen daily"."""
    if len(words) == 1 and words[0] in word_class("regimen"):
        return False
    found = _medicines(words)
    return bool(found) and found != _medicines(words[1:]) and found != _medicines(words[:-1])


class RegimenProblem(Exception):
    """Why words are no regimen; a sentence."""


class Part:
    """Words of one part. Each reading takes its words away; what is left must be filler.

    `before`: the phase before it, which lends what is not said again; `began`: the day of that phase's last dose.
    """

    def __init__(self, words: str, before: Phase | None, began: float) -> None:
        self.words, self.before, self.began = words, before, began
        self.notes: list[str] = []

    def phase(self) -> Phase:
        """The phase that the words mean."""
        self._refuse_never()
        self.words = _ONE_TABLET.sub(r"\1", _RANGE.sub(self._range, self.words))
        days = self._take(_DAYS)
        until = self._until()
        length = self._length()
        dose = self._dose()
        fasting = self._fasting()
        every = self._every()
        count = self._count()
        route = self._route()
        form = self._form()
        self._refuse_left()
        dose_ug, form, route, fasting = self._what(dose, form, route, fasting)
        if days:
            return self._on_days(days, (dose_ug, form, route, fasting), every or until or length or count)
        every, count = self._timing(every, count, length, until)
        return Phase(dose_ug, form, route, every, count, (), fasting)

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.search(self.words)
        if match:
            self._remove(*match.span())
        return match

    def _remove(self, start: int, end: int) -> None:
        self.words = f"{self.words[:start]} {self.words[end:]}"

    def _refuse_never(self) -> None:
        if _NEVER.search(self.words):
            raise RegimenProblem("nothing can be given every 0 days, or 0 times.")

    def _range(self, match: re.Match[str]) -> str:
        """Of a range the smaller number: the shorter interval, the shorter loading; and the answer says so."""
        low, high = sorted((match[1], match[2]), key=float)
        self.notes.append(f'"{low} to {high}" was taken as {low}; write {high} to see the other')
        return low

    def _until(self) -> float | None:
        match = self._take(_UNTIL)
        if match:
            length = f"{match[2]} {match[1]}s" if match[1] else match[3]
            found = read_duration(length)
            return found[0] if found else None
        if re.search(r"\b(?:until|till)\b", self.words):
            raise RegimenProblem('"until" needs a day that can be drawn: until week 12, until 3 months, or 6 doses.')
        return None

    def _length(self) -> float | None:
        match = self._take(_LENGTH) or self._take(_SHORT_LENGTH)
        found = read_duration(match[1]) if match else None
        return found[0] if found else None

    def _dose(self) -> float | None:
        matches = [*STRENGTH.finditer(self.words)] or [*AMOUNT.finditer(self.words)]
        if not matches:
            return None
        before = self.words[: matches[0].start()].rstrip()
        if before.endswith(("-", "−", "minus")):
            raise RegimenProblem("a dose cannot be negative.")
        found = [read_dose(match[0], DOSE_CONCEPT) for match in matches]
        amounts = {dose.canonical for dose in found if dose is not None}
        for match in reversed(matches):
            self._remove(*match.span())
        if len(amounts) != 1:
            raise RegimenProblem(f"two doses in one part ({', '.join(match[0] for match in matches)}); which one?")
        amount = amounts.pop()
        if amount <= 0:
            raise RegimenProblem("a dose of 0 is no dose; for none, write no treatment.")
        return amount

    def _fasting(self) -> bool | None:
        food, fasting = self._take(_FOOD), self._take(_FASTING)
        if food and fasting:
            raise RegimenProblem("with food and between meals contradict each other.")
        return False if food else True if fasting else None

    def _every(self) -> float | None:
        found = self._interval()
        if found is not None:
            again = self._interval()
            if again is not None and abs(again - found) > 1e-9:
                raise RegimenProblem(
                    f'two intervals in one part ({found:g} and {again:g} days); put "then" between parts.'
                )
        return found

    def _interval(self) -> float | None:
        a_day = self._take(_A_DAY)
        if a_day:
            times_a_day = count_of(a_day[1])
            if times_a_day <= 0:
                raise RegimenProblem("nothing can be given 0 times a day.")
            return 1 / times_a_day
        times = find_times_a_day(self.words)
        interval = find_interval(self.words)
        if times and times.times > 1:
            self._remove(times.start, times.end)
            return 1 / times.times
        if interval is None:
            return None
        self._remove(interval.start, interval.end)
        if interval.days <= 0:
            raise RegimenProblem("nothing can be given every 0 days.")
        return interval.days

    def _count(self) -> int | None:
        match = self._take(_COUNT)
        if match:
            number = count_of(match[1] or match[2])
            if number < 1 or number != int(number):
                raise RegimenProblem(f"{number:g} doses cannot be given.")
            return int(number)
        return 1 if self._take(_ONCE) else None

    def _route(self) -> str | None:
        named = bool(_IM_NAMED.search(self.words))
        found = []
        for pattern, route in ROUTES:
            whole = re.compile(rf"(?:{pattern})\w*")
            while whole.search(self.words):
                self._take(whole)
                found.append(route)
        routes = set(found)
        if "sc" in routes and not named:
            routes.discard("im")  # "SC injection"
        if len(routes) > 1:
            raise RegimenProblem(f"two ways in one part ({', '.join(sorted(routes))}); which one?")
        return routes.pop() if routes else None

    def _form(self) -> str | None:
        concepts = set(self._products())
        if not all(concept.startswith(B12_PREFIXES) for concept in concepts):
            raise RegimenProblem("it names something other than vitamin B12 alone.")
        if any("nasal" in concept for concept in concepts):
            raise RegimenProblem(_CANNOT_TELL.format("B12 into the nose"))
        if "tx_methylcobalamin" in concepts:
            raise RegimenProblem(_CANNOT_TELL.format("methylcobalamin"))
        forms = {KNOWN[concept] for concept in concepts if concept in KNOWN}
        if len(forms) > 1:
            raise RegimenProblem("two products in one part; which one?")
        if concepts and not forms:
            raise RegimenProblem("which B12? Hydroxocobalamin and cyanocobalamin stay in the body differently.")
        return forms.pop() if forms else None

    def _products(self) -> Iterator[str]:
        """Concepts of medicines; each takes its words away, the longest names first."""
        words = re.findall(r"[^\s,.()]+", self.words)
        for length in (4, 3, 2, 1):
            place = 0
            while place + length <= len(words):
                name = words[place : place + length]
                if _is_name(name):
                    yield from _medicines(name)
                    del words[place : place + length]
                else:
                    place += 1
        self.words = " ".join(words)

    def _refuse_left(self) -> None:
        filler = word_class("regimen")
        left = [word for word in re.findall(r"[^\s,.():]+", self.words) if fold(word) not in filler]
        numbers = [word for word in left if re.fullmatch(r"-?[\d.,]+", word)]
        if numbers:
            raise RegimenProblem(f'"{numbers[0]}" has no unit: write mg, micrograms, weeks, doses, ...')
        if left:
            raise RegimenProblem(f'"{" ".join(left)}" was not understood.')

    def _what(
        self, dose: float | None, form: str | None, route: str | None, fasting: bool | None
    ) -> tuple[float, str, str, bool]:
        """Dose, form and way, with what was not said again taken from the phase before."""
        before = self.before
        if route in _UNKNOWN_WAYS:
            raise RegimenProblem(_CANNOT_TELL.format(f"B12 {_UNKNOWN_WAYS[route]}"))
        if before is not None:
            changed = form not in (None, before.form)
            dose, form = dose if dose is not None else before.dose_ug, form or before.form
            route = route or (None if changed else before.route)
            fasting = before.fasting if fasting is None else fasting
        if form is None:
            raise RegimenProblem("say which B12: hydroxocobalamin or cyanocobalamin.")
        if dose is None:
            raise RegimenProblem("no dose is stated; write it with its unit, such as 1 mg.")
        if route is None and form == "hydroxocobalamin":
            route = "im"
            self.notes.append("hydroxocobalamin without a way was taken as an injection into a muscle")
        if route is None:
            raise RegimenProblem("by injection or by mouth? Write IM, SC or oral.")
        if form == "hydroxocobalamin" and route == "oral":
            raise RegimenProblem("the model has no evidence on hydroxocobalamin by mouth; tablets are cyanocobalamin.")
        return dose, form, route, True if fasting is None or route != "oral" else fasting

    def _on_days(self, match: re.Match[str], what: tuple[float, str, str, bool], other: float | None) -> Phase:
        listed = [int(one) for one in re.findall(r"\d+", match[1])]
        if other:
            raise RegimenProblem(
                'listed days and an interval or length contradict each other; put "then" between parts.'
            )
        if self.before is not None:
            raise RegimenProblem("days can be listed only in the first part: they count from the first dose.")
        if listed != sorted(set(listed)):
            raise RegimenProblem("listed days must rise.")
        dose_ug, form, route, fasting = what
        return Phase(dose_ug, form, route, None, None, tuple(day - listed[0] for day in listed), fasting)

    def _timing(
        self, every: float | None, count: int | None, length: float | None, until: float | None
    ) -> tuple[float, int | None]:
        """Interval and number of doses; a length becomes a number."""
        if until is not None:
            if length is not None:
                raise RegimenProblem("it says for how long and until when; one is enough.")
            length = until - (self.began if self.before is not None else 0.0)
            if length <= 0:
                raise RegimenProblem("it ends before it begins.")
        if every is None and length is not None and count is not None:
            every = length / count
        if every is None and count == 1:
            return 1.0, 1
        if every is None:
            raise RegimenProblem("how often? Write daily, weekly, every 12 weeks, 3 times a week for 2 weeks, ...")
        if length is None:
            return every, count
        held = math.ceil(length / every - 1e-6)
        if length < every - 1e-6 and count != 1:
            raise RegimenProblem(f"a length of {length:g} days holds no second dose every {every:g} days.")
        if count is not None and count != held:
            raise RegimenProblem(f"{count} doses and {length:g} days contradict each other ({held} doses fit).")
        return every, held
