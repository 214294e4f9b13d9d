"""The blood count as plain ordinary differential equations, and new cells once more as a population with ages.

Written from the equations, not from the kernel: SciPy solves stores, plasma, marrow and blood as one system, without
even steps. The chain of twelve stages stands for a spread of life spans; `survivors` takes that spread itself (a gamma
distribution) and adds up, cell by cell, who of those released is still alive: no chain, no stages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import simpson, solve_ivp
from scipy.interpolate import PchipInterpolator
from scipy.special import gammaincc

from cobalamin.physiology.bodies import Bodies
from cobalamin.physiology.courses import Dose
from validation.physiology.stiff import TIGHT, Body, L, inject, pieces

Array = NDArray[np.float64]

COUNTS = ("haemoglobin_g_dl", "mcv_fl", "reticulocyte_percent")
STAGES, CHAIN, STORES = 3, 12, 15
POINTS = 20_001
# After the state of the stores: shared, large and normal precursors; reticulocytes and cells, large and new; effect.
SHARED, LARGE, NORMAL = (slice(STORES + STAGES * i, STORES + STAGES * (i + 1)) for i in range(3))
YOUNG_LARGE, YOUNG, OLD = STORES + 9, STORES + 10, STORES + 11
NEW = slice(STORES + 12, STORES + 12 + CHAIN)
EFFECT = STORES + 12 + CHAIN


class Marrow:
    """One person's marrow and blood: what the baseline count fixes, and the equations."""

    def __init__(self, body: Body, labile_ug: float) -> None:
        p = self.p = body.p
        sex = "male" if p["male"] > 0.5 else "female"
        usual = p["Hb_shift"] + p[f"Hb_{sex}"]
        hb, volume, known = p["haemoglobin_g_dl"], p["mcv_fl"], p["own_haemoglobin_g_dl"]
        self.own_hb = max(hb, usual if np.isnan(known) else known)
        self.most = max(p["eMin"], p["Emax"] * p["marrow_limit"])
        self.severity = min(1.0, (self.own_hb - hb) / p["sevSpan"])
        self.life_old = p["life"] * (1 - min(p["fLife"], 0.9) * self.severity)
        self.half = max(p["L50E"], p["L50E_over"] * labile_ug)
        self.least = self.sufficiency(labile_ug)
        cells = 1000 * hb / p["MCHC"] / volume
        self.made = cells / (self.life_old + p["tR"])
        self.v_old = volume - p["dMCV"] * self.made * p["tR"] / cells
        self.v_new = min(p["MCV_n"], self.v_old)
        normal = 1000 * self.own_hb / p["MCHC"] / self.v_new / p["life"]
        self.passed = min(1.0, self.made / (normal * self.drive(hb)))
        self.production = self.made / (self.passed * self.drive(hb))

    def sufficiency(self, labile_ug: float) -> float:
        """Share of effective erythropoiesis that a labile store allows."""
        return float(1 / (1 + (self.half / labile_ug) ** self.p["hE"]))

    def drive(self, hb: float) -> float:
        """Production over normal."""
        lack = self.own_hb - hb
        return float(
            np.clip(exp(self.p["kE"] * lack * (1 if lack > 0 else self.p["steepAbove"])), self.p["eMin"], self.most)
        )

    def start(self) -> Array:
        """The marrow and blood of day 0, in balance: (25,)."""
        p, y = self.p, np.zeros(EFFECT + 1)
        y[SHARED] = self.made / self.passed * p["tP"] / 6 * (1 + p["kap"] * self.severity)
        y[LARGE] = self.made * p["tP"] / 6
        y[YOUNG_LARGE], y[OLD] = self.made * p["tR"], self.made * self.life_old
        return y[STORES:]

    def counts(self, y: Array) -> tuple[float, float, float]:
        """Haemoglobin (g/dL), mean cell volume (fL), reticulocytes (%)."""
        young, new = y[YOUNG_LARGE] + y[YOUNG], y[NEW].sum()
        cells = young + y[OLD] + new
        packed = self.v_old * (y[OLD] + y[YOUNG_LARGE]) + self.v_new * (new + y[YOUNG]) + self.p["dMCV"] * young
        return self.p["MCHC"] * packed / 1000, packed / cells, 100 * young / cells

    def maturing(self, y: Array) -> float:
        """Rate (1/d) at which reticulocytes become cells."""
        p, lack = self.p, (self.own_hb - self.counts(y)[0]) / self.p["sevSpan"]
        return float(1 / (p["tR"] + p["tRise"] * y[EFFECT] * min(1.0, max(0.0, lack))))

    def slopes(self, y: Array) -> Array:
        """Right-hand side of marrow and blood: (25,)."""
        p, dy, effect = self.p, np.zeros(EFFECT + 1), y[EFFECT]
        late = 6 / p["tP"]
        early = late / (1 + p["kap"] * self.severity * (1 - effect))
        leaves = early * y[SHARED][-1]
        born = self.production * self.drive(self.counts(y)[0])
        dy[SHARED] = early * (np.r_[born / early, y[SHARED][:-1]] - y[SHARED])
        dy[LARGE] = late * (np.r_[leaves * self.passed * (1 - effect) / late, y[LARGE][:-1]] - y[LARGE])
        dy[NORMAL] = late * (np.r_[leaves * effect / late, y[NORMAL][:-1]] - y[NORMAL])
        maturing, ageing = self.maturing(y), CHAIN / p["life"]
        dy[YOUNG_LARGE] = late * y[LARGE][-1] - maturing * y[YOUNG_LARGE]
        dy[YOUNG] = late * y[NORMAL][-1] - maturing * y[YOUNG]
        dy[OLD] = maturing * y[YOUNG_LARGE] - y[OLD] / self.life_old
        dy[NEW] = ageing * (np.r_[maturing * y[YOUNG] / ageing, y[NEW][:-1]] - y[NEW])
        wanted = max(0.0, (self.sufficiency(y[L]) - self.least) / (1 - self.least))
        dy[EFFECT] = p["kg"] * max(0.0, wanted - effect) - p["kgLoss"] * max(0.0, effect - wanted)
        return dy[STORES:]


def follow(bodies: Bodies, place: int, doses: Sequence[Dose], days: Sequence[float], method: str = "LSODA") -> Array:
    """Haemoglobin, mean cell volume and reticulocytes of one person on the days (3, k)."""
    marrow, states = _states(bodies, place, doses, days, method)
    return np.array([marrow.counts(states[float(day)]) for day in days]).T


def survivors(bodies: Bodies, place: int, doses: Sequence[Dose], days: Sequence[float]) -> tuple[float, float]:
    """New cells (10^12/L) on the last day of `days` by the chain, and by life spans drawn from a gamma distribution.

    The release of new cells is taken from the solution on `days`, which have to be close together.
    """
    marrow, states = _states(bodies, place, doses, days, "LSODA")
    released = [marrow.maturing(states[day]) * states[day][YOUNG] for day in days]
    at, last, life = PchipInterpolator(days, released), days[-1], marrow.p["life"]
    day = np.linspace(0, last, POINTS)
    return states[last][NEW].sum(), float(simpson(at(day) * gammaincc(CHAIN, (last - day) * CHAIN / life), x=day))


def _states(
    bodies: Bodies, place: int, doses: Sequence[Dose], days: Sequence[float], method: str
) -> tuple[Marrow, dict[float, Array]]:
    body, out = Body(bodies, place), {}
    stores = body.start()
    marrow = Marrow(body, stores[L])
    y = np.concatenate([stores, marrow.start()])
    for piece in pieces(body, doses, days):
        if piece.end > piece.start:
            rhs = _joined(body.slopes(piece.supply), marrow)
            y = solve_ivp(rhs, (piece.start, piece.end), y, method=method, **TIGHT).y[:, -1]
        out[piece.end] = y.copy()
        for dose in piece.injected:
            inject(body, y, dose)
    return marrow, out


def _joined(stores: Callable[[float, Array], list[float]], marrow: Marrow) -> Callable[[float, Array], Array]:
    return lambda day, y: np.concatenate([stores(day, y[:STORES]), marrow.slopes(y)])
