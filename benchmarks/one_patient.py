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
from cobalamin.decision.variation import would_change
from cobalamin.events import Events
from cobalamin.guidance import DEFAULT, load

PROGRAM = Path(sys.executable).parent / "cobalamin"
SHEET = Path(__file__).parents[1] / "examples" / "worked_patient.yaml"
WARM_RUNS, COLD_RUNS, PEOPLE_VARIED = 60, 7, 200
TARGETS_MS = {"library": 30, "would change": 100, "--help": 300, "assess": 1000}


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


def would_change_each(people_tried: int = PEOPLE_VARIED) -> list[float]:
    """What would change, for one person after another, guidance loaded; milliseconds of this process's own time.

    Not by the clock on the wall: the slowest person counts here, and a busy machine makes anyone slow.
    """
    guideline = load(DEFAULT, ON)
    done = assess(people(people_tried, seed=11), guideline, on=ON)
    own = done.events.frame.partition_by("patient_id")
    would_change(done.findings.slice(0, 1), guideline, own[0])
    taken = []
    for place, events in enumerate(own):
        start = time.process_time()
        would_change(done.findings.slice(place, 1), guideline, events)
        taken.append(1000 * (time.process_time() - start))
    return taken


def command(*arguments: str) -> float:
    """The program from a cold start, as a user waits for it."""
    return milliseconds(lambda: subprocess.run([str(PROGRAM), *arguments], capture_output=True, check=True), COLD_RUNS)


def main() -> int:
    found = {"library": library()}
    varied = would_change_each()
    found["would change"] = statistics.median(varied)
    if PROGRAM.is_file():
        found["--help"] = command("--help")
        if SHEET.is_file():
            found["assess"] = command("assess", str(SHEET))
    for name, taken in found.items():
        print(f"{name:<12} median {taken:7.1f} ms   target {TARGETS_MS[name]} ms")
    tail = statistics.quantiles(varied, n=20)[-1]
    print(f"would change: mean {statistics.mean(varied):.1f}, 95 in 100 below {tail:.1f}, slowest {max(varied):.1f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
