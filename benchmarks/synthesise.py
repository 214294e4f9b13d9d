"""Virtual people from a seed to records on disk: people per second by the clock on the wall, and peak memory.

Each format runs in a process of its own, so that its peak is its own. Printed beside: the same with ten times fewer
people, for memory must not grow with them.
`python -m benchmarks.synthesise --people 100000 --formats meds tables`
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path

from cobalamin.population.synthesise import FORMATS, Wanted, synthesise

ON = date(2026, 1, 15)
MEMORY_GROWTH = 2.0


def measured(people: int, form: str) -> tuple[float, float, float]:
    """Seconds, peak memory of the process in MB, and size on disk in MB of one run."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "practice"
        begin = time.perf_counter()
        synthesise(Wanted(people, 1, form, ON), out)
        seconds = time.perf_counter() - begin
        size = sum(each.stat().st_size for each in out.rglob("*") if each.is_file()) / 1e6
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, size


def alone(people: int, form: str) -> tuple[float, float, float]:
    """The same in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(measured, people, form).result()


def main(arguments: list[str] | None = None) -> int:
    """Print a line a format; 1 where memory grows with the people."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=["meds", "tables"])
    asked = parser.parse_args(arguments)
    print(f"{'virtual people':<16} {'people':>10} {'seconds':>9} {'people/s':>10} {'peak MB':>9} {'on disk MB':>11}")
    grown = False
    for form in asked.formats:
        peaks = []
        for people in (max(asked.people // 10, 1), asked.people):
            seconds, peak, size = alone(people, form)
            peaks.append(peak)
            print(f"{form:<16} {people:>10,} {seconds:>9.1f} {people / seconds:>10,.0f} {peak:>9.0f} {size:>11.1f}")
        grown = grown or peaks[1] > MEMORY_GROWTH * peaks[0]
    return int(grown)


if __name__ == "__main__":
    sys.exit(main())
