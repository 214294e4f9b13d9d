"""One person's way through the days: the start, and doses in their order."""

from __future__ import annotations

import math

import numpy as np

from cobalamin.physiology.compiled import Floats, Person, part
from cobalamin.physiology.courses import ORAL
from cobalamin.physiology.depot import OH, retained_ug
from cobalamin.physiology.markers import targets
from cobalamin.physiology.plasma import active_b12, store_scale
from cobalamin.physiology.state import (
    ABSORBED,
    ENDING,
    HAPTOCORRIN,
    HOMOCYSTEINE,
    MMA,
    NEXT,
    SEEN,
    Course,
    Doses,
    State,
)
from cobalamin.physiology.stores import (
    FAST,
    LA_CN,
    LA_OH,
    LF_CN,
    LF_OH,
    MODES,
    PF_CN,
    PF_OH,
    SLOW,
    Modes,
    labile_ug,
    split,
)

SAME_TIME = 1e-9  # d
UNCHANGED = 1e-12  # ug/d
DAYS_PER_YEAR = 365.25
ORAL_ROUTE = ORAL


@part
def begin(state: State, m: Modes, balance: Floats, p: Person) -> None:
    """Day 0 before the first dose: stores, supply and markers in balance with them."""
    for part_of_state in (state.amount, state.lost, state.injected_lost, state.consumed):
        part_of_state[:] = 0.0
    state.rung[0] = 0
    state.supply[:] = p.diet
    labile, slow = _first_stores(m, p)
    fast_part, slow_part = split(labile - m.steady[0] * p.diet, slow - m.steady[1] * p.diet, m)
    state.amount[FAST], state.amount[SLOW] = fast_part, slow_part
    state.marker[HAPTOCORRIN], state.marker[MMA], state.marker[HOMOCYSTEINE] = targets(labile, balance, p)
    if not math.isnan(p.start_serum_b12_pmol_l):
        rest = p.start_serum_b12_pmol_l - active_b12(p.diet, labile, p)
        state.marker[HAPTOCORRIN] = max(rest, 0.0)


@part
def _first_stores(m: Modes, p: Person) -> tuple[float, float]:
    """Labile and slow store (ug) on day 0: from serum B12, from years of depletion, or in balance with the diet."""
    if not math.isnan(p.start_serum_b12_pmol_l):
        scale = store_scale(p.start_serum_b12_pmol_l, p)
        return scale * p.L_n, scale * p.S_n
    labile, slow = m.steady[0] * p.diet, m.steady[1] * p.diet
    if math.isnan(p.years_since_absorption_lost):
        return labile, slow
    days = p.years_since_absorption_lost * DAYS_PER_YEAR
    fast_part, slow_part = split(p.L_n - labile, p.S_n - slow, m)
    fast_part *= math.exp(-m.rate[FAST] * days)
    slow_part *= math.exp(-m.rate[SLOW] * days)
    return labile + fast_part + slow_part, slow + m.to_slow[FAST] * fast_part + m.to_slow[SLOW] * slow_part


@part
def next_change(state: State, course: Course, p: Person) -> float:
    """Day of the next dose that changes anything; infinity after the last.

    A daily tablet takes over where yesterday's ends: such changes cancel and are passed over.
    """
    while True:
        _pass_over_tablets(state, course, p)
        day = _next_day(state, course, p)
        if day == np.inf:
            return day
        injected, cn, oh, new, ended = _changes(day, state, course, p)
        if injected or abs(cn) > UNCHANGED or abs(oh) > UNCHANGED:
            return day
        state.cursor[NEXT], state.cursor[ENDING] = new, ended


@part
def _pass_over_tablets(state: State, course: Course, p: Person) -> None:
    """Pass over tablets of which each begins, alone, where an equal one ends, alone. Only speed: see next_change."""
    doses, absorbed_ug, first = course.doses, course.absorbed_ug, course.first
    new, ended = state.cursor
    while new < course.last and ended < new and _relieves(new, ended, doses, course.last, p):
        if abs(absorbed_ug[new - first] - absorbed_ug[ended - first]) > UNCHANGED:
            break
        new, ended = new + 1, ended + 1
    state.cursor[NEXT], state.cursor[ENDING] = new, ended


@part
def _relieves(new: int, ended: int, doses: Doses, last: int, p: Person) -> bool:
    day = doses.day[new]
    return (
        doses.route[new] == ORAL_ROUTE
        and doses.route[ended] == ORAL_ROUTE
        and doses.form[new] == doses.form[ended]
        and abs(doses.day[ended] + p.tG - day) <= SAME_TIME
        and (new + 1 == last or doses.day[new + 1] > day + SAME_TIME)
        and (ended + 1 == last or doses.day[ended + 1] > doses.day[ended] + SAME_TIME)
    )


@part
def _next_day(state: State, course: Course, p: Person) -> float:
    doses = course.doses
    new, ended = state.cursor
    while ended < new and doses.route[ended] != ORAL_ROUTE:
        ended += 1
    state.cursor[ENDING] = ended
    starts = doses.day[new] if new < course.last else np.inf
    ends = doses.day[ended] + p.tG if ended < new else np.inf
    return min(starts, ends)


@part
def _changes(day: float, state: State, course: Course, p: Person) -> tuple[bool, float, float, int, int]:
    """At that day: whether there is an injection, change of supply by form (ug/d), and the cursors after it."""
    doses, absorbed_ug, first = course.doses, course.absorbed_ug, course.first
    new, ended = state.cursor
    injected, cn, oh = False, 0.0, 0.0
    while new < course.last and doses.day[new] <= day + SAME_TIME:
        if doses.route[new] != ORAL_ROUTE:
            injected = True
        elif doses.form[new] == OH:
            oh += absorbed_ug[new - first] / p.tG
        else:
            cn += absorbed_ug[new - first] / p.tG
        new += 1
    while ended < new and (doses.route[ended] != ORAL_ROUTE or doses.day[ended] + p.tG <= day + SAME_TIME):
        if doses.route[ended] == ORAL_ROUTE:
            if doses.form[ended] == OH:
                oh -= absorbed_ug[ended - first] / p.tG
            else:
                cn -= absorbed_ug[ended - first] / p.tG
        ended += 1
    return injected, cn, oh, new, ended


@part
def apply_changes(day: float, state: State, m: Modes, course: Course, p: Person) -> None:
    """Give all doses of that moment, and end those whose day is over."""
    doses = course.doses
    given = state.cursor[NEXT]
    _, cn, oh, new, ended = _changes(day, state, course, p)
    for i in range(given, new):
        if doses.route[i] != ORAL_ROUTE:
            inject(doses.dose_ug[i], doses.form[i], state, m, p)
    _supply(cn, oh, state, m, p)
    state.cursor[NEXT], state.cursor[ENDING] = new, ended
    state.rung[0], state.consumed[0] = 0, 0.0


@part
def inject(dose_ug: float, form: int, state: State, m: Modes, p: Person) -> None:
    """Put a dose into the muscle: what will be retained, and what will be lost."""
    kept = retained_ug(dose_ug, form, p)
    lost = dose_ug - kept
    per = m.per_oh if form == OH else m.per_cn
    for j in range(MODES):
        state.amount[j] += kept * per[j]
    muscle, plasma, mix = (LA_OH, LF_OH, PF_OH) if form == OH else (LA_CN, LF_CN, PF_CN)
    state.lost[muscle] += lost
    state.lost[plasma] -= lost * m.mix[mix]
    state.injected_lost[0] += lost


@part
def _supply(cn: float, oh: float, state: State, m: Modes, p: Person) -> None:
    """Change the steady supply; the stores do not jump."""
    state.supply[ABSORBED] += cn + oh
    state.supply[SEEN] += cn + p.qOH * oh
    for j in (FAST, SLOW):
        state.amount[j] += (cn + oh) * m.per_supply[j]


@part
def labile_now(state: State, m: Modes) -> float:
    """Labile store (ug)."""
    return labile_ug(state.amount, state.supply[ABSORBED], m)
