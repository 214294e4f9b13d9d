"""`python -m cobalamin.guidance.compile`: write the shipped JSON of every guideline folder."""

from __future__ import annotations

import sys

from cobalamin.errors import CobalaminError
from cobalamin.guidance.build import folders, write


def main() -> int:
    """Build all folders; print what was written, or the first error with its place."""
    try:
        for folder in folders():
            print(f"{folder.name}: {write(folder).name}")
    except CobalaminError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
