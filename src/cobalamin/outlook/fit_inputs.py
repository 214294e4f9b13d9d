"""From one person's facts to what a fit rests on: results and how far they count, doses, what goes on, limits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial

from cobalamin import units
from cobalamin.outlook.barred import never_drawn, why_not
from cobalamin.outlook.domain import domain, refuse
from cobalamin.outlook.facts import Facts
from cobalamin.outlook.fit_said import Basis, CourseSaid, Limit, RegimenSaid
from cobalamin.outlook.past import Given, Past
from cobalamin.outlook.person import Covariate, Person, person_of
from cobalamin.outlook.results import DatedResult
from cobalamin.outlook.sparser import YEAR_DAYS
from cobalamin.physiology.courses import Dose
from cobalamin.physiology.fit import Known
from cobalamin.physiology.likelihood import measured
from cobalamin.physiology.regimen_doses import Phase, Regimen

HALF_WEIGHT = 0.5  # from the end of the quiet days until twice as many
UNBOUNDED = float("inf")
# Marker -> threshold of the guideline, side, concept of its unit.
LIMITS = (
    ("serum_b12_pmol_l", "total_b12_deficient", "below", "lab_b12_total"),
    ("active_b12_pmol_l", "active_b12_deficient", "below", "lab_b12_active"),
    ("mma_nmol_l", "mma_raised_without_range", "above", "lab_mma_serum"),
    ("homocysteine_umol_l", "homocysteine_raised_without_range", "above", "lab_homocysteine"),
)
ALWAYS_LIMITED = ("serum_b12_pmol_l", "active_b12_pmol_l", "mma_nmol_l")


@dataclass(frozen=True)
class RecordedResult:
    """A result as the fit takes it: limits in the marker's unit, weight 0 where it is left out, and why."""

    marker: str
    date: date
    printed: str
    low: float
    high: float
    weight: float = 1.0
    why: str = ""


@dataclass(frozen=True)
class FitInputs:
    """Everything that one person's fit rests on.

    `hidden` says of an interval in days why it is not shown; "" where it is.
    """

    patient_id: str
    on: date
    day_zero: date
    known: Known
    basis: list[Basis]
    results: list[RecordedResult]
    courses: list[CourseSaid]
    regimen: RegimenSaid | None
    like: Dose | None
    limits: list[Limit]
    hidden: Callable[[float], str]
    warnings: list[str]
    guidance: str


def fit_inputs(facts: Facts) -> FitInputs:
    """What a fit of this person rests on.

    Raises Unspoken where the model may not speak.
    """
    refuse(facts, by_results=True)
    person = person_of(facts)
    past = person.past
    going_on = regimen_of(facts, past)
    never = never_drawn(facts, _as_drawn(going_on)) if going_on else None
    regimen = None if never else going_on
    like = Dose(0.0, regimen.dose_ug, regimen.form, regimen.route) if regimen else None
    return FitInputs(
        patient_id=facts.patient_id,
        on=facts.on,
        day_zero=past.day_zero,
        known=known_of(person),
        basis=list(basis_of(person)),
        results=[recorded(one, past) for one in past.results],
        courses=courses_of(past),
        regimen=regimen,
        like=like,
        limits=limits_of(facts, past),
        hidden=partial(why_hidden, facts, regimen),
        warnings=[*([never.reason] if never else []), *_warnings(facts, past)],
        guidance=f"{facts.guideline.id} {facts.guideline.version}",
    )


# The fit speaks of no blood count.
NAMES = {"age_years": "age", "male": "sex", "egfr": "eGFR", "folate_ng_ml": "folate", "weight_kg": "body weight"}


def known_of(person: Person) -> Known:
    """The person as the fit takes them: covariates on record as they are, others spread."""
    mine = [one for one in person.covariates if one.name in NAMES]
    unsure = {one.name: (one.value, one.log_sd) for one in mine if not one.stated and one.spread}
    exact = {one.name: one.value for one in mine if one.name not in unsure}
    return Known(person.past.doses, person.absorption.shares, exact, unsure)


def basis_of(person: Person) -> Iterator[Basis]:
    """What the model takes of a person, in words: recorded, or standing in."""
    for one in person.covariates:
        if one.name in NAMES:
            yield Basis(NAMES[one.name], _covariate_words(one), one.stated, spread=one.spread)
    yield Basis("absorption", "; ".join(person.absorption.reasons), person.absorption.known)


def _covariate_words(one: Covariate) -> str:
    if one.name == "male":
        return {1.0: "man", 0.0: "woman"}.get(one.value, "man or woman")
    return f"{one.value:.3g} {one.unit}".strip()


def recorded(one: DatedResult, past: Past) -> RecordedResult:
    """A result with its limits and its weight; what cannot be used says why."""
    low, high, why = _bounds(one)
    printed = _printed(one)
    if not why and one.date < past.day_zero:
        why = "before the stretch of time that the fit follows"
    if why:
        return RecordedResult(one.marker, one.date, printed, low, high, 0.0, why)
    weight, why = _weight(one, past)
    return RecordedResult(one.marker, one.date, printed, low, high, weight, why)


def _bounds(one: DatedResult) -> tuple[float, float, str]:
    """Limits of the true result; words count only where the laboratory's range is printed beside them."""
    if one.value is not None and one.value > 0:
        side = {"<": (0.0, one.value), ">": (one.value, UNBOUNDED)}
        return (*side.get(one.comparator or "", (one.value, one.value)), "")
    if one.value is not None:
        return 0.0, 0.0, "not a level that can be: it must be above 0"
    sides = {"low": (0.0, one.low), "high": (one.high, UNBOUNDED), "normal": (one.low or 0.0, one.high or UNBOUNDED)}
    low, high = sides.get(one.flag or "", (None, None))
    unbounded = low in (None, 0.0) and high in (None, UNBOUNDED)
    if low is None or high is None or unbounded or low >= high:
        return 0.0, UNBOUNDED, "in words, without the laboratory's range printed beside it"
    return low, high, ""


def _weight(one: DatedResult, past: Past) -> tuple[float, str]:
    """How much a result counts, by the days since the last injection before it; the same day counts as before."""
    before = [dose for dose in past.given if dose.route != "oral" and dose.date < one.date]
    if not before:
        return 1.0, ""
    last = max(before, key=lambda dose: dose.date)
    width, since = measured()[one.marker].quiet_days[last.form], (one.date - last.date).days
    days = f"{since} day{'' if since == 1 else 's'} after an injection of {last.form}"
    if since < width:
        return 0.0, f"{days}: levels in the first {width:g} days cannot be foretold"
    if since < 2 * width:
        return HALF_WEIGHT, f"{days}: counts half"
    return 1.0, ""


def _printed(one: DatedResult) -> str:
    if one.value is None:
        return one.flag or "?"
    value = f"{one.value:.0f}" if one.value >= 100 else f"{one.value:.3g}"
    return f"{one.comparator or ''}{value}"


def courses_of(past: Past) -> list[CourseSaid]:
    """What was given, one entry for each product, amount and route, in the order of their first days."""
    kinds: dict[tuple[str, str, float], list[Given]] = defaultdict(list)
    for one in past.given:
        kinds[one.form, one.route, one.dose_ug].append(one)
    return [
        CourseSaid(*kind, len(doses), sum(one.recorded for one in doses), doses[0].date, doses[-1].date)
        for kind, doses in kinds.items()
    ]


def regimen_of(facts: Facts, past: Past) -> RegimenSaid | None:
    """What goes on: the injections or tablets on record, or else the maintenance that the plan holds."""
    injected = [one for one in past.given if one.route != "oral"]
    if facts.is_yes("on_injections") and injected:
        return _injections(facts, injected[-1]) or _from_plan(facts)
    tablets = [one for one in past.given if one.route == "oral"]
    if facts.is_yes("on_oral_b12") and tablets:
        last = tablets[-1]
        return RegimenSaid(last.form, "oral", last.dose_ug, 1.0, facts.on, planned=False)
    return None


def _injections(facts: Facts, last: Given) -> RegimenSaid | None:
    every, due = facts.value("injection_interval_days"), facts.value("next_injection_due")
    if every is None or due is None:
        return None
    return RegimenSaid(last.form, last.route, last.dose_ug, float(every), due, planned=False)


def _from_plan(facts: Facts) -> RegimenSaid | None:
    """The guidance's maintenance, where only loading doses were given so far."""
    from cobalamin.physiology.courses import FORMS

    for item in facts.plan:
        form = next((form for form in FORMS if form in str(item.get("product") or "")), None)
        lasting = item["kind"] == "dose" and item["every_days"] and item["count"] is None
        if lasting and form and item["dose"] and item["dose_unit"] in ("mg", "ug") and item["route"] in ("im", "sc"):
            dose_ug = float(item["dose"]) * (1000 if item["dose_unit"] == "mg" else 1)
            due = max(item["due"] or facts.on, facts.on)
            return RegimenSaid(form, item["route"], dose_ug, float(item["every_days"]), due, planned=True)
    return None


def limits_of(facts: Facts, past: Past) -> list[Limit]:
    """The limits of the guideline; of metabolites the laboratory's own, where one is printed."""
    present = {one.marker for one in past.results}
    found = []
    for marker, name, beyond, concept in LIMITS:
        if marker in ALWAYS_LIMITED or marker in present:
            own = _own_limit(past, marker) if beyond == "above" else None
            limit = own or _guideline_limit(facts, (marker, name, beyond, concept))
            found += [limit] if limit else []
    return found


def _own_limit(past: Past, marker: str) -> Limit | None:
    printed = [one for one in past.results if one.marker == marker and one.high]
    if not printed or printed[-1].high is None:
        return None
    return Limit(marker, printed[-1].high, "above", f"the laboratory's range on {printed[-1].date}")


def _guideline_limit(facts: Facts, row: tuple[str, str, str, str]) -> Limit | None:
    marker, name, beyond, concept = row
    threshold = facts.guideline.thresholds.get(name)
    if threshold is None:
        return None
    unit = units.canonical_unit(concept)
    value = next((value for value, published in threshold.values if published == unit), None)
    if value is None:
        converted = units.convert(concept, *threshold.values[0])
        value = converted[0] if converted else None
    return Limit(marker, value, beyond, threshold.source.clause) if value else None


def why_hidden(facts: Facts, regimen: RegimenSaid | None, every_days: float) -> str:
    """Why the injections that go on are not shown at another interval; "" where they are. As they go on, always."""
    if regimen is None or every_days == regimen.every_days:
        return ""
    refusal = why_not(facts, _as_drawn(regimen, every_days), YEAR_DAYS)
    return refusal.reason if refusal else ""


def _as_drawn(one: RegimenSaid, every_days: float | None = None) -> Regimen:
    return Regimen((Phase(one.dose_ug, one.form, one.route, every_days or one.every_days),))


def _warnings(facts: Facts, past: Past) -> Iterator[str]:
    absent = domain(facts, by_results=True).assumed_absent
    if absent:
        yield f"Not on record and taken as absent: {', '.join(absent)}. If one is present, nothing here holds."
    for said in past.assumed:
        yield f"{said[:1].upper()}{said[1:]}."
    if facts.is_yes("on_injections") and facts.is_yes("on_oral_b12"):
        yield "Tablets are taken beside the injections; ahead only the injections are assumed to go on."
