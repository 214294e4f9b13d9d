"""The model's equations as plain ordinary differential equations, handed to SciPy's stiff solvers.

Written from the equations, not from the kernel: no closed form, no modes, no graded steps. Slow, and the referee.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from math import exp, log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from cobalamin.physiology.bodies import Bodies
from cobalamin.physiology.courses import Dose

Array = NDArray[np.float64]

PMOL_PER_UG = 738.0
TIGHT = {"rtol": 1e-10, "atol": 1e-13}
SERIES = (
    "serum_b12_pmol_l",
    "active_b12_pmol_l",
    "mma_nmol_l",
    "homocysteine_umol_l",
    "urine_ug",
    "labile_ug",
    "store_ug",
)
# State: muscle (retained CN, OH), plasma (X of CN, OH; bound part), muscle and plasma that will be lost (CN, OH each),
# labile, slow, urine, haptocorrin-bound B12, methylmalonic acid, homocysteine.
RC, RO, XC, XO, Z, LC, LO, FC, FO, L, S, U, H, M, C = range(15)


class Body:
    """One person's numbers and the equations over them."""

    def __init__(self, bodies: Bodies, place: int) -> None:
        names = bodies.people.dtype.names or ()
        self.p = {name: float(bodies.people[name][place]) for name in names}
        p = self.p
        self.kidney = p["egfr"] / 90
        self.k_sl = max(1e-7, (p["kLS"] * p["L_n"] - p["koth"] * p["S_n"]) / p["S_n"])
        need = p["kb"] * p["L_n"] * (1 - p["fEHC_n"]) + p["koth"] * p["S_n"]
        self.volume = p["Vp"] * p["weight_kg"] / 70
        self.k_lt = max(1e-6, (p["T_n"] * self.volume * p["kT"] / PMOL_PER_UG - p["fT"] * need) / p["L_n"])

    def active(self, into_plasma: float, labile: float) -> float:
        """Active B12 (pmol/L) at a flow (ug/d) and a labile store (ug)."""
        p = self.p
        carried = PMOL_PER_UG * (p["fT"] * into_plasma + self.k_lt * labile) / (p["kT"] * self.volume)
        return carried / (1 + carried / p["TCtot"])

    def haptocorrin(self, labile: float) -> float:
        """Haptocorrin-bound B12 (pmol/L) in balance with a labile store (ug)."""
        p = self.p
        return float(max(p["B_n"] - p["T_n"], 0.2 * p["B_n"]) * (max(labile, 1e-6) / p["L_n"]) ** p["gam"])

    def mma(self, labile: float) -> float:
        """Methylmalonic acid (nmol/L) in balance with a labile store (ug)."""
        p = self.p
        floor = p["M0"] * self.kidney ** p["aM"] * exp(p["ageM"] * (p["age_years"] - 60) / 10 + p["maleM"] * p["male"])
        return float(floor * (1 + (p["L50M"] / max(labile, 1e-6)) ** p["hM"]))

    def homocysteine(self, labile: float) -> float:
        """Homocysteine (umol/L) in balance with a labile store (ug)."""
        p = self.p
        floor = p["H0"] * p["cH"] * self.kidney ** p["aH"] * (p["folate_ng_ml"] / 12) ** p["folH"]
        floor *= exp(p["ageH"] * (p["age_years"] - 60) / 10 + p["maleH"] * p["male"])
        return float(floor * (1 + (p["L50H"] / max(labile, 1e-6)) ** p["hH"]))

    def start(self) -> Array:
        """Day 0 from serum B12; the other ways to start are linear and tested against this one's store losses."""
        p = self.p

        def off(x: float) -> float:
            labile = p["L_n"] * exp(x)
            return log((self.active(p["diet"], labile) + self.haptocorrin(labile)) / p["start_serum_b12_pmol_l"])

        scale = exp(brentq(off, log(1e-5), log(50), xtol=1e-14))
        y = np.zeros(15)
        y[L], y[S] = scale * p["L_n"], scale * p["S_n"]
        y[H], y[M], y[C] = self.haptocorrin(y[L]), self.mma(y[L]), self.homocysteine(y[L])
        return y

    def slopes(self, supply: float) -> Callable[[float, Array], list[float]]:
        """Right-hand side at a steady supply (ug/d) of absorbed B12."""
        p = self.p
        f_c, f_o = p["kF_CN"] * self.kidney, p["kF_OH"] * self.kidney
        out_l, phi = p["kLS"] + p["kb"] * (1 - p["fEHC"]), p["phi_OH"]

        def rhs(_: float, y: Array) -> list[float]:
            enters = p["kX_CN"] * y[XC] + p["kX_OH"] * y[XO] + p["kZ"] * y[Z]
            return [
                -p["ka_CN"] * y[RC],
                -p["ka_OH"] * y[RO],
                p["ka_CN"] * y[RC] - p["kX_CN"] * y[XC],
                (1 - phi) * p["ka_OH"] * y[RO] - p["kX_OH"] * y[XO],
                phi * p["ka_OH"] * y[RO] - p["kZ"] * y[Z],
                -p["ka_CN"] * y[LC],
                -p["ka_OH"] * y[LO],
                p["ka_CN"] * y[LC] - f_c * y[FC],
                p["ka_OH"] * y[LO] - f_o * y[FO],
                supply + enters + self.k_sl * y[S] - out_l * y[L],
                p["kLS"] * y[L] - (self.k_sl + p["koth"]) * y[S],
                f_c * y[FC] + f_o * y[FO],
                p["kH"] * (self.haptocorrin(y[L]) - y[H]),
                p["kM"] * (self.mma(y[L]) - y[M]),
                p["kHc"] * (self.homocysteine(y[L]) - y[C]),
            ]

        return rhs

    def retained(self, dose: Dose) -> float:
        """What escapes the urine (ug)."""
        p, d = self.p, dose.dose_ug
        if dose.form == "cyanocobalamin":
            r = p["rho_CN"] / (p["rho_CN"] + (1 - p["rho_CN"]) * self.kidney)
            kept = r * d + (1 - r) * p["Bmax"] * d / (d ** p["nB"] + p["Bmax"] ** p["nB"]) ** (1 / p["nB"])
            lost = 1 - kept / d
        else:
            lost = min(p["cap_OH"], p["loss_OH"] * (d / 1000) ** p["eOH"] * self.kidney)
        odds = lost / (1 - lost) * exp(p["loss_shift"])
        return d * (1 - odds / (1 + odds))

    def absorbed(self, doses: Sequence[Dose]) -> Iterator[tuple[float, float, float, float]]:
        """Each oral dose: from, to, supply to the stores, supply that shows on transcobalamin (ug/d)."""
        p = self.p
        opened, taken = -1e9, 0.0
        for dose in sorted((one for one in doses if one.route == "oral"), key=lambda one: one.day):
            if dose.day - opened > p["t_IF"] / 24:
                opened, taken = dose.day, 0.0
            carried = [p["IF"] * p["Vif"] * x / (p["Kif"] + x) for x in (taken, taken + dose.dose_ug)]
            taken += dose.dose_ug
            passive = p["fpas"] * dose.dose_ug * (1 if dose.fasting else p["qfood"])
            amount = (carried[1] - carried[0] + passive) / p["tG"]
            seen = amount * (1 if dose.form == "cyanocobalamin" else p["qOH"])
            yield dose.day, dose.day + p["tG"], amount, seen


def follow(
    bodies: Bodies, place: int, doses: Sequence[Dose], days: Sequence[float], method: str = "LSODA", **tolerance: float
) -> Array:
    """The seven series of one person on the days (7, k), by a stiff solver between one change and the next."""
    body = Body(bodies, place)
    y, out = body.start(), {}
    for piece in pieces(body, doses, days):
        if piece.end > piece.start:
            rhs = body.slopes(piece.supply)
            y = solve_ivp(rhs, (piece.start, piece.end), y, method=method, **(tolerance or TIGHT)).y[:, -1]
        out[piece.end] = series(body, y, piece.seen)
        for dose in piece.injected:
            inject(body, y, dose)
    return np.array([out[float(day)] for day in days]).T


class Piece(NamedTuple):
    """A stretch without a change: supply to the stores, what of it is seen (ug/d), and what is injected at its end."""

    start: float
    end: float
    supply: float
    seen: float
    injected: list[Dose]


def pieces(body: Body, doses: Sequence[Dose], days: Sequence[float]) -> Iterator[Piece]:
    """The stretches of a course up to the last day; each day and each change is an end of one."""
    oral, diet = list(body.absorbed(doses)), body.p["diet"]
    injected = [dose for dose in doses if dose.route != "oral"]
    edges = {0.0, *days, *(dose.day for dose in injected), *(x for one in oral for x in one[:2])}
    for start, end in pairwise([0.0, *sorted(edge for edge in edges if edge <= max(days))]):
        running = [one for one in oral if end > start and one[0] <= (start + end) / 2 < one[1]]
        supply, seen = (diet + sum(one[i] for one in running) for i in (2, 3))
        yield Piece(start, end, supply, seen, [dose for dose in injected if dose.day == end])


def inject(body: Body, y: Array, dose: Dose) -> None:
    """Put a dose into the muscle."""
    kept = body.retained(dose)
    cyano = dose.form == "cyanocobalamin"
    y[RC if cyano else RO] += kept
    y[LC if cyano else LO] += dose.dose_ug - kept


def series(body: Body, y: Array, seen: float) -> tuple[float, ...]:
    """The seven series of a state; `seen` is the supply that shows on transcobalamin (ug/d)."""
    p = body.p
    flow = p["kX_CN"] * y[XC] + p["kX_OH"] * y[XO] + p["kZ"] * y[Z]
    active = body.active(seen + flow, y[L])
    loose = PMOL_PER_UG * (y[XC] + y[XO] + y[Z] + y[FC] + y[FO]) / (p["VF"] * p["weight_kg"] / 70)
    return active + y[H] + loose, active, y[M], y[C], y[U], y[L], y[L] + y[S]
