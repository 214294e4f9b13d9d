"""The posterior beside a long Markov chain: another sampler, and a likelihood written again on SciPy.

Many chains side by side, a Metropolis step each time with the covariance of all chains so far (adaptive Metropolis,
Haario 2001); every score and the start are free. Shares with the fit only the simulation and the errors' sizes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from cobalamin.physiology.courses import Courses
from cobalamin.physiology.fit import Known, bodies_of, fit, score_names
from cobalamin.physiology.likelihood import MARKERS, Result, measured, measurement_error
from cobalamin.physiology.simulate import simulate
from validation.fit.people import START, designs, people

CHAINS, BURN_IN, STEPS, EVERY = 96, 700, 1500, 5
SHOWN = ("B_n", "kb", "L50M", "M0", START)
AT = (0.05, 0.5, 0.95)
# Standard error of a normal sample's quantile, in SDs over root n.
QUANTILE_ERROR = np.array([2.11, 1.25, 2.11])
ALLOWED = 3.5  # standard errors, over some seventy comparisons
NODES = 41


def log_likelihood(known: Known, results: list[Result], scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log likelihood (n,) and the levels ahead that are asked about (n, 2): B12 and MMA half a year on."""
    named = dict(zip(score_names(known), scores.T, strict=True))
    bodies = bodies_of(known, named, np.zeros(len(scores), np.int64))
    ahead = max(dose.day for dose in known.doses) + 84.0
    days = np.array(sorted({one.day for one in results} | {ahead}))
    markers = simulate(bodies, Courses.same(len(scores), known.doses), days)
    level = {name: np.log(getattr(markers, name)) for name in MARKERS}
    place = {day: k for k, day in enumerate(days)}
    total = np.zeros(len(scores))
    for name in MARKERS:
        mine = [one for one in results if one.marker == name]
        if mine:
            predicted = np.column_stack([level[name][:, place[one.day]] for one in mine])
            total += _one_laboratory(predicted, mine, name)
    asked = np.column_stack([level[name][:, place[ahead]] for name in ("serum_b12_pmol_l", "mma_nmol_l")])
    return total, asked


def _one_laboratory(predicted: np.ndarray, results: list[Result], name: str) -> np.ndarray:
    """Student-t errors around prediction and shift; the shift summed over a fine grid."""
    scale, sd = measurement_error().scale[MARKERS.index(name)], measured()[name].shift_log_sd
    shifts = np.linspace(-5, 5, NODES) * sd if sd else np.zeros(1)
    share = stats.norm.pdf(shifts / sd) if sd else np.ones(1)
    joint = np.zeros((len(predicted), len(shifts)))
    for j, one in enumerate(results):
        centre = predicted[:, j, None] + shifts
        if one.low == one.high:
            joint += stats.t.logpdf((np.log(one.low) - centre) / scale, 4) - np.log(scale)
        else:
            upper = stats.t.cdf((np.log(one.high) - centre) / scale, 4) if np.isfinite(one.high) else 1.0
            lower = stats.t.cdf((np.log(one.low) - centre) / scale, 4) if one.low > 0 else 0.0
            joint += np.log(upper - lower)
    top = joint.max(axis=1, keepdims=True)
    return np.asarray(top[:, 0] + np.log((np.exp(joint - top) * share / share.sum()).sum(axis=1)))


@dataclass(frozen=True)
class Chain:
    """Kept states: scores (k, d) and levels asked (k, 2); how many independent draws they are worth, at least."""

    scores: np.ndarray
    asked: np.ndarray
    effective: float
    accepted: float


def chain(known: Known, results: list[Result], seed: int) -> Chain:
    """Run the chains from the prior."""
    rng = np.random.default_rng(seed)
    d = len(score_names(known))
    state = rng.standard_normal((CHAINS, d))
    found, asked = log_likelihood(known, results, state)
    found = found - 0.5 * (state**2).sum(axis=1)
    kept_scores, kept_asked, accepted, factor, root = [], [], 0.0, 2.38 / np.sqrt(d), np.eye(d)
    for step in range(BURN_IN + STEPS):
        if step % 20 == 0 and step <= BURN_IN:
            root = np.linalg.cholesky(np.cov(state.T) + 0.02 * np.eye(d))
        wide = factor * (1.0 if rng.random() < 0.9 else 0.3)
        proposed = state + wide * rng.standard_normal((CHAINS, d)) @ root.T
        more, more_asked = log_likelihood(known, results, proposed)
        more = more - 0.5 * (proposed**2).sum(axis=1)
        taken = np.log(rng.random(CHAINS)) < more - found
        state[taken], found[taken], asked[taken] = proposed[taken], more[taken], more_asked[taken]
        if step < BURN_IN:
            factor *= np.exp((taken.mean() - 0.234) * 0.05)
        else:
            accepted += taken.mean() / STEPS
            if step % EVERY == 0:
                kept_scores.append(state.copy())
                kept_asked.append(asked.copy())
    scores, levels = np.stack(kept_scores), np.stack(kept_asked)
    shown = np.concatenate([scores[:, :, [score_names(known).index(name) for name in SHOWN]], levels], axis=2)
    effective = min(_effective(shown[:, :, k]) for k in range(shown.shape[2]))
    return Chain(scores.reshape(-1, d), levels.reshape(-1, 2), effective, accepted)


def _effective(series: np.ndarray) -> float:
    """Independent draws in (steps, chains): autocorrelation summed until it falls below 0.05."""
    centred = series - series.mean()
    variance = float((centred**2).mean())
    total = 1.0
    for lag in range(1, len(series) // 2):
        correlation = float((centred[:-lag] * centred[lag:]).mean()) / variance
        if correlation < 0.05:
            break
        total += 2 * correlation
    return series.size / total


def main(handful: int) -> int:
    """Fit and chain side by side for some people of each kind; satisfied where they agree within drawing error."""
    worst, compared = 0.0, 0
    for k, design in enumerate(designs()[:handful]):
        person = next(iter(people(design, 1, seed=900 + k)))
        ours = fit(person.known, person.results, draws=4000, seed=1)
        theirs = chain(person.known, person.results, seed=2)
        _, asked = log_likelihood(person.known, person.results, ours.sample.scores)
        names = [score_names(person.known).index(name) for name in SHOWN]
        left = np.column_stack([ours.sample.scores[:, names], asked])
        right = np.column_stack([theirs.scores[:, names], theirs.asked])
        print(
            f"\n{design.name}: fit worth {ours.sample.effective:.0f} draws, chain {theirs.effective:.0f} "
            f"(accepted {100 * theirs.accepted:.0f} %)\n{'':<14}{'fit 5 %':>9}{'50 %':>8}{'95 %':>8}{'chain 5 %':>12}"
            f"{'50 %':>8}{'95 %':>8}{'apart, SE':>12}"
        )
        error = QUANTILE_ERROR * np.sqrt(1 / ours.sample.effective + 1 / theirs.effective)
        for j, name in enumerate((*SHOWN, "ln B12 ahead", "ln MMA ahead")):
            a = _quantiles(left[:, j], ours.sample.weight)
            b = np.quantile(right[:, j], AT)
            apart = np.abs(a - b) / (right[:, j].std() * error)
            worst, compared = max(worst, float(apart.max())), compared + 3
            cells = "".join(f"{value:>8.2f}" for value in (*a, *b))
            print(f"{name:<15}{cells[:24]}    {cells[24:]}{apart.max():>12.1f}", flush=True)
    print(f"\nfarthest apart of {compared} quantiles: {worst:.1f} standard errors of drawing (allowed {ALLOWED})")
    return int(worst > ALLOWED)


def _quantiles(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    order = np.argsort(values)
    return np.interp(AT, np.cumsum(weight[order]) - weight[order] / 2, values[order])
