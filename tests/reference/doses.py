"""B12 treatment of one patient: when it began, what was given, at which interval, what is due."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from tests.reference.answers import Context, covered
from tests.reference.record import Fact
from tests.reference.spells import current_spell

ON_INJECTIONS = "status_b12_injections_current"
INJECTED = ("tx_hydroxocobalamin_injection", "tx_cyanocobalamin_injection", "proc_b12_injection", ON_INJECTIONS)
SWALLOWED = ("tx_cyanocobalamin_oral", "tx_hydroxocobalamin_oral")
BY_ROUTE = (
    "tx_hydroxocobalamin",
    "tx_cyanocobalamin",
    "tx_methylcobalamin",
    "tx_b12_any",
    "tx_cyanocobalamin_nasal",
    "tx_b12_folate_b6_combination",
)
STOPS = ("status_b12_injections_stopped", "care_injections_stopped_with_reason")
TABLETS_STOPPED = "care_oral_b12_stopped"
OTHER_PRODUCTS = ("hydroxocobalamin", "methylcobalamin")
COURSE_GAP_DAYS, MAINTENANCE_GAP_DAYS, STILL_ON_DAYS = 400, 14, 200
LOADING_WINDOW_DAYS, TABLETS_GRACE_DAYS, YEAR_DAYS = 21, 90, 365


def b12_facts(context: Context) -> list[Fact]:
    """Everything on record that is treatment with B12; multivitamins are not."""
    named = (*INJECTED, *SWALLOWED, *BY_ROUTE)
    found = [fact for name in named for fact in context.by_concept.get(name, []) if fact.present]
    return [*_known_by_their_stop(found, context), *sorted(found, key=lambda fact: fact.row)]


def _known_by_their_stop(found: list[Fact], context: Context) -> list[Fact]:
    """A stop that nothing on record came before tells of treatment that began on an unknown day."""
    stops = [fact for name in (*STOPS, TABLETS_STOPPED) for fact in context.by_concept.get(name, []) if fact.present]
    days = [fact.day for fact in found]
    earliest = min(((day or date.min) for day in days), default=None)
    return [
        replace(stop, day=None, when=None, end=date.min, point=False, value=None, every_days=None)
        for stop in sorted(stops, key=lambda fact: fact.row)
        if earliest is None or (stop.day is not None and earliest > stop.day)
    ]


def is_injected(fact: Fact) -> bool:
    """Given by needle: by its name, or by its route where the name leaves it open."""
    return fact.concept in (*INJECTED, *STOPS) or (fact.concept in BY_ROUTE and fact.route in ("im", "sc", "iv"))


def is_tablet(fact: Fact) -> bool:
    """Taken by mouth, under the tongue or through the nose."""
    by_route = fact.route in ("oral", "sublingual", "nasal")
    return not is_injected(fact) and (fact.concept in (*SWALLOWED, TABLETS_STOPPED) or by_route)


def is_schedule(fact: Fact) -> bool:
    """A regimen or a status, never a dose that was given."""
    return fact.concept == ON_INJECTIONS or fact.runs or fact.every_days is not None or not fact.point


@dataclass(frozen=True)
class Given:
    """An injection recorded as given: one a day, with the days since the one before it."""

    day: date
    gap: int | None
    ug: float | None


def injections_given(treatment: list[Fact]) -> list[Given]:
    """Injections recorded as given, in order; several of one day count once."""
    found: list[Given] = []
    for fact in treatment:
        if not is_injected(fact) or is_schedule(fact) or fact.day is None:
            continue
        if found and found[-1].day == fact.day:
            continue
        gap = (fact.day - found[-1].day).days if found else None
        found.append(Given(fact.day, gap, fact.value))
    return found


def dose_answers(context: Context) -> dict[str, Any]:
    """Every `doses.*` selector by name; null where nothing is known."""
    treatment = b12_facts(context)
    if not treatment:
        return {"elsewhere": _elsewhere(context)}
    given = injections_given(treatment)
    injected = [fact for fact in treatment if is_injected(fact)]
    found: dict[str, Any] = {"ever_treated": True, "ever_injected": bool(injected)}
    found |= _beginnings(treatment, injected, context) | _last(given, context) | _course(given, context)
    found |= _state(given, injected, treatment, context)
    found["on_cyanocobalamin"] = _cyanocobalamin(treatment)
    found["elsewhere"] = _elsewhere(context)
    return found


def _beginnings(treatment: list[Fact], injected: list[Fact], context: Context) -> dict[str, Any]:
    """The first day of treatment; unknown where some treatment has no date, since it may have come first."""
    first, first_injection = _earliest(treatment), _earliest(injected)
    begins = covered("treatment", context)
    reach = None
    if first_injection and begins and begins[0].day:
        reach = (first_injection - begins[0].day).days / 30.4375
    since = context.days_ago(first) if first else None
    return {"first_dose": first, "first_injection": first_injection, "days_since_first": since, "reach": reach}


def _earliest(found: list[Fact]) -> date | None:
    days = [fact.day for fact in found]
    return None if not days or None in days else min(days)  # type: ignore[type-var]


def _last(given: list[Given], context: Context) -> dict[str, Any]:
    if not given:
        return {}
    days = [context.days_ago(one.day) for one in given]
    return {
        "last_injection": given[-1].day,
        "days_since_last_injection": days[-1],
        "injections": len(given),
        "injections_12m": sum(1 for ago in days if ago < YEAR_DAYS),
    }


def _course(given: list[Given], context: Context) -> dict[str, Any]:
    begins = [one.day for one in given if one.gap is None or one.gap > COURSE_GAP_DAYS]
    if not begins:
        return {}
    start = begins[-1]
    end = start + timedelta(days=LOADING_WINDOW_DAYS)
    loading = sum(1 for one in given if start <= one.day <= end)
    return {"course_start": start, "days_since_course_start": context.days_ago(start), "loading": loading}


def _state(given: list[Given], injected: list[Fact], treatment: list[Fact], context: Context) -> dict[str, Any]:
    """Still on injections, on tablets, at which interval, and what is due."""
    running = [fact for fact in injected if is_schedule(fact) and fact.runs]
    last = given[-1].day if given else None
    stopped = _stopped(last, running, context)
    tablets = _tablets(treatment, context)
    recent = last is not None and context.days_ago(last) <= STILL_ON_DAYS
    switched = not running and last is not None and tablets["began"] is not None and tablets["began"] > last
    on_injections = (bool(running) or recent) and not stopped and not switched
    scheduled = [fact.every_days for fact in running if fact.every_days is not None]
    interval = scheduled[-1] if scheduled else _usual_gap(given)
    due = last + timedelta(days=round(interval)) if on_injections and last and interval else None
    return {
        "stopped": stopped if injected else None,
        "on_injections": on_injections,
        "schedule_running": bool(running) and not stopped,
        "interval": interval,
        "due": due,
        "overdue": (context.on - due).days if due else None,
        "last_injection_ug": _dose(given, running),
        "on_oral": tablets["taken"],
        "oral_ug_day": tablets["ug_day"],
        "days_on_oral": context.days_ago(tablets["began"]) if tablets["began"] else None,
    }


def _stopped(last: date | None, running: list[Fact], context: Context) -> bool:
    """A stop counts when no dose was given and no schedule began after it."""
    stops = [fact for name in STOPS for fact in context.by_concept.get(name, []) if fact.present]
    latest = max([fact.day for fact in running if fact.day] + [last or date.min], default=date.min)
    return any((fact.day or date.min) >= latest for fact in stops)


def _usual_gap(given: list[Given]) -> float | None:
    gaps = [one.gap for one in given if one.gap and MAINTENANCE_GAP_DAYS <= one.gap <= COURSE_GAP_DAYS]
    return float(statistics.median(gaps[-3:])) if gaps else None


def _dose(given: list[Given], running: list[Fact]) -> float | None:
    if given and given[-1].ug is not None:
        return given[-1].ug
    doses = [fact.value for fact in running if fact.value is not None]
    return doses[-1] if doses else None


def _tablets(treatment: list[Fact], context: Context) -> dict[str, Any]:
    """Tablets since the latest stop of them: taken now, how much a day, and when the present spell began."""
    stops = [fact.day or date.min for fact in context.by_concept.get(TABLETS_STOPPED, []) if fact.present]
    tablets = [fact for fact in treatment if is_tablet(fact)]
    tablets = [fact for fact in tablets if not any(stop >= (fact.day or date.min) for stop in stops)]
    current = [f for f in tablets if f.end is None or context.days_ago(f.end) <= TABLETS_GRACE_DAYS]
    if not current:
        return {"taken": False, "ug_day": None, "began": None}
    value, every = current[-1].value, current[-1].every_days
    spell = current_spell(tablets, context.on, TABLETS_GRACE_DAYS)
    undated = any(fact.day is None for fact in tablets)
    return {
        "taken": True,
        "ug_day": None if value is None else value / (every or 1.0),
        "began": None if undated or spell is None else spell.first,
    }


def _cyanocobalamin(treatment: list[Fact]) -> bool | None:
    """The running and the latest products: yes if any is cyanocobalamin, unknown where one does not say."""
    products = [fact.concept for fact in treatment if fact.runs] + [treatment[-1].concept]
    if any("cyanocobalamin" in product for product in products):
        return True
    named = all(any(other in product for other in OTHER_PRODUCTS) for product in products)
    return False if named else None


def _elsewhere(context: Context) -> bool | None:
    names = ("care_given_elsewhere", "pref_self_injects")
    said = any(fact.present for name in names for fact in context.by_concept.get(name, []))
    return True if said else None
