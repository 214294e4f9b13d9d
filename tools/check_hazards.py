"""Every control of the hazard log stands in the code that it names and has a test that exists."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

from tools.hazards import HAZARDS, Control, Hazard, HazardLog, read
from tools.problems import ROOT, Problem, place, report


def log_problems(log: HazardLog, root: Path = ROOT) -> list[Problem]:
    """Places and tests that do not exist, doubled ids, and safety tests that no hazard names."""
    ids = [hazard.id for hazard in log.hazards]
    problems = [
        Problem(place(HAZARDS), f"{one} is used twice.", "Give each hazard its own number.")
        for one in sorted({one for one in ids if ids.count(one) > 1})
    ]
    for hazard in log.hazards:
        for control in hazard.controls:
            problems += _control_problems(hazard, control, root)
    named = {test.partition("::")[0] for hazard in log.hazards for one in hazard.controls for test in one.tests}
    for path in sorted((root / "tests" / "safety").glob("test_*.py")):
        name = path.relative_to(root).as_posix()
        if name not in named:
            problems.append(Problem(name, "no hazard names this test.", f"Name it in {place(HAZARDS)}."))
    return problems


def _control_problems(hazard: Hazard, control: Control, root: Path) -> list[Problem]:
    at = f"{place(HAZARDS)}, {hazard.id}"
    problems = [
        Problem(at, f"{where} does not exist.", "Name the place that holds the control.")
        for where in control.where
        if not (root / where).exists()
    ]
    return problems + [
        Problem(at, f"the test {test} does not exist.", "Write it: a control without a proof is a hope.")
        for test in control.tests
        if not proof_exists(test, root)
    ]


def proof_exists(test: str, root: Path = ROOT) -> bool:
    """True where a test file exists and holds the function named after `::`, or any test at all."""
    file, _, function = test.partition("::")
    path = root / file
    if not path.is_file():
        return False
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    return function in names if function else any(name.startswith("test_") for name in names)


def main() -> int:
    """Check the hazard log of this repository."""
    log = read()
    controls = sum(len(hazard.controls) for hazard in log.hazards)
    fine = f"{len(log.hazards)} hazards, {controls} controls, each with a test."
    return report("hazards", log_problems(log), fine)


if __name__ == "__main__":
    sys.exit(main())
