"""A million generated people with 40 relevant events each, from a file of events to the trace and the plan.

Prints people per second by the clock on the wall, reading included, and the peak memory of a process.
`python -m benchmarks.population --people 1000000 --workers 2`
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import polars as pl

from benchmarks.generate import ON, people
from cobalamin.assess import Assessment
from cobalamin.engine import PEOPLE_A_CHUNK, event_file, run, write_events
from cobalamin.guidance import DEFAULT, load
from cobalamin.records.ledger import Ledger

GENERATED_A_TIME = 10_000
TARGET_PEOPLE_A_SECOND, TARGET_MB = 50_000, 512


def write_people(path: Path, count: int) -> int:
    """Write events of `count` people, part by part, and return how many rows there are."""
    firsts = range(0, count, GENERATED_A_TIME)
    sizes = ((number, first, min(GENERATED_A_TIME, count - first)) for number, first in enumerate(firsts))
    return write_events((people(size, seed=number, first=first) for number, first, size in sizes), path)


def counted(assessment: Assessment, ledger: Ledger) -> tuple[int, int, float]:
    """People, plan items and the peak memory of this process in MB, after a chunk."""
    del ledger
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return assessment.trace.height, assessment.plan.height, peak


def measured(path: Path, guidance: str, workers: int, chunk: int) -> dict[str, float]:
    """One run over the file."""
    guideline = load(guidance, ON)
    start, processor = time.perf_counter(), _processor_seconds()
    parts = list(run(event_file(path, chunk), guideline, ON, work=counted, workers=workers))
    seconds = time.perf_counter() - start
    processor = _processor_seconds() - processor
    decided = sum(part[0] for part in parts)
    return {
        "people": decided,
        "seconds": seconds,
        "people_a_second": decided / seconds,
        "people_a_processor_second": decided / processor,
        "plan_items": sum(part[1] for part in parts),
        "peak_mb_a_process": max(part[2] for part in parts),
        "peak_mb_here": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _processor_seconds() -> float:
    """Processor time of this process and of those that have ended: what a busy machine cannot falsify."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--chunk", type=int, default=PEOPLE_A_CHUNK)
    parser.add_argument("--guidance", default=DEFAULT)
    parser.add_argument("--repeat", type=int, default=1)
    return parser.parse_args()


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.parquet"
        # In a process of its own, so that its memory is not counted as the engine's.
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            rows = pool.submit(write_people, path, options.people).result()
        size = path.stat().st_size / 1e6
        print(f"{options.people:,} people, {rows / options.people:.1f} events each, {size:.0f} MB")
        for _ in range(options.repeat):
            found = measured(path, options.guidance, options.workers, options.chunk)
            print(
                f"{options.guidance}, {options.workers} processes: {found['people_a_second']:,.0f} people/s "
                f"({found['seconds']:.1f} s), "
                f"{found['people_a_processor_second']:,.0f} people a processor second, "
                f"peak {found['peak_mb_a_process']:.0f} MB a process, "
                f"{found['peak_mb_here']:.0f} MB in the one that hands out; {found['plan_items']:,.0f} plan items"
            )
            print(f"target: {TARGET_PEOPLE_A_SECOND:,} people/s, {TARGET_MB} MB a process; Polars {pl.__version__}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
