"""What the model expects of one person under a regimen, before any result on treatment is looked at.

Markers and, where the person is anaemic before treatment, the blood count; never symptoms, never potassium. Less
treatment than the guidance gives is not shown to somebody who has, or may have, nerve symptoms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from cobalamin.errors import CobalaminError
from cobalamin.outlook.facts import Assessed, Facts, facts_of
from cobalamin.outlook.fit_said import Basis, Spread, plain

if TYPE_CHECKING:
    import numpy as np

    from cobalamin.outlook.domain import Refusal
    from cobalamin.outlook.person import Person
    from cobalamin.physiology.bodies import Bodies
    from cobalamin.physiology.courses import Dose
    from cobalamin.physiology.regimen_doses import Regimen

PEOPLE, LEAST_PEOPLE, MOST_PEOPLE = 1000, 50, 100_000
DAYS, MOST_DAYS = 365, 3650
GRID_STEPS = 120
WEEK, CLOSE_DAYS = 7, 30
AFTER_INJECTION = (0, 1, 3, 7, 10, 14, 21, 28)
SEED = 7

MARKERS = ("serum_b12_pmol_l", "active_b12_pmol_l", "mma_nmol_l", "homocysteine_umol_l")
COUNT = ("haemoglobin_g_dl", "mcv_fl", "reticulocyte_percent")
# From the label: potassium can fall fast when severe anaemia is treated. The model does not predict it.
SEVERE_HAEMOGLOBIN_G_DL, STRONG_RETICULOCYTES_PERCENT = 7.0, 15.0


@dataclass(frozen=True)
class Series:
    """One marker on the days of the grid; None where no level can be foretold so soon after an injection."""

    marker: str
    spreads: tuple[Spread | None, ...]


@dataclass(frozen=True)
class Course:
    """A regimen and what is expected under it. `notes` say how its words were taken.

    `less`: it ends, or doses are missed. `by_mouth`: it goes on as tablets.
    """

    regimen: str
    notes: tuple[str, ...]
    less: bool
    by_mouth: bool
    dose_dates: tuple[date, ...]
    series: tuple[Series, ...]


@dataclass(frozen=True)
class Expected:
    """Everything that is said. `not_shown`: regimens that were asked for and are not shown, each with the reason.

    `planned`: what the guidance itself gives, in the words of the report; "" where nobody added it.
    """

    patient_id: str
    on: date
    dates: tuple[date, ...]
    courses: tuple[Course, ...]
    not_shown: tuple[Refusal, ...]
    basis: tuple[Basis, ...]
    warnings: tuple[str, ...]
    people: int
    seed: int
    parameter_set: str
    guidance: str
    planned: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        found: dict[str, Any] = plain(asdict(self))
        return found


def expect(
    assessment: Assessed,
    regimens: Sequence[Regimen],
    patient_id: str | None = None,
    *,
    days: int = DAYS,
    people: int = PEOPLE,
    seed: int = SEED,
) -> Expected:
    """Bands under each regimen, begun on the day of decision and after all treatment on record.

    `days` ahead; `people` is the number of bodies drawn. Raises CobalaminError where the model may not speak about
    the person, where no regimen may be shown, and for numbers out of range.
    """
    from cobalamin.outlook.barred import why_not
    from cobalamin.outlook.domain import Unspoken, refuse
    from cobalamin.outlook.person import person_of

    _within("days", days, 7, MOST_DAYS)
    _within("people", people, LEAST_PEOPLE, MOST_PEOPLE)
    facts = facts_of(assessment, patient_id)
    refuse(facts)
    person = person_of(facts)
    barred = [why_not(facts, one, days) for one in regimens]
    refused = tuple(one for one in barred if one is not None)
    if len(refused) == len(regimens):
        raise Unspoken(facts.patient_id, "no regimen that was asked for is shown.", refused)
    shown = [one for one, why in zip(regimens, barred, strict=True) if why is None]
    today = person.past.day(facts.on)
    injected = [dose.day - today for one in shown for dose in _ahead(facts, one, today, days) if dose.route != "oral"]
    offsets = _grid(days, injected)
    bodies = person.bodies(people, seed)
    courses = [_course(facts, person, bodies, one, offsets) for one in shown]
    return Expected(
        patient_id=facts.patient_id,
        on=facts.on,
        dates=tuple(facts.on + timedelta(days=one) for one in offsets),
        courses=tuple(courses),
        not_shown=refused,
        basis=tuple(_basis(person)),
        warnings=tuple(_warnings(facts, person, courses)),
        people=people,
        seed=seed,
        parameter_set="default",
        guidance=facts.guideline.id,
    )


def _within(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise CobalaminError(f"{name} {value}: give a whole number from {low} to {high}.")


def _ahead(facts: Facts, regimen: Regimen, today: float, days: int) -> list[Dose]:
    """The doses of a regimen from the day of decision on."""
    from cobalamin.outlook.barred import first_day

    return regimen.doses(today + first_day(facts, regimen), today + days)


def _grid(days: int, injected: list[float]) -> list[int]:
    """Days ahead, close together where levels move fast: at first, and in the weeks after each injection."""
    step = max(WEEK, -(-days // GRID_STEPS))
    found = {*range(min(days, CLOSE_DAYS) + 1), *range(0, days + 1, step), days}
    found |= {round(day) + after for day in injected for after in AFTER_INJECTION}
    return sorted(day for day in found if day <= days)


def _course(facts: Facts, person: Person, bodies: Bodies, regimen: Regimen, offsets: list[int]) -> Course:
    import numpy as np

    from cobalamin.physiology.ahead import quiet
    from cobalamin.physiology.courses import Courses
    from cobalamin.physiology.simulate import simulate

    today = person.past.day(facts.on)
    ahead = _ahead(facts, regimen, today, offsets[-1])
    doses = [*person.past.doses, *ahead]
    when = today + np.array(offsets, dtype=float)
    counted = person.covariate("haemoglobin_g_dl") is not None
    markers = simulate(bodies, Courses.same(len(bodies), doses), when, blood_count=counted)
    series = []
    for name in (*MARKERS, *(COUNT if counted else ())):
        values = getattr(markers, name)
        if values is None:
            continue
        hidden = quiet(tuple(doses), name, when) if name in MARKERS else np.zeros(len(when), bool)
        series.append(Series(name, tuple(_spreads(values, hidden))))
    return _said(facts, regimen, today, ahead, series)


def _said(facts: Facts, regimen: Regimen, today: float, ahead: list[Dose], series: list[Series]) -> Course:
    from cobalamin.outlook.barred import first_day

    last = regimen.phases[-1] if regimen.phases else None
    goes_on = ("goes on from the last injection",) if first_day(facts, regimen) else ()
    return Course(
        str(regimen),
        (*regimen.notes, *goes_on),
        less=last is None or regimen.missed is not None or last.count is not None,
        by_mouth=last is not None and not last.injected,
        dose_dates=tuple(facts.on + timedelta(days=round(one.day - today)) for one in ahead),
        series=tuple(series),
    )


def _spreads(values: np.ndarray, hidden: np.ndarray) -> list[Spread | None]:
    import numpy as np

    from cobalamin.outlook.fit_said import SPREAD_AT

    known = values[~np.isnan(values).all(axis=1)]
    # Laid out day by day: the quantiles of a day then read one stretch of memory.
    at = np.quantile(np.ascontiguousarray(known.T), np.array(SPREAD_AT), axis=1)
    return [None if hide else Spread.of(column) for column, hide in zip(at.T, hidden, strict=True)]


def _basis(person: Person) -> list[Basis]:
    from cobalamin.outlook.fit_inputs import basis_of

    start = Basis("B12 before treatment", f"{person.start.median_pmol_l:.3g} pmol/L", person.start_stated)
    return [*basis_of(person), start]


def _warnings(facts: Facts, person: Person, courses: list[Course]) -> list[str]:
    from cobalamin.outlook.domain import domain

    said = []
    absent = domain(facts).assumed_absent
    if absent:
        said.append(f"Not on record and taken as absent: {', '.join(absent)}. If one is present, nothing here holds.")
    if _potassium(facts, courses):
        said.append(
            "Severe anaemia: potassium can fall fast in the first days of treatment. Check it before the first dose "
            "and in the first 48 hours; the model does not predict it."
        )
    if any(one.less for one in courses) and facts.term("r7_recorded"):
        said.append(
            "The cause on record does not go away. Levels that stay up for a while after missed doses or a stop show "
            "that stores last, not that treatment can be missed or ended."
        )
    if facts.outcome("route") == "injection" and any(one.by_mouth for one in courses):
        said.append(
            "The guidance gives this person injections. Levels that hold on tablets in the model say nothing against "
            "that: they hold only for somebody who takes every one."
        )
    said += [f"{one[:1].upper()}{one[1:]}." for one in person.past.assumed]
    return said


def _potassium(facts: Facts, courses: list[Course]) -> bool:
    """True where treatment is given to somebody severely anaemic, or a strong answer of the marrow is expected."""
    haemoglobin = facts.value("haemoglobin")
    severe = haemoglobin is not None and haemoglobin / 10 < SEVERE_HAEMOGLOBIN_G_DL
    treated = [course for course in courses if course.dose_dates]
    return bool(treated) and (severe or max(_peaks(treated), default=0.0) > STRONG_RETICULOCYTES_PERCENT)


def _peaks(courses: list[Course]) -> list[float]:
    return [
        max(one.median for one in series.spreads if one is not None)
        for course in courses
        for series in course.series
        if series.marker == "reticulocyte_percent"
    ]
