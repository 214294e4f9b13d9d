"""Compile the guidance YAML into the hashed JSON that ships, or check that what ships is in step."""

from __future__ import annotations

import sys

from cobalamin.guidance import build
from tools.problems import Problem, place, report


def out_of_step() -> list[Problem]:
    """Guidelines whose shipped JSON is missing, orphaned, or not what their YAML says."""
    problems = []
    folders = {folder.name: folder for folder in build.folders()}
    for name, folder in folders.items():
        target = build.SHIPPED / f"{name}.json"
        shipped = target.read_text(encoding="utf-8") if target.is_file() else None
        if shipped != build.shipped_text(folder):
            state = "is missing." if shipped is None else "is not what its YAML says."
            problems.append(Problem(place(target), state, "Run: make guidance"))
    for path in build.SHIPPED.glob("*.json"):
        if path.stem not in folders:
            problems.append(Problem(place(path), "has no guideline folder.", "Delete it, or restore the folder."))
    return problems


def main(arguments: list[str]) -> int:
    """Write every guideline, or only compare with `--check`."""
    if "--check" in arguments:
        return report("guidance", out_of_step(), "the shipped JSON is what the YAML says.")
    for folder in build.folders():
        print(f"guidance: wrote {place(build.write(folder))}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
