"""All of the validation: vignettes, prevalence, real records. `python -m validation` or `make validate`.

Exit code 1 where one of them is not satisfied; each prints why.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from validation import population, prevalence, real_records
from validation.fit import run as fit
from validation.physiology import run as physiology
from validation.vignettes import run as vignettes


def parts() -> dict[str, Callable[[], int]]:
    """What is run, by its heading."""
    return {
        "Vignettes: our answers beside the published ones": vignettes.main,
        "Prevalence: the shipped survey beside published figures": prevalence.main,
        "Physiology: the model of B12 in the body beside trials, facts, survey and a second solver": physiology.main,
        "Fit: bands on simulated people, what results add, and a long chain beside the posterior": fit.main,
        "Virtual people: their marginals beside the shipped survey": population_part,
        "Real records: what became of every entry of the shipped survey": _survey_ledger,
    }


def population_part() -> int:
    """Virtual adults beside the survey, without a picture."""
    return population.main([])


def _survey_ledger() -> int:
    return real_records.main([str(prevalence.SURVEY)])


def main() -> int:
    """Run every part; 1 where one is not satisfied."""
    failed = []
    for heading, part in parts().items():
        print(f"\n{heading}\n{'=' * len(heading)}\n", flush=True)
        if part():
            failed.append(heading.split(":", maxsplit=1)[0])
    print(f"\nNot satisfied: {', '.join(failed)}." if failed else "\nAll parts are satisfied.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
