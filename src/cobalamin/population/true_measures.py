"""The ten measures as they truly are: a second implementation over lives, which knows nothing of records.

Each gives an outcome a person: numerator (something should be done), met, excluded, open (too early to tell), or ""
where the measure does not concern the person. Durations: measures.csv, the same published rules that the audit reads
from its own file; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from cobalamin.population.care import LOW, NORMAL, kind_of
from cobalamin.population.complaints import near_days
from cobalamin.population.life import Life
from cobalamin.population.people import NEVER, Days, Flags
from cobalamin.population.rates import rates, rows

Outcome = NDArray[np.str_]
NUMERATOR, MET, EXCLUDED, OPEN, NONE = "numerator", "met", "excluded", "open", ""
SHORT_METFORMIN_DAYS, LONG_ACID_DAYS = 125, 366
PREGNANCY_WINDOW_DAYS = 280


@cache
def limits() -> dict[str, int]:
    """The numbers of measures.csv."""
    return {row["name"]: int(row["value"]) for row in rows("measures.csv")}


class Seen:
    """What the measures ask of lives, worked out once: registered adults, judged tests, first and last doses."""

    def __init__(self, life: Life) -> None:
        self.life, self.n = life, len(life.people)
        self.who = np.arange(self.n)
        self.registered = life.people.adult & (life.people.died == NEVER)
        tests = life.tests
        kind = kind_of(tests)
        self.low = life.printed < LOW[kind]
        self.normal = life.printed > NORMAL[kind]
        self.first = np.where(life.given.elsewhere, NEVER, life.care.begun)
        last = life.given.last_day(self.n)
        self.last = np.where(life.given.elsewhere, -NEVER, last)
        self.injected = self.last > -NEVER
        self.tablets = life.given.tablets_begun <= 0
        ended = np.isin(life.given.ended, ("stopped", "to_tablets"))
        # Who was lost still has injections to come: nobody ended them.
        self.schedule = life.given.on_injections & ~life.given.elsewhere & ~ended
        self.on_injections = self.schedule | ((self.last >= -200) & (life.given.ended == ""))
        self.raised_mma = _any(life.acids.person, life.acids.nmol_l > rates()["raised_mma_limit_nmol_l"], self.n)
        nerve = life.complaints.of_nerves()
        self.nerve_person, self.nerve_day = life.complaints.person[nerve], life.complaints.day[nerve]

    def nerves_near(self, person: NDArray[np.int64], day: Days, before: int, after: int) -> Flags:
        """Whether a nerve complaint lies near, or a neuropathy was known by then."""
        told = near_days(person, day, self.nerve_person, self.nerve_day, before, after)
        return np.asarray(told | (self.life.background.neuropathy[person] <= day + after))

    def pregnant(self, person: NDArray[np.int64], day: Days) -> Flags:
        """Whether the person was known to be pregnant on the day."""
        return np.asarray(day >= self.life.people.pregnant_since[person] + 30)

    @property
    def declined(self) -> Days:
        """When treatment was declined."""
        return self.life.care.declined


def _any(person: NDArray[np.int64], yes: Flags, n: int) -> Flags:
    found = np.zeros(n, bool)
    found[person[yes]] = True
    return found


def _first(person: NDArray[np.int64], chosen: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """The place of each person's first chosen entry; -1 without one. `chosen` is sorted by preference."""
    first = np.full(n, -1)
    first[person[chosen[::-1]]] = chosen[::-1]
    return first


def _outcome(concerned: Flags, layers: list[tuple[Flags, str]]) -> Outcome:
    """The first layer that is true decides; who is concerned and met by none is `met`."""
    outcome = np.where(concerned, MET, NONE).astype("<U9")
    for yes, name in reversed(layers):
        outcome = np.where(concerned & yes, name, outcome)
    return outcome


def low_untreated(seen: Seen) -> Outcome:
    """Measure 1: the first low result of two years from before treatment, and whether B12 followed in time."""
    tests, limit = seen.life.tests, limits()
    fits = seen.low & (tests.day >= -limit["low_lookback"]) & (tests.day <= seen.first[tests.person])
    pregnant = seen.pregnant(tests.person, tests.day) & ~tests.active
    index = np.flatnonzero(fits)
    index = index[np.lexsort((tests.day[index], pregnant[index]))]
    first = _first(tests.person, index, seen.n)
    concerned = (first >= 0) & seen.registered
    day = np.where(concerned, tests.day[first], 0)
    soon = limit["low_treated_by_if_urgent"]
    counts = seen.life.counts
    ill = counts.haemoglobin_g_l < limit["low_haemoglobin"]
    urgent = seen.nerves_near(seen.who, day, limit["low_signs_before"], soon) | near_days(
        seen.who, day, counts.person[ill], counts.day[ill], limit["low_count_before"], soon
    )
    due = day + np.where(urgent, soon, limit["low_treated_by"])
    late = seen.first > due
    declined = (seen.declined < NEVER) & (seen.declined >= day - 30)
    layers = [(pregnant[first], EXCLUDED), (declined, EXCLUDED), (late & (due > 0), OPEN), (late, NUMERATOR)]
    return _outcome(concerned, layers)


def indeterminate_left(seen: Seen) -> Outcome:
    """Measure 2: the first borderline result near a symptom within a year, and whether a step followed."""
    life, limit = seen.life, limits()
    tests, told = life.tests, life.complaints
    near, by = limit["borderline_symptom_near"], limit["borderline_decided_by"]
    between = ~seen.low & ~seen.normal & (tests.day >= -limit["borderline_lookback"])
    between &= near_days(tests.person, tests.day, told.person, told.day, near, near)
    first = _first(tests.person, np.flatnonzero(between), seen.n)
    concerned = (first >= 0) & seen.registered
    day = np.where(concerned, tests.day[first], 0)
    decided = near_days(seen.who, day, life.acids.person, life.acids.day, by, by)
    decided |= (seen.declined >= day) & (seen.declined <= day + by)
    decided |= life.care.deficiency_coded <= day + by
    decided |= seen.first <= day + by
    layers = [(seen.first < day, EXCLUDED), (~decided & (day + by > 0), OPEN), (~decided, NUMERATOR)]
    return _outcome(concerned, layers)


def injections_without_evidence(seen: Seen) -> Outcome:
    """Measure 3: regular injections, and whether anything shows why they began."""
    life, limit = seen.life, limits()
    recent = life.given.day > -limit["injected_recently"]
    here = recent & ~life.given.elsewhere[life.given.person]
    two = np.bincount(life.given.person[here], minlength=seen.n) >= 2
    half_yearly = life.given.interval_days <= 183
    concerned = (two | (seen.schedule & half_yearly)) & seen.registered
    evidence = _any(life.tests.person, seen.low, seen.n) | seen.raised_mma | seen_reasons(seen)
    return _outcome(concerned, [(life.care.prevented, EXCLUDED), (~evidence, NUMERATOR)])


def seen_reasons(seen: Seen) -> Flags:
    """An antibody, operation or code that explains injections by itself."""
    life = seen.life
    operated = np.isin(life.background.absorption, ("gastrectomy", "gastric_bypass", "sleeve_gastrectomy"))
    operated |= life.background.has("ileal_resection")
    return np.asarray(
        operated | life.care.antibody_positive | (life.care.pernicious_coded <= 0) | (life.background.neuropathy <= 0)
    )


def cause_not_sought(seen: Seen) -> Outcome:
    """Measure 4: proven before treatment, treated for half a year, and whether the cause is known or was sought."""
    life, limit = seen.life, limits()
    tests, acids = life.tests, life.acids
    proven = _any(tests.person, seen.low & (tests.day <= seen.first[tests.person]), seen.n)
    raised = (acids.nmol_l > rates()["raised_mma_limit_nmol_l"]) & (acids.day <= seen.first[acids.person])
    proven |= _any(acids.person, raised, seen.n)
    treated = (seen.on_injections | seen.tablets) & (seen.first <= -limit["treated_for"])
    sought = (life.care.antibody <= 0) | cause_on_record(seen)
    operated = np.isin(life.background.absorption, ("gastrectomy", "gastric_bypass"))
    operated |= life.background.has("ileal_resection")
    return _outcome(proven & treated & seen.registered, [(operated, EXCLUDED), (~sought, NUMERATOR)])


def cause_on_record(seen: Seen) -> Flags:
    """A cause that the practice knows: a diagnosis, an operation, the diet, nitrous oxide, or a medicine for long."""
    background = seen.life.background
    known = background.known <= 0
    medicine = (background.metformin < -SHORT_METFORMIN_DAYS) | (background.acid_tablet < -LONG_ACID_DAYS)
    return np.asarray(known | (seen.life.care.pernicious_coded <= 0) | medicine)


def irreversible_undertreated(seen: Seen) -> Outcome:
    """Measure 5: a lifelong cause that the practice knows, and whether an injection was given in time."""
    background, care = seen.life.background, seen.life.care
    lifelong = (background.has("gastrectomy") | background.has("ileal_resection")) & (background.known <= 0)
    lifelong |= care.antibody_positive | (care.pernicious_coded <= 0)
    recent = seen.last >= -limits()["lifelong_injected_within"]
    away = seen.life.given.elsewhere | chosen_tablets(seen)
    return _outcome(lifelong & seen.registered, [(away & ~recent, EXCLUDED), (~recent, NUMERATOR)])


def chosen_tablets(seen: Seen) -> Flags:
    """Tablets of 1 mg in place of injections by an informed choice that was talked over within a year."""
    given = seen.life.given
    latest = np.where(given.choice_again <= 0, given.choice_again, given.choice)
    return np.asarray((latest <= 0) & (latest >= -limits()["choice_reviewed_within"]))


def overdue(seen: Seen) -> Outcome:
    """Measure 6: maintenance late, first course broken, or a nerve course that ended without a plateau."""
    life, limit = seen.life, limits()
    given, since = life.given, -seen.first
    maintained = seen.injected & (-seen.last <= limit["course_gap"]) & ~np.isin(given.ended, ("stopped", "to_tablets"))
    begun = seen.injected & (since <= limit["begun_within"])
    stopped = (given.ended == "stopped") & begun
    layers = [
        (stopped, EXCLUDED),
        (maintained & late_dose(seen), NUMERATOR),
        (begun & course_broken(seen), NUMERATOR),
        (begun & plateau_missing(seen), NUMERATOR),
    ]
    return _outcome((maintained | begun) & seen.registered, layers)


def late_dose(seen: Seen) -> Flags:
    """Whose next injection is more than four weeks late."""
    return np.asarray(-seen.last - seen.life.given.interval_days > limits()["late_after"])


def course_broken(seen: Seen) -> Flags:
    """Fewer than five injections in the first three weeks, and these are over."""
    given, limit = seen.life.given, limits()
    early = given.day <= seen.first[given.person] + limit["loading_within"]
    few = np.bincount(given.person[early], minlength=seen.n) < limit["loading_doses"]
    return np.asarray(seen.injected & few & (-seen.first > limit["loading_within"]) & ~seen.life.care.prevented)


def plateau_missing(seen: Seen) -> Flags:
    """Nerves at the start, and no plateau noted by seven weeks."""
    limit = limits()
    nerves = seen.nerves_near(seen.who, np.where(seen.first < NEVER, seen.first, 0), 365, 30)
    over = -seen.first > limit["loading_within"] + limit["plateau_gap"]
    return np.asarray(seen.injected & nerves & ~(seen.life.given.plateau <= 0) & over & ~seen.life.care.prevented)


def metformin_untested(seen: Seen) -> Outcome:
    """Measure 7: metformin for four years, a sign of nerves or blood, and whether B12 was tested."""
    life, limit = seen.life, limits()
    signs = first_sign(seen, -limit["metformin_signs_within"])
    years = -life.background.metformin / 365.25
    concerned = (life.background.metformin <= 0) & (years >= limit["metformin_years"]) & (signs < NEVER)
    latest = np.full(seen.n, -NEVER)
    np.maximum.at(latest, life.tests.person, life.tests.day)
    tested = latest >= signs - limit["metformin_test_before"]
    on_b12 = seen.on_injections | seen.tablets
    return _outcome(concerned & seen.registered, [(on_b12, EXCLUDED), (~tested, NUMERATOR)])


def first_sign(seen: Seen, begin: int) -> Days:
    """The first sign of nerves or blood since `begin`; a neuropathy known before counts from then."""
    life, limit = seen.life, limits()
    counts = life.counts
    anaemic = np.where(life.people.male[counts.person], limit["anaemia_men"], limit["anaemia_women"])
    ill = (counts.haemoglobin_g_l < anaemic) | (counts.mcv_fl > limit["macrocytosis"])
    first = np.where(life.background.neuropathy <= 0, np.maximum(life.background.neuropathy, begin), NEVER)
    for person, day in ((seen.nerve_person, seen.nerve_day), (counts.person[ill], counts.day[ill])):
        kept = day >= begin
        np.minimum.at(first, person[kept], day[kept])
    return first


def folic_acid_untested(seen: Seen) -> Outcome:
    """Measure 8: folic acid begun within a year, and whether B12 was tested or given."""
    life, limit = seen.life, limits()
    begun = life.background.folic_acid
    concerned = (begun <= 0) & (begun >= -limit["folic_begun_within"])
    before, after = limit["folic_test_before"], limit["folic_test_after"]
    safe = near_days(seen.who, begun, life.tests.person, life.tests.day, before, after) | (seen.first <= begun)
    exempt = seen.pregnant(seen.who, begun) | (life.background.methotrexate <= 0)
    return _outcome(
        concerned & seen.registered, [(exempt, EXCLUDED), (~safe & (begun + after > 0), OPEN), (~safe, NUMERATOR)]
    )


def futile_tests(seen: Seen) -> Outcome:
    """Measure 9, one outcome a test: whether its result could help anybody."""
    life, limit = seen.life, limits()
    tests, given, reviews = life.tests, life.given, life.reviews
    concerned = (tests.day >= -limit["futile_lookback"]) & seen.registered[tests.person]
    here = ~given.elsewhere[given.person]
    injected = near_days(
        tests.person, tests.day - 1, given.person[here], given.day[here], limit["futile_after_injection"] - 1, 0
    )
    normal = near_days(
        tests.person,
        tests.day - 1,
        tests.person[seen.normal],
        tests.day[seen.normal],
        limit["futile_after_normal"] - 1,
        0,
    )
    worse = np.isin(reviews.concept, ("trend_worse", "trend_insufficient"))
    near = limit["futile_reason_near"]
    reason = near_days(tests.person, tests.day, reviews.person[worse], reviews.day[worse], near, near)
    return _outcome(concerned, [(reason, EXCLUDED), (injected | normal, NUMERATOR)])


def review_missed(seen: Seen) -> Outcome:
    """Measure 10: B12 begun four to fifteen months ago, and whether anybody asked how it went."""
    limit, reviews = limits(), seen.life.reviews
    concerned = (-seen.first >= limit["review_begun_to"]) & (-seen.first <= limit["review_begun_from"])
    early = seen.pregnant(seen.who, seen.first + limit["review_early_to"])
    begin = np.where(early, limit["review_early_from"], limit["review_from"])
    end = np.where(early, limit["review_early_to"], limit["review_to"])
    keys = np.sort(reviews.person * NEVER + reviews.day)
    low = np.searchsorted(keys, seen.who * NEVER + seen.first + begin, side="left")
    high = np.searchsorted(keys, seen.who * NEVER + seen.first + end, side="right")
    return _outcome(concerned & seen.registered, [(high <= low, NUMERATOR)])


MEASURES: dict[str, Callable[[Seen], Outcome]] = {
    "low_untreated": low_untreated, "indeterminate_left": indeterminate_left,
    "injections_without_evidence": injections_without_evidence, "cause_not_sought": cause_not_sought,
    "irreversible_undertreated": irreversible_undertreated, "overdue": overdue,
    "metformin_untested": metformin_untested, "folic_acid_untested": folic_acid_untested,
    "review_missed": review_missed,
}  # fmt: skip
