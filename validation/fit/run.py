"""All of the fit's proof: coverage and recovery, what results add, the posterior beside a long chain."""

from __future__ import annotations

import sys

from validation.fit import coverage, labs_add, reference

PEOPLE, LABS_PEOPLE, HANDFUL = 150, 100, 4


def main(people: int = PEOPLE, handful: int = HANDFUL) -> int:
    """1 where a part is not satisfied; the numbers are printed either way."""
    failed = coverage.main(people)
    print("\nWhat results add: SD of the log error of a predicted trough\n")
    failed += labs_add.main(LABS_PEOPLE)
    print("\nThe posterior beside a long Markov chain (scores of the parameters; levels ahead as logarithms)")
    failed += reference.main(handful)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
