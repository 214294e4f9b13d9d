"""Where the model may speak about a person, and where it must not. Refusals with reason and remedy: refusals.csv.

What the record does not say is not taken as no in silence: it is listed, so that a picture names what it assumes.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files

from cobalamin.errors import CobalaminError
from cobalamin.outlook.absorption import absorption_of
from cobalamin.outlook.facts import Facts
from cobalamin.outlook.past import Past, past_of

DAYS_A_YEAR = 365.25


@dataclass(frozen=True)
class Refusal:
    """Why the model does not speak, and what to do instead. `regimen`: where only that one is not shown."""

    id: str
    reason: str
    do: str
    regimen: str | None = None


class Unspoken(CobalaminError):
    """Nothing is shown of a person: what is not done, and each reason with what to do instead."""

    def __init__(self, patient_id: str, what: str, refusals: tuple[Refusal, ...]) -> None:
        said = dict.fromkeys([what, *(part for one in refusals for part in (one.reason, one.do))])
        super().__init__(f"{patient_id}: {' '.join(said)}")
        self.what = what
        self.patient_id, self.refusals = patient_id, refusals

    def as_dict(self) -> dict[str, object]:
        """For JSON: who, what is not done, and each refusal with its id, its reason and what to do."""
        refused = [asdict(one) for one in self.refusals]
        return {"patient_id": self.patient_id, "not_done": self.what, "refused": refused}


@dataclass(frozen=True)
class Exclusion:
    """One row of refusals.csv: any of the findings is yes, or lies below a number.

    `asks` names in words what is taken as absent where the first finding is not on record; "" where nothing is.
    """

    refusal: Refusal
    asks: str
    findings: tuple[str, ...]
    below: float | None


@dataclass(frozen=True)
class Domain:
    """`refusals`: empty where the model may speak. `assumed_absent`: what nobody answered and is taken as no."""

    refusals: tuple[Refusal, ...]
    assumed_absent: tuple[str, ...]

    @property
    def speaks(self) -> bool:
        """True where nothing forbids it."""
        return not self.refusals


@cache
def exclusions() -> tuple[Exclusion, ...]:
    """All rows of refusals.csv in order."""
    text = (files("cobalamin.outlook") / "refusals.csv").read_text(encoding="utf-8")
    return tuple(
        Exclusion(
            Refusal(row["id"], row["reason"], row["do"]),
            row["asks"],
            tuple(row["findings"].split()),
            float(row["below"]) if row["below"] else None,
        )
        for row in csv.DictReader(text.splitlines())
    )


def domain(facts: Facts, *, by_results: bool = False) -> Domain:
    """Whether the model may speak about this person, and what it would take as absent.

    `by_results`: results on treatment will be used too, so that one of those is enough to begin with.
    """
    refused = [one.refusal for one in exclusions() if _holds(one, facts)]
    assumed = [one.asks for one in exclusions() if one.asks and facts.value(one.findings[0]) is None]
    past = past_of(facts)
    return Domain(
        (*_nothing_known(facts, past, by_results), *refused, *_treatment(past), *_contradictions(facts, past)),
        tuple(assumed),
    )


def refuse(facts: Facts, *, by_results: bool = False) -> None:
    """Raise Unspoken with every reason where the model may not speak about this person."""
    refusals = domain(facts, by_results=by_results).refusals
    if refusals:
        raise Unspoken(facts.patient_id, "the model does not speak about this person.", refusals)


def _holds(one: Exclusion, facts: Facts) -> bool:
    if one.below is None:
        return any(facts.is_yes(name) for name in one.findings)
    values = [facts.value(name) for name in one.findings]
    return any(value is not None and value < one.below for value in values)


def _nothing_known(facts: Facts, past: Past, by_results: bool) -> Iterator[Refusal]:
    if facts.value("age_years") is None:
        yield Refusal(
            "unknown_age",
            "Age is not on record: the model is for adults, and its markers shift with age.",
            "Add the age or the date of birth.",
        )
    enough = past.start is not None or (by_results and past.results)
    if not enough and not absorption_of(facts).known:
        yield Refusal(
            "nothing_to_start_from",
            "No serum B12 before treatment and no cause is on record: nothing says where this person's B12 begins.",
            "Add the B12 before treatment with its unit and date, or the cause.",
        )


def _treatment(past: Past) -> Iterator[Refusal]:
    """Treatment so far that the model cannot follow."""
    if past.unknown_products:
        yield Refusal(
            "unknown_product",
            f"The record holds {', '.join(past.unknown_products)}: the model knows hydroxocobalamin by injection and "
            "cyanocobalamin by injection or mouth, and nothing that tells other forms and ways from these.",
            "Follow the guidance and the symptoms; `cobalamin assess` gives it.",
        )
    if past.unclear:
        yield Refusal(
            "treatment_unclear",
            f"B12 was given before, but not all is known of it: {'; '.join(past.unclear)}.",
            "Add the doses with their days, or the schedule with the day it began.",
        )


def _contradictions(facts: Facts, past: Past) -> Iterator[Refusal]:
    """Entries that cannot all be true."""
    age = facts.value("age_years")
    days = [*(one.date for one in past.results), *(one.date for one in past.given)]
    if age is not None and days and min(days) < facts.on - timedelta(days=round((age + 1) * DAYS_A_YEAR)):
        yield Refusal(
            "before_birth",
            f"An entry of {min(days)} lies before birth (age {age:g} on {facts.on}).",
            "Correct the date or the age.",
        )
    by_day: dict[date, set[tuple[str, float]]] = defaultdict(set)
    for one in past.given:
        if one.route != "oral" and one.recorded:
            by_day[one.date].add((one.form, one.dose_ug))
    for day, kinds in by_day.items():
        if len(kinds) > 1:
            named = " and ".join(f"{form} {dose_ug:g} ug" for form, dose_ug in sorted(kinds))
            reason = f"On {day} the record holds two different injections: {named}."
            yield Refusal("contradictory_doses", reason, "Correct one of them.")
