"""The model of B12 in the body: trials, known facts, the survey, and an independent solver.

Pictures and tables go to build/validation/physiology. 1 where something lies outside what was set beforehand and is
not named, or is named and no longer outside. `python -m validation.physiology.run`

Trials that nobody tuned on can be held beside the model from a folder of their own: `--kept-apart FOLDER`. They are
counted apart and never fail the run: whoever keeps them judges.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

from cobalamin.errors import CobalaminError
from validation.physiology import picture, solver, survey
from validation.physiology.checks import checks
from validation.physiology.predict import everything
from validation.physiology.trials import Beside, named_misfits, tolerance, tuned_on

OUT = Path("build") / "validation" / "physiology"
COLUMNS = (
    "trial", "arm", "marker", "unit", "day", "seen", "model", "kind", "tolerance", "distance", "within",
    "tuned_on", "note", "certainty",
)  # fmt: skip
SOLVED_PEOPLE, RADAU_PEOPLE, COUNTED_PEOPLE, SEED = 200, 12, 24, 5


def main(arguments: list[str] | None = None) -> int:
    """Everything, in this order."""
    parser = argparse.ArgumentParser(description="The model of B12 beside what was seen, and beside another solver.")
    parser.add_argument("--kept-apart", type=Path, metavar="FOLDER", help="more trials, in files as in data/README.md")
    kept_apart = parser.parse_args(arguments).kept_apart
    OUT.mkdir(parents=True, exist_ok=True)
    try:
        parts = (_trials(), _kept_apart(kept_apart), _checks(), _survey(), _solver())
    except CobalaminError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"\nTable and pictures: {OUT}/trials.csv, trials.html, trials.png, survey.png.")
    return max(parts)


def _trials() -> int:
    found = everything()
    _write(found)
    picture.trials(found, OUT)
    compared = [one for one in found if one.within is not None]
    outside = {one.row.name: one for one in compared if not one.within}
    named = named_misfits()
    print(_counted("Trials", found))
    for words, tuned in (("Trials that a parameter was tuned on", True), ("Trials that none was tuned on", False)):
        some = [one for one in found if tuned_on(one.row) == tuned]
        print(f"\n{_counted(words, some)}\n", *map(_line, some), sep="\n")
    print("\nMisfits, named:")
    for name in sorted(outside.keys() & named.keys()):
        print(f"  {' '.join(map(str, name))}: {named[name]}.")
    for name in sorted(outside.keys() - named.keys()):
        print(f"  NOT NAMED: {' '.join(map(str, name))}. Mend the model, or name it in misfits.csv with the reason.")
    for name in sorted(named.keys() - outside.keys()):
        print(f"  NO LONGER OUTSIDE: {' '.join(map(str, name))}. Take it out of misfits.csv.")
    return int(outside.keys() != named.keys())


def _kept_apart(folder: Path | None) -> int:
    """Trials from elsewhere; what of them lies outside is shown, and is no failure of the run."""
    if folder is None:
        print("\nTrials kept apart for an independent check: none are shipped; --kept-apart FOLDER takes them.")
        return 0
    found = everything(folder)
    picture.trials(found, OUT, "kept_apart", "Trials kept apart: no parameter was tuned on them")
    print(f"\n{_counted('Trials kept apart for an independent check', found)}\n", *map(_line, found), sep="\n")
    return 0


def _counted(words: str, found: list[Beside]) -> str:
    compared = [one for one in found if one.within is not None]
    within = sum(one.within is True for one in compared)
    return f"{words}: {len(found)} results, {len(compared)} compared, {within} within tolerance."


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
        writer.writerow(COLUMNS)
        for one in found:
            row = one.row
            kind = tolerance(row.marker) if one.model is not None else ("", "")
            note = one.why or named.get(row.name, "")
            said = (one.distance, one.within, tuned_on(row), note, row.certainty)
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
    counts, lives = solver.count_differences(COUNTED_PEOPLE, SEED), solver.life_span_difference()
    print(
        f"Blood count: {COUNTED_PEOPLE} random anaemic people against SciPy's LSODA at 1e-10: largest relative "
        f"difference of haemoglobin {counts[:, 0].max():.1e}, cell volume {counts[:, 1].max():.1e}, "
        f"reticulocytes {counts[:, 2].max():.1e}; new cells by stages against a spread of life spans {lives:.1e}."
    )
    return int(max(worst, counts.max(), lives) > solver.ASKED)


if __name__ == "__main__":
    sys.exit(main())
