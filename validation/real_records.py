"""Real records through the readers: per source, what was used, passed over and set aside, adding up.

    python validation/real_records.py PATH[=MAPPING] ...

Each PATH is a FHIR file or folder, or a folder of tables with its mapping. Prints one block a source.
The official R4 examples: fetch them with `python tools/fetch_fhir_examples.py` and give the folder it prints.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

from cobalamin.errors import CobalaminError
from cobalamin.records.ledger import Ledger
from cobalamin.records.open import read_records

SHOWN = 12


def read_source(path: Path, mapping: Path | None) -> tuple[Ledger, Counter[str], int]:
    """The whole ledger of a source, its events by concept, and how many people it speaks of."""
    ledger, concepts, people = Ledger(), Counter[str](), 0
    for intake in read_records(path, mapping):
        ledger.add(intake.ledger)
        people += intake.events.patients
        concepts.update(dict(intake.events.frame["concept"].value_counts().iter_rows()))
    ledger.check()
    return ledger, concepts, people


def describe(name: str, ledger: Ledger, concepts: Counter[str], people: int, seconds: float) -> str:
    """One block of text for a source."""
    passed, aside = ledger.not_relevant.total(), ledger.set_aside.total()
    rate = ledger.items_in / max(seconds, 1e-9)
    lines = [
        name,
        f"  {ledger.items_in:,} items = {ledger.used:,} used + {passed:,} not relevant + {aside:,} set aside",
        f"  {people:,} people, {concepts.total():,} events, {seconds:.1f} s, {rate:,.0f} items/s",
    ]
    for title, counts in (
        ("not relevant", ledger.not_relevant),
        ("set aside", ledger.set_aside),
        ("noted", ledger.notes),
    ):
        lines += [f"    {title}: {count:,} {reason}" for reason, count in counts.most_common(SHOWN)]
        left = len(counts) - SHOWN
        lines += [f"    {title}: ... and {left} more reasons"] if left > 0 else []
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Print each source; 0 where all were read and add up, else 2."""
    if not arguments:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    failed = 0
    for argument in arguments:
        path, _, mapping = argument.partition("=")
        begin = time.perf_counter()
        try:
            found = read_source(Path(path), Path(mapping) if mapping else None)
        except CobalaminError as error:
            sys.stderr.write(f"{error}\n")
            failed += 1
            continue
        sys.stdout.write(describe(path, *found, time.perf_counter() - begin) + "\n\n")
    return 2 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
