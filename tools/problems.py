"""How every check speaks: where, what is wrong, what to do; exit code 1, or one line that all is well."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "cobalamin"


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to mend: the place, what is wrong there, and what to do about it."""

    where: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what} {self.remedy}"


def place(path: Path, line: int | None = None) -> str:
    """A file, and a line of it, as seen from the top of the repository."""
    name = path.resolve().relative_to(ROOT) if path.resolve().is_relative_to(ROOT) else path
    return f"{name}:{line}" if line else str(name)


def python_files(*folders: Path) -> list[Path]:
    """The Python files below some folders, in a stable order, caches left out."""
    return sorted(path for folder in folders for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def report(check: str, problems: Sequence[Problem], fine: str) -> int:
    """Print the problems, or that there are none, and return the exit code."""
    if not problems:
        print(f"{check}: {fine}")
        return 0
    for problem in sorted(set(problems)):
        print(problem, file=sys.stderr)
    print(f"{check}: {len(set(problems))} to mend.", file=sys.stderr)
    return 1
