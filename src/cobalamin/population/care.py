"""What the practice did: which result led to what, when treatment began, which, and what was looked for and coded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from cobalamin.population.background import Background
from cobalamin.population.complaints import Complaints, any_near, near_days
from cobalamin.population.inside import Doses, Inside
from cobalamin.population.people import NEVER, Array, Days, Flags, People
from cobalamin.population.rates import assay_log_sd, rates
from cobalamin.population.tests_taken import FIRST_TEST_DAY, Tests, markers_at

# The bands of NG239 Table 1 as the practice reads them, in the unit of the result: ng/L, pmol/L, pmol/L (active).
LOW, NORMAL = np.array([180.0, 133.0, 25.0]), np.array([350.0, 258.0, 70.0])
SYMPTOM_NEAR_DAYS = 90
NERVES_BEFORE_DAYS = 365
GROUNDS = ("none", "low", "raised_mma", "borderline", "normal", "untested", "prevention")
PREVENTION, UNTESTED = GROUNDS.index("prevention"), GROUNDS.index("untested")
PREVENTED_AFTER = ("gastrectomy", "gastric_bypass", "sleeve_gastrectomy")
PREVENTION_FIRST_DAYS = 14
INJECTIONS, HIGH_TABLETS, LOW_TABLETS = "injections", "tablets_1_mg", "tablets_50_ug"
DECLINED_AFTER_DAYS = 7


def kind_of(tests: Tests) -> NDArray[np.int64]:
    """Which pair of limits judges each test: 0 total in ng/L, 1 total in pmol/L, 2 active."""
    return np.where(tests.active, 2, np.where(tests.in_pmol, 1, 0))


@dataclass(frozen=True)
class Care:
    """One entry a person; days are NEVER where it did not happen.

    `grounds` is a place in GROUNDS: what treatment, or its refusal, rested on. `treatment` is empty without any.
    """

    begun: Days
    grounds: NDArray[np.int64]
    treatment: NDArray[np.str_]
    declined: Days
    antibody: Days
    antibody_positive: Flags
    pernicious_coded: Days
    deficiency_coded: Days
    nerves_at_start: Flags

    @property
    def prevented(self) -> Flags:
        """Who gets injections to prevent deficiency, not to treat it."""
        return np.asarray((self.grounds == PREVENTION) & (self.begun < NEVER))


@dataclass(frozen=True)
class Acids:
    """Methylmalonic acid asked for after borderline results: whose, when, printed in nmol/L."""

    person: NDArray[np.int64]
    day: Days
    nmol_l: Array


def untreated_results(inside: Inside, tests: Tests) -> tuple[Array, dict[str, Array]]:
    """What each test would print, and the true markers, if nobody were ever treated."""
    true = markers_at(inside, tests.person, tests.day, Doses.none())
    return tests.printed(true["serum_b12_pmol_l"], true["active_b12_pmol_l"]), true


def acids_after(tests: Tests, printed: Array, true_mma: Array, symptomatic: Flags, rng: Generator) -> Acids:
    """Some borderline results with symptoms lead to methylmalonic acid some weeks later."""
    kind = kind_of(tests)
    between = (printed >= LOW[kind]) & (printed <= NORMAL[kind])
    asked = between & symptomatic & (rng.random(len(tests)) < rates()["mma_after_borderline"])
    wait = 1 + np.floor(rng.exponential(rates()["mma_delay_days"], len(tests))).astype(np.int64)
    factor = np.exp(assay_log_sd()["mma_nmol_l"] * rng.standard_normal(len(tests)))
    done = np.flatnonzero(asked & (tests.day + wait <= 0))
    return Acids(tests.person[done], (tests.day + wait)[done], np.maximum(np.round(true_mma * factor)[done], 1.0))


def care_for(
    people: People, background: Background, complaints: Complaints, tests: Tests, printed: Array, acids: Acids,
    rng: Generator,
) -> Care:  # fmt: skip
    """Decide for everybody: the first test that leads to treatment or to a refusal ends the matter."""
    symptomatic = any_near(tests.person, tests.day, complaints, SYMPTOM_NEAR_DAYS, SYMPTOM_NEAR_DAYS)
    grounds, decided = _per_test(tests, printed, symptomatic, acids, rng)
    first = _first_per_person(tests.person, grounds > 0, len(people))
    at = np.where(first >= 0, first, 0)
    ground = np.where(first >= 0, grounds[at] if len(grounds) else 0, 0)
    day = np.where(first >= 0, decided[at] if len(decided) else NEVER, NEVER)
    ground, day = _untested(people, ground, day, rng)
    ground, day = _prevention(people, background, ground, day, rng)
    refused = (ground > 0) & (ground != PREVENTION) & (rng.random(len(people)) < rates()["declined"])
    wait = _wait(len(people), rng)
    begun = np.where((ground > 0) & ~refused, day + wait, NEVER)
    begun = np.where((begun <= 0) & (begun < people.died), begun, NEVER)
    declined = np.where(refused & (day + DECLINED_AFTER_DAYS <= 0), day + DECLINED_AFTER_DAYS, NEVER)
    return _treated(people, background, complaints, begun, (ground, declined), rng)


def _per_test(
    tests: Tests, printed: Array, symptomatic: Flags, acids: Acids, rng: Generator
) -> tuple[NDArray[np.int64], Days]:
    """What each test would lead to (a place in GROUNDS, 0 nothing), and the day on which it is known."""
    kind, chance = kind_of(tests), rng.random(len(tests))
    low, normal = printed < LOW[kind], printed > NORMAL[kind]
    between = ~low & ~normal
    followed, acid_day, acid = _acid_of(tests, acids)
    raised = followed & (acid > rates()["raised_mma_limit_nmol_l"])
    grounds = np.zeros(len(tests), np.int64)
    grounds[low & (chance < rates()["treat_low"])] = GROUNDS.index("low")
    grounds[between & raised & (chance < rates()["treat_raised_mma"])] = GROUNDS.index("raised_mma")
    trial = between & ~followed & symptomatic & (chance < rates()["treat_borderline"])
    grounds[trial] = GROUNDS.index("borderline")
    grounds[normal & symptomatic & (chance < rates()["treat_normal"])] = GROUNDS.index("normal")
    return grounds, np.where(followed, acid_day, tests.day)


def _acid_of(tests: Tests, acids: Acids) -> tuple[Flags, Days, Array]:
    """The first methylmalonic acid after each test within 90 days, if any."""
    keys, asked = acids.person * NEVER + acids.day, tests.person * NEVER + tests.day
    order = np.argsort(keys)
    place = np.searchsorted(keys[order], asked, side="right")
    inside = place < len(keys)
    found = order[np.minimum(place, max(len(keys) - 1, 0))] if len(keys) else np.zeros(len(asked), np.int64)
    if not len(keys):
        return np.zeros(len(asked), bool), np.full(len(asked), NEVER), np.zeros(len(asked))
    near = inside & (keys[found] - asked <= SYMPTOM_NEAR_DAYS) & (acids.person[found] == tests.person)
    return near, acids.day[found], acids.nmol_l[found]


def _first_per_person(person: NDArray[np.int64], wanted: Flags, n: int) -> NDArray[np.int64]:
    """The place of the first wanted entry of each person, -1 where there is none; `person` is sorted."""
    first = np.full(n, -1)
    places = np.flatnonzero(wanted)[::-1]
    first[person[places]] = places
    return first


def _untested(people: People, ground: NDArray[np.int64], day: Days, rng: Generator) -> tuple[NDArray[np.int64], Days]:
    """Some are put on injections without any test at all."""
    n = len(people)
    since = np.maximum(people.adult_since, FIRST_TEST_DAY)
    when = since + np.floor(rng.random(n) * np.maximum(-since, 1)).astype(np.int64)
    here = people.adult & (rng.random(n) < rates()["treat_untested"]) & (ground == 0)
    return np.where(here, UNTESTED, ground), np.where(here, when, day)


def _prevention(
    people: People, background: Background, ground: NDArray[np.int64], day: Days, rng: Generator
) -> tuple[NDArray[np.int64], Days]:
    """After an operation on the stomach some are put on injections before anything is lacking."""
    wait = PREVENTION_FIRST_DAYS + np.floor(rng.exponential(rates()["prevention_delay_days"], len(people)))
    when = np.minimum(background.known, 0) + wait.astype(np.int64)
    operated = np.isin(background.absorption, PREVENTED_AFTER) & (background.known <= 0)
    chosen = operated & people.adult & (rng.random(len(people)) < rates()["prevented_after_surgery"])
    chosen &= (when < 0) & (when < day)
    return np.where(chosen, PREVENTION, ground), np.where(chosen, when, day)


def _wait(n: int, rng: Generator) -> Days:
    slow = rng.random(n) < rates()["treatment_slow"]
    mean = np.where(slow, rates()["treatment_slow_days"], rates()["treatment_delay_days"])
    return np.asarray(np.floor(rng.exponential(1.0, n) * mean).astype(np.int64))


def _treated(
    people: People, background: Background, complaints: Complaints, begun: Days,
    refusals: tuple[NDArray[np.int64], Days], rng: Generator,
) -> Care:  # fmt: skip
    """Antibody, codes and the kind of treatment of those who begin; nothing of it for all others."""
    ground, declined = refusals
    n, started = len(people), begun < NEVER
    gastritis = background.has("autoimmune_gastritis")
    asked = started & ~np.isin(ground, (UNTESTED, PREVENTION)) & (rng.random(n) < rates()["antibody_tested"])
    positive = asked & gastritis & (rng.random(n) < rates()["antibody_sensitivity"])
    share = np.where(positive, rates()["pernicious_coded_if_positive"], rates()["pernicious_coded_otherwise"])
    pernicious = started & gastritis & (rng.random(n) < share)
    lifelong_known = positive | pernicious | (background.lifelong & (background.known <= begun))
    injected = rng.random(n) < np.where(
        lifelong_known, rates()["injection_if_lifelong"], rates()["injection_otherwise"]
    )
    injected |= np.isin(ground, (UNTESTED, PREVENTION))
    tablets = np.where(rng.random(n) < rates()["tablet_high_dose"], HIGH_TABLETS, LOW_TABLETS)
    nerve = complaints.of_nerves()
    nerves = near_start(begun, complaints.person[nerve], complaints.day[nerve], background.neuropathy)
    after = begun + rng.integers(5, 40, n)
    coded = started & (ground != PREVENTION) & (rng.random(n) < rates()["deficiency_coded"])
    return Care(
        begun=begun, grounds=ground,
        treatment=np.where(started, np.where(injected, INJECTIONS, tablets), ""),
        declined=declined, antibody=np.where(asked, begun, NEVER), antibody_positive=positive,
        pernicious_coded=np.where(pernicious & (after <= 0), after, NEVER),
        deficiency_coded=np.where(coded, begun, NEVER),
        nerves_at_start=nerves,
    )  # fmt: skip


def near_start(begun: Days, person: NDArray[np.int64], day: Days, neuropathy: Days) -> Flags:
    """Who had a nerve complaint in the year before treatment began, or a coded neuropathy by then."""
    told = near_days(np.arange(len(begun)), begun, person, day, NERVES_BEFORE_DAYS, 0)
    return (begun < NEVER) & (told | (neuropathy <= begun))
