"""The model of B12 in the body: trials, known facts, the survey, and an independent solver.

Pictures and tables go to build/validation/physiology. 1 where something lies outside what was set beforehand and is
not named, or is named and no longer outside. `python -m validation.physiology.run`
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from validation.physiology import picture, solver, survey
from validation.physiology.checks import checks
from validation.physiology.predict import everything
from validation.physiology.trials import Beside, named_misfits, tolerance

OUT = Path("build") / "validation" / "physiology"
COLUMNS = ("trial", "arm", "marker", "unit", "day", "seen", "model", "kind", "tolerance", "distance", "within")
NOTES = ("note", "certainty")
SOLVED_PEOPLE, RADAU_PEOPLE, SEED = 200, 12, 5


def main() -> int:
    """Everything, in this order."""
    OUT.mkdir(parents=True, exist_ok=True)
    parts = (_trials(), _checks(), _survey(), _solver())
    print(f"\nTable and pictures: {OUT}/trials.csv, trials.html, trials.png, survey.png.")
    return max(parts)


def _trials() -> int:
    found = everything()
    _write(found)
    picture.trials(found, OUT)
    compared = [one for one in found if one.within is not None]
    outside = {one.row.name: one for one in compared if not one.within}
    named = named_misfits()
    print(f"Trials: {len(found)} results, {len(compared)} compared, {len(compared) - len(outside)} within tolerance.\n")
    for one in found:
        print(_line(one))
    print("\nMisfits, named:")
    for name in sorted(outside.keys() & named.keys()):
        print(f"  {' '.join(map(str, name))}: {named[name]}.")
    for name in sorted(outside.keys() - named.keys()):
        print(f"  NOT NAMED: {' '.join(map(str, name))}. Mend the model, or name it in misfits.csv with the reason.")
    for name in sorted(named.keys() - outside.keys()):
        print(f"  NO LONGER OUTSIDE: {' '.join(map(str, name))}. Take it out of misfits.csv.")
    return int(outside.keys() != named.keys())


def _line(one: Beside) -> str:
    row = one.row
    what = f"{row.trial:<14} {row.arm[:22]:<22} {row.marker[:24]:<24} {row.day:>7g} {row.seen:>9.4g}"
    if one.model is None:
        return f"{what}         -  {one.why}"
    return f"{what} {one.model:>9.4g}  {'' if one.within else 'outside'}"


def _write(found: list[Beside]) -> None:
    named = named_misfits()
    with (OUT / "trials.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            [
                "trial",
                "arm",
                "marker",
                "unit",
                "day",
                "seen",
                "model",
                "kind",
                "tolerance",
                "distance",
                "within",
                "note",
                "certainty",
            ]
        )
        for one in found:
            row = one.row
            kind = tolerance(row.marker) if one.model is not None else ("", "")
            note = one.why or named.get(row.name, "")
            said = (one.distance, one.within, note, row.certainty)
            writer.writerow([row.trial, row.arm, row.marker, row.unit, row.day, row.seen, one.model, *kind, *said])


def _checks() -> int:
    found = checks()
    print("\nKnown facts:\n")
    for one in found:
        verdict = "" if one.holds else "outside"
        print(f"{one.name:<54} {one.model:>8.4g} {one.unit:<7} ({one.low:g} to {one.high:g}) {verdict}")
    return int(not all(one.holds for one in found))


def _survey() -> int:
    found = survey.bands()
    picture.survey(found, OUT)
    print("\nMethylmalonic acid (nmol/L) by serum B12 (pmol/L), 10th, 50th, 90th percentile: survey, model:\n")
    for one in found:
        verdict = {True: "", False: "outside", None: "few people, not judged"}[one.holds]
        seen, model = (" ".join(f"{value:>6.0f}" for value in values) for values in (one.seen, one.model))
        print(f"{one.low:>4g}-{one.high:<4g} n {one.people:>5,}   {seen}   {model}   {verdict}")
    return int(any(one.holds is False for one in found))


def _solver() -> int:
    worst = 0.0
    print()
    for method, people in (("LSODA", SOLVED_PEOPLE), ("Radau", RADAU_PEOPLE)):
        found = solver.differences(people, SEED, method)[:, : solver.JUDGED]
        worst = max(worst, found.max())
        print(
            f"Solver: {people} random people against SciPy's {method} at 1e-10: largest relative "
            f"difference of a marker {found.max():.1e} (asked {solver.ASKED:.0e})."
        )
    return int(worst > solver.ASKED)


if __name__ == "__main__":
    sys.exit(main())
