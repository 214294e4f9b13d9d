"""Every row of the calibration trials beside the model: what was seen, what the model says, and how far apart."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cobalamin.errors import CobalaminError

DATA = Path(__file__).parent / "data"
PMOL_PER_PG_ML = 0.738


@dataclass(frozen=True)
class Row:
    """One printed result; `seen` in pmol/L, nmol/L, umol/L or the row's own unit."""

    trial: str
    arm: str
    form: str
    route: str
    dose_ug: float
    schedule: str
    marker: str
    unit: str
    day: float
    seen: float
    certainty: str
    folder: Path

    @property
    def name(self) -> tuple[str, str, str, float]:
        """What tells a row from the others."""
        return self.trial, self.arm, self.marker, self.day


@dataclass(frozen=True)
class Beside:
    """A row and the model's answer; `model` None where the row cannot be compared, with `why`."""

    row: Row
    model: float | None
    why: str = ""

    @property
    def distance(self) -> float | None:
        """Model over seen, or model less seen, as the marker's tolerance has it."""
        if self.model is None:
            return None
        kind, _ = tolerance(self.row.marker)
        return self.model / self.row.seen if kind == "factor" else self.model - self.row.seen

    @property
    def within(self) -> bool | None:
        """Whether the tolerance that was set beforehand holds."""
        if self.distance is None:
            return None
        kind, limit = tolerance(self.row.marker)
        if kind == "factor":
            return 1 / limit <= self.distance <= limit
        return abs(self.distance) <= limit


def read(name: str, folder: Path = DATA) -> list[dict[str, str]]:
    """One file of data/, or of a folder of trials that were kept apart; CobalaminError where it cannot be read."""
    try:
        return list(csv.DictReader((folder / name).read_text(encoding="utf-8").splitlines()))
    except OSError as error:
        raise CobalaminError(f"{folder / name} cannot be read: {error.strerror}. See data/README.md.") from error


@cache
def rows(folder: Path = DATA) -> tuple[Row, ...]:
    """All printed results of a folder, levels of B12 in pmol/L."""
    return tuple(_row(one, folder) for one in read("calibration.csv", folder))


def _row(one: dict[str, str], folder: Path) -> Row:
    seen, unit = float(one["mean_or_median"]), one["unit"]
    if unit == "pg/mL":
        seen, unit = seen * PMOL_PER_PG_ML, "pmol/L"
    words = {key: one[key] for key in ("trial", "arm", "form", "route", "schedule", "marker", "certainty")}
    dose_ug, day = float(one["dose_ug"] or 0), float(one["day"])
    return Row(**words, dose_ug=dose_ug, unit=unit, day=day, seen=seen, folder=folder)


@cache
def _tolerances() -> dict[str, tuple[str, float]]:
    return {one["marker"]: (one["kind"], float(one["tolerance"])) for one in read("tolerances.csv")}


def tolerance(marker: str) -> tuple[str, float]:
    """Kind (factor, difference) and size."""
    return _tolerances()[marker]


def named_misfits() -> dict[tuple[str, str, str, float], str]:
    """Rows known to lie outside, with the reason."""
    return {(one["trial"], one["arm"], one["marker"], float(one["day"])): one["reason"] for one in read("misfits.csv")}


def days_of(schedule: str) -> list[float]:
    """Days of the doses of a schedule: qd[a-b] or at[d1,d2,...]."""
    daily = re.fullmatch(r"qd\[(\d+)-(\d+)\]", schedule)
    if daily:
        return [float(day) for day in range(int(daily[1]), int(daily[2]) + 1)]
    listed = re.fullmatch(r"at\[([\d.,]+)\]", schedule)
    return [float(day) for day in listed[1].split(",")] if listed else []


def settings(row: Row) -> dict[str, float | str]:
    """Covariates of an arm: the suggested settings, and what had to be assumed besides."""
    arm = next(
        (
            one
            for one in read("calibration_arms.csv", row.folder)
            if one["trial"] == row.trial and one["arm"] in (row.arm, "all")
        ),
        {},
    )
    assumed = _assumed(row)
    found: dict[str, float | str] = {"parameters": assumed["parameters"]}
    names = {
        "IF_factor": "intrinsic_factor",
        "fEHC": "reabsorbed_bile",
        "diet_absorbed_ug_d": "diet_absorbed_ug_d",
        "age": "age_years",
        "eGFR": "egfr",
    }
    found |= {ours: float(arm[theirs]) for theirs, ours in names.items() if arm.get(theirs)}
    start = assumed["start_serum_b12_pmol_l"] or _printed_start(row)
    if start:
        found["start_serum_b12_pmol_l"] = float(start)
    if row.arm.startswith("normal status"):
        found["start_serum_b12_pmol_l"] = 370.0
    return found


def _assumed(row: Row) -> dict[str, str]:
    found = [one for one in read("assumptions.csv", row.folder) if one["trial"] == row.trial]
    if not found:
        raise CobalaminError(
            f"{row.folder / 'assumptions.csv'} has no row for {row.trial}. Add one; see data/README.md."
        )
    return found[0]


def in_balance(row: Row) -> bool:
    """Whether the arm's people are taken to have lived long on what keeps their stores as they are."""
    return _assumed(row)["in_balance"] == "yes"


def tuned_on(row: Row) -> bool:
    """Whether a parameter was tuned on results of the row's trial."""
    return _assumed(row)["tuned_on"] == "yes"


def _printed_start(row: Row) -> float | None:
    start = (row.trial, row.arm, "B12", 0)
    return next((one.seen for one in rows(row.folder) if one.name == start), None)
