"""Files and functions stay small enough to be read in one go."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from pathlib import Path

from tools.problems import ROOT, Problem, place, python_files, report

FOLDERS = ("src", "tests", "tools", "validation", "benchmarks", "examples")
FILE_LINES = 500
FUNCTION_LINES = 60
SMALL_LINES = 30
ONE_IN = 10  # functions may be longer than that, up to FUNCTION_LINES


@dataclass(frozen=True)
class Function:
    """A function, where it stands and how many lines it takes from `def` to its end."""

    name: str
    path: Path
    line: int
    lines: int


def functions(path: Path) -> list[Function]:
    """Every function and method of a file, nested ones too."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return [
        Function(node.name, path, node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def file_problems(paths: list[Path]) -> list[Problem]:
    """Files over the limit."""
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    return [
        Problem(place(path), f"{lines} lines, over {FILE_LINES}.", "Split it by what its parts answer.")
        for path, lines in lengths.items()
        if lines > FILE_LINES
    ]


def function_problems(found: list[Function]) -> list[Problem]:
    """Functions over the limit, and a code base in which too many are long."""
    problems = [
        Problem(
            place(one.path, one.line),
            f"{one.name} has {one.lines} lines, over {FUNCTION_LINES}.",
            "Split it.",
        )
        for one in found
        if one.lines > FUNCTION_LINES
    ]
    long = sorted((one for one in found if one.lines > SMALL_LINES), key=lambda one: -one.lines)
    if len(long) * ONE_IN > len(found):
        names = ", ".join(f"{one.name} ({one.lines})" for one in long[:8])
        what = f"{len(long)} of {len(found)} functions have over {SMALL_LINES} lines; one in {ONE_IN} may."
        problems.append(Problem("src", what, f"Shorten the longest: {names}."))
    return problems


def main() -> int:
    """Check all Python files; the share of small functions is that of the package alone."""
    paths = python_files(*(ROOT / folder for folder in FOLDERS))
    everywhere = [one for path in paths for one in functions(path)]
    package = [one for one in everywhere if (ROOT / "src") in one.path.parents]
    others = [one for one in everywhere if one not in package and one.lines > FUNCTION_LINES]
    problems = file_problems(paths) + function_problems(package)
    problems += [problem for problem in function_problems(others) if problem.where != "src"]
    return report("sizes", problems, f"{len(paths)} files, {len(everywhere)} functions, all small enough.")


if __name__ == "__main__":
    sys.exit(main())
