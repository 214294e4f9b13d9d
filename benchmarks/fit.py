"""The fit of one person's results in a warm process: posterior, bands, intervals, next test. Medians."""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

from cobalamin.assess import assess
from cobalamin.outlook.facts import facts_of
from cobalamin.outlook.fit import fit_of, fit_person
from cobalamin.outlook.fit_inputs import fit_inputs
from cobalamin.physiology.fit import fit
from cobalamin.physiology.likelihood import Result
from cobalamin.physiology.simulate import threads
from cobalamin.records.sheet import read_sheet

SHEET = Path(__file__).parents[1] / "examples" / "injections_with_results.yaml"
RUNS = 15
TARGET_MS = 200


def main() -> int:
    intake = read_sheet(SHEET)
    assessment = assess(intake.events, on=intake.on)
    inputs = fit_inputs(facts_of(assessment))
    used = [
        Result(float((one.date - inputs.day_zero).days), one.marker, one.low, one.high, one.weight)
        for one in inputs.results
        if one.weight > 0
    ]
    works = {
        "posterior alone": lambda seed: fit(inputs.known, used, seed=seed),
        "all that is said": lambda seed: fit_of(inputs, seed=seed),
        "from an assessment": lambda seed: fit_person(assessment, seed=seed),
    }
    fit_person(assessment)
    print(f"fit: {len(used)} results, {len(inputs.known.doses)} doses, {threads()} cores; target {TARGET_MS} ms")
    for name, work in works.items():
        wall, processor = [], []
        for seed in range(RUNS):
            start, spent = time.perf_counter(), time.process_time()
            work(seed)
            wall.append(1000 * (time.perf_counter() - start))
            processor.append(1000 * (time.process_time() - spent))
        print(
            f"{name:<20} median {statistics.median(wall):6.0f} ms, best {min(wall):6.0f} ms; "
            f"processor time {statistics.median(processor):6.0f} ms over all cores"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
