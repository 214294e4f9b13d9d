"""The lock pins every package by hash, covers what pyproject.toml asks for, and names no host."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

from tools.problems import ROOT, Problem, report

LOCK = ROOT / "requirements.lock"
PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==(\S+)", re.MULTILINE)
NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*")


def normal(name: str) -> str:
    """A package name as the registry compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def lock_problems(text: str, wanted: list[str]) -> list[Problem]:
    """What is wrong with the text of a lock, given the requirements it must cover."""
    again = "Run: make lock"
    problems = []
    if "://" in text or "--index" in text or "--find-links" in text:
        problems.append(Problem("requirements.lock", "names an address.", again))
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    for block in blocks:
        if "--hash=sha256:" not in block:
            problems.append(Problem("requirements.lock", f"{block.split()[0]} has no hash.", again))
    pinned = {normal(match[1]) for match in PIN.finditer(text)}
    for requirement in wanted:
        match = NAME.match(requirement)
        if match and normal(match[0]) not in pinned:
            problems.append(Problem("requirements.lock", f"{match[0]} is not pinned.", again))
    return problems


def wanted_by(pyproject: Path) -> list[str]:
    """What the project needs to run, to be built and to be developed."""
    content = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    project = content["project"]
    extras = [one for names in project["optional-dependencies"].values() for one in names]
    return [*project["dependencies"], *extras, *content["build-system"]["requires"]]


def main() -> int:
    """Check requirements.lock against pyproject.toml."""
    found = lock_problems(LOCK.read_text(encoding="utf-8"), wanted_by(ROOT / "pyproject.toml"))
    return report("lock", found, "every package is pinned by hash.")


if __name__ == "__main__":
    sys.exit(main())
