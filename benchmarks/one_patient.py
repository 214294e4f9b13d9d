"""One patient: the library in a warm process, and the command line from a cold start. Medians in milliseconds."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.generate import ON, people
from cobalamin.assess import assess
from cobalamin.events import Events
from cobalamin.guidance import DEFAULT, load

PROGRAM = Path(sys.executable).parent / "cobalamin"
SHEET = Path(__file__).parents[1] / "examples" / "worked_patient.yaml"
WARM_RUNS, COLD_RUNS = 60, 7
TARGETS_MS = {"library": 30, "--help": 300, "assess": 1000}


def milliseconds(work: Callable[[], object], runs: int) -> float:
    """Median time of a call."""
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - start))
    return statistics.median(taken)


def library() -> float:
    """`assess` of one person after another, guidance loaded."""
    guideline = load(DEFAULT, ON)
    frame = people(WARM_RUNS, seed=11).frame
    persons = iter([Events(part) for part in frame.partition_by("patient_id")] * 2)
    assess(next(persons), guideline, on=ON)
    return milliseconds(lambda: assess(next(persons), guideline, on=ON), WARM_RUNS)


def command(*arguments: str) -> float:
    """The program from a cold start, as a user waits for it."""
    return milliseconds(lambda: subprocess.run([str(PROGRAM), *arguments], capture_output=True, check=True), COLD_RUNS)


def main() -> int:
    found = {"library": library()}
    if PROGRAM.is_file():
        found["--help"] = command("--help")
        if SHEET.is_file():
            found["assess"] = command("assess", str(SHEET))
    for name, taken in found.items():
        print(f"{name:<10} median {taken:7.1f} ms   target {TARGETS_MS[name]} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
