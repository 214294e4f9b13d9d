"""One person's way through the days: start, doses in their order, steps between them.

Steps are graded: short after each dose or change of supply, then longer in proportion to the time since. What changes
fast after a dose is so resolved in the hours after it, and weeks later a step may take weeks.
"""

from __future__ import annotations

import math

import numpy as np

from cobalamin.physiology.compiled import Floats, Person, part
from cobalamin.physiology.courses import ORAL
from cobalamin.physiology.depot import OH, retained_ug
from cobalamin.physiology.markers import step, targets
from cobalamin.physiology.plasma import active_b12, store_scale
from cobalamin.physiology.state import ABSORBED, HAPTOCORRIN, HOMOCYSTEINE, MMA, SEEN, Course, State
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
    decay,
    labile_ug,
    split,
)

FIRST_STEP = 0.002  # d
GROWTH = 0.6  # of a step over the time since the last dose
LONGEST_STEP = 24.0  # d
SAME_TIME = 1e-9  # d
UNCHANGED = 1e-12  # ug/d
DAYS_PER_YEAR = 365.25
ORAL_ROUTE = ORAL


@part
def begin(state: State, m: Modes, floors: Floats, p: Person) -> None:
    """Day 0 before the first dose: stores, supply and markers in balance with them."""
    for part_of_state in (state.amount, state.lost, state.injected_lost, state.since):
        part_of_state[:] = 0.0
    state.supply[:] = p.diet
    labile, slow = _first_stores(m, p)
    fast_part, slow_part = split(labile - m.steady[0] * p.diet, slow - m.steady[1] * p.diet, m)
    state.amount[FAST], state.amount[SLOW] = fast_part, slow_part
    state.marker[HAPTOCORRIN], state.marker[MMA], state.marker[HOMOCYSTEINE] = targets(labile, floors, p)
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
        day = _next_day(state, course, p)
        if day == np.inf:
            return day
        injected, cn, oh, new, ended = _changes(day, state, course, p)
        if injected or abs(cn) > UNCHANGED or abs(oh) > UNCHANGED:
            return day
        state.cursor[0], state.cursor[1] = new, ended


@part
def _next_day(state: State, course: Course, p: Person) -> float:
    doses = course.doses
    new, ended = state.cursor
    while ended < new and doses.route[ended] != ORAL_ROUTE:
        ended += 1
    state.cursor[1] = ended
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
    given = state.cursor[0]
    _, cn, oh, new, ended = _changes(day, state, course, p)
    for i in range(given, new):
        if doses.route[i] != ORAL_ROUTE:
            inject(doses.dose_ug[i], doses.form[i], state, m, p)
    _supply(cn, oh, state, m, p)
    state.cursor[0], state.cursor[1] = new, ended
    state.since[0] = 0.0


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
def march(state: State, m: Modes, days: float, floors: Floats, p: Person) -> None:
    """Let `days` pass without a dose."""
    left = days
    while left > 0.0:
        size = min(max(FIRST_STEP, GROWTH * state.since[0]), LONGEST_STEP)
        if size > 0.75 * left:
            size = left if size >= left else 0.5 * left
        step(state.marker, state, m, size, floors, p)
        decay(state.lost, m.lost_rate, size)
        state.since[0] += size
        left -= size


@part
def labile_now(state: State, m: Modes) -> float:
    """Labile store (ug)."""
    return labile_ug(state.amount, state.supply[ABSORBED], m)
