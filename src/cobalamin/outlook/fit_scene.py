"""The days of one person's fit: chosen draws, their levels over time, at other intervals, and after one more result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cobalamin.outlook.fit_inputs import FitInputs
from cobalamin.outlook.fit_said import SPREAD_AT, Band, IntervalSaid, Spread, TestSaid
from cobalamin.physiology.ahead import Candidate, Levels, Schedule, one_more, quiet
from cobalamin.physiology.branches import Branch, Followed, follow
from cobalamin.physiology.courses import Dose
from cobalamin.physiology.fit import Fit
from cobalamin.physiology.likelihood import MARKERS, Array, distribution, measured

WEEKS = (4, 6, 8, 10, 12, 16, 26)
AHEAD_DAYS = 365
PAST_DAYS = 3 * 365
BAND_STEPS = 16
SHAPE_DAYS = 28  # after a dose: levels fall fast until about then
TEST_WEEKS = (2, 4, 8, 13, 26)
SLACK_DAYS = 4.0  # intervals nearer than this are the same one
ALWAYS = ("serum_b12_pmol_l", "mma_nmol_l")
LEAST_DRAWS = 100


@dataclass(frozen=True)
class Scene:
    """One person's inputs and fit, and what follows from them; each part is made once."""

    inputs: FitInputs
    fit: Fit

    @cached_property
    def draws(self) -> NDArray[np.int64]:
        """Places of equally weighted draws of what the results leave possible."""
        return self.fit.posterior(max(LEAST_DRAWS, int(self.fit.sample.effective) // 3))

    @property
    def today(self) -> float:
        """The day of decision, in days since day 0."""
        return float((self.inputs.on - self.inputs.day_zero).days)

    @property
    def end(self) -> float:
        """The last day looked at."""
        return self.today + AHEAD_DAYS

    def on_date(self, day: float) -> date:
        """The calendar day of a day of the simulation."""
        return self.inputs.day_zero + timedelta(days=round(day))

    @property
    def injections_go_on(self) -> bool:
        """True where there is an interval to vary."""
        return self.inputs.like is not None and self.inputs.like.route != "oral"

    @cached_property
    def planned(self) -> list[Dose]:
        """The doses ahead if the regimen goes on; an overdue one is given today."""
        if self.inputs.regimen is None or self.inputs.like is None:
            return []
        first = max(float((self.inputs.regimen.next_date - self.inputs.day_zero).days), self.today)
        return Schedule(first, self.inputs.regimen.every_days).doses(self.inputs.like, self.end)

    @property
    def doses(self) -> list[Dose]:
        """Given and planned."""
        return [*self.inputs.known.doses, *self.planned]

    @cached_property
    def reliable_until(self) -> date | None:
        """Twice the time from the first dose (or result) to the last result that counts; None without follow-up."""
        used = [one.date for one in self.inputs.results if one.weight > 0]
        doses = self.inputs.known.doses
        first = self.on_date(min(dose.day for dose in doses)) if doses else min(used, default=None)
        if first is None or not used or max(used) <= first:
            return None
        return first + 2 * (max(used) - first)

    @cached_property
    def days(self) -> Array:
        """Days of the bands: an even grid, doses, ends of quiet times, and days of further tests."""
        start = max(0.0, self.today - PAST_DAYS)
        injections = [dose for dose in self.doses if dose.route != "oral"]
        given = np.array([dose.day for dose in injections], float)
        widths = measured()["serum_b12_pmol_l"].quiet_days
        quiet_ends = given + np.array([widths[dose.form] for dose in injections], float)
        tests = [day for day, _ in self._test_days()]
        every = np.concatenate(
            [np.linspace(start, self.end, BAND_STEPS).round(), given, quiet_ends, given + SHAPE_DAYS, tests]
        )
        return np.unique(every[(every >= start) & (every <= self.end)])

    @property
    def shown_markers(self) -> list[str]:
        """Markers with results, and those always shown."""
        wanted = {one.marker for one in self.inputs.results} | set(ALWAYS)
        return [marker for marker in MARKERS if marker in wanted]

    @property
    def _past_days(self) -> Array:
        return self.days[self.days <= self.today]

    def _going_on(self) -> Branch:
        return Branch(tuple(self.planned), tuple(self.days[self.days > self.today]))

    def _follow(self, draws: NDArray[np.int64], branches: list[Branch]) -> Followed:
        bodies, past = self.fit.bodies.take(draws), self.inputs.known.doses
        return follow(bodies, past, tuple(self._past_days), self.today, branches)

    @cached_property
    def _own(self) -> Followed:
        """The chosen draws: their past, then as things go on, then each interval that may be shown."""
        return self._follow(self.draws, [self._going_on(), *self._schedules.values()])

    @cached_property
    def _levels(self) -> Levels:
        """Levels of the chosen draws on the days of the bands, as things go on."""
        return _joined(self._own)

    def bands(self) -> list[Band]:
        """A band for each marker that is shown, beside that of as many draws of the prior."""
        own, usual = self._levels, _joined(self._follow(self.fit.prior(len(self.draws)), [self._going_on()]))
        dates = [self.on_date(day) for day in self.days]
        return [
            Band(one, dates, spreads(usual[one]), spreads(own[one]), quiet(self.doses, one, self.days).tolist())
            for one in self.shown_markers
        ]

    def _grid(self) -> list[float]:
        """Intervals in days: the usual ones, with the present one in place of one that is as good as the same."""
        now = self.inputs.regimen.every_days if self.inputs.regimen else 0.0
        return sorted([*(7.0 * weeks for weeks in WEEKS if abs(7.0 * weeks - now) > SLACK_DAYS), now])

    def _is_present(self, days: float) -> bool:
        return self.inputs.regimen is not None and days == self.inputs.regimen.every_days

    @cached_property
    def _schedules(self) -> dict[float, Branch]:
        """By interval that may be shown: its doses ahead, and the day before the dose after about a year."""
        regimen, like = self.inputs.regimen, self.inputs.like
        if regimen is None or like is None or not self.injections_go_on:
            return {}
        last = float((regimen.next_date - self.inputs.day_zero).days) - regimen.every_days
        found = {}
        for days in self._grid():
            if not self.inputs.hidden(days):
                schedule = Schedule(max(last + days, self.today), days)
                day = schedule.trough_day()
                found[days] = Branch(tuple(schedule.doses(like, day - 1)), (day,))
        return found

    @cached_property
    def _troughs(self) -> dict[float, tuple[float, Levels]]:
        """By interval that may be shown: the day, and each marker (n,) just before the dose of that day."""
        ahead = self._own.ahead[1:]
        return {
            days: (branch.days[0], {marker: found[marker][:, 0] for marker in MARKERS})
            for (days, branch), found in zip(self._schedules.items(), ahead, strict=True)
        }

    def intervals(self) -> list[IntervalSaid]:
        """The grid of intervals; none where no injections go on."""
        return [self._interval(days) for days in self._grid()] if self._troughs else []

    def _interval(self, days: float) -> IntervalSaid:
        present = self._is_present(days)
        if days not in self._troughs:
            return IntervalSaid(days, present, False, self.inputs.hidden(days), None, False, {}, [])
        day, found = self._troughs[days]
        on_day = self.on_date(day)
        beyond = self.reliable_until is None or on_day > self.reliable_until
        at = {marker: spreads(found[marker][:, None])[0] for marker in self.shown_markers}
        chances = [chance_beyond(found[one.marker], one.value, one.beyond) for one in self.inputs.limits]
        return IntervalSaid(days, present, True, "", on_day, beyond, at, chances)

    def _test_days(self) -> list[tuple[float, bool]]:
        """Just before the next injection, and some weeks from today."""
        days = [(self.today + 7.0 * weeks, False) for weeks in TEST_WEEKS]
        if self.injections_go_on and self.planned:
            days = [(self.planned[0].day, True), *(one for one in days if one[0] != self.planned[0].day)]
        return days

    def tests(self) -> list[TestSaid]:
        """What one more result would tell about the levels before an injection if the present regimen goes on."""
        present = next((found for days, (_, found) in self._troughs.items() if self._is_present(days)), None)
        if present is None:
            return []
        targets = {marker: present[marker] for marker in ALWAYS}
        chosen = list(self._candidates())
        ratios = one_more(self.fit, self.draws, [one for one, _ in chosen], self._levels, self.days, targets)
        return [
            TestSaid(one.marker, self.on_date(one.day), before, dict(zip(targets, map(float, ratios[k]), strict=True)))
            for k, (one, before) in enumerate(chosen)
        ]

    def _candidates(self) -> Iterator[tuple[Candidate, bool]]:
        """Each marker on each day on which its level can be foretold."""
        for marker in MARKERS:
            for day, before in self._test_days():
                if not quiet(self.doses, marker, np.array([day]))[0]:
                    yield Candidate(marker, day), before


def _joined(found: Followed) -> Levels:
    """Past and first branch end to end."""
    return {marker: np.concatenate([found.past[marker], found.ahead[0][marker]], axis=1) for marker in MARKERS}


def spreads(values: Array) -> list[Spread]:
    """Quantiles of equally weighted draws (n, k), one spread a column."""
    return [Spread.of(five) for five in np.quantile(values, SPREAD_AT, axis=0).T]


def chance_beyond(drawn: Array, limit: float, beyond: str) -> float:
    """Share of draws (n,) beyond a limit, each smeared by a quarter of their spread on the log scale.

    So some hundred draws give a chance of a few per cent without steps of one per cent.
    """
    logs = np.log(np.maximum(drawn, 1e-9))
    width = max(0.25 * float(logs.std()), 1e-6)
    above = float(distribution((logs - np.log(limit)) / width).mean())
    return above if beyond == "above" else 1 - above
