"""One patient, a population, virtual people. `python -m benchmarks`, `make bench`; the peers have their own README."""

from __future__ import annotations

import sys

from benchmarks import fit, one_patient, physiology, population, synthesise


def main() -> int:
    return one_patient.main() or fit.main() or physiology.main() or population.main() or synthesise.main([])


if __name__ == "__main__":
    sys.exit(main())
