"""Every column the code names is declared once: findings in the catalogue, the rest in a decision table.

Two proofs. A column spelt out in the package (`"finding.mcv"`, `"rule.status.total_b12_low"`) must be
declared. And the findings frame of a record has exactly the catalogue's columns, of the right type.
"""

from __future__ import annotations

import ast
import difflib
import re
import sys
from pathlib import Path

import polars as pl

from cobalamin import guidance
from cobalamin.vocabulary.catalogue import Finding, catalogue
from tools.problems import PACKAGE, Problem, place, python_files, report

COLUMN = re.compile(r"[a-z_]+(?:\.[a-z0-9_]+)+")
FILE_ENDINGS = (".csv", ".json", ".yaml", ".py", ".html")
COMPANIONS = ("unit", "cmp", "flag", "time")
TYPES = {
    "boolean": pl.Boolean(),
    "measurement": pl.Float64(),
    "number": pl.Float64(),
    "date": pl.Date(),
}


def finding_columns() -> dict[str, Finding]:
    """Every column that belongs to a finding, companions and masks included."""
    columns: dict[str, Finding] = {}
    for one in catalogue().values():
        companions = COMPANIONS if one.kind == "measurement" else ()
        masks = ("na",) if one.applies_when else ()
        for suffix in ("", ".row", *(f".{name}" for name in (*companions, *masks))):
            columns[one.column + suffix] = one
    return columns


def trace_columns() -> set[str]:
    """Every column that the shipped guidelines give a trace."""
    columns: set[str] = set()
    for name in guidance.available():
        guideline = guidance.load(name)
        columns |= {f"term.{term}" for term in guideline.terms}
        for table in guideline.tables.values():
            columns |= {f"table.{table.name}", *(f"output.{field}" for field in table.outputs)}
            for rule in table.rules:
                columns.add(f"rule.{table.name}.{rule.id}")
                if table.hit_policy == "collect":
                    columns.add(f"{table.outputs[0]}.{rule.then[table.outputs[0]]}")
    return columns


def named_columns(path: Path) -> list[tuple[str, int]]:
    """Column names spelt out in a file, with their lines; names that are put together do not count."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    return [
        (node.value, node.lineno)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in parts
        and COLUMN.fullmatch(node.value)
        and not node.value.endswith(FILE_ENDINGS)
    ]


def undeclared(path: Path, declared: set[str]) -> list[Problem]:
    """Columns named in a file that nothing declares, judged by the families that are declared."""
    families = {"finding", "rule", "term", "table", "output"} | {name.partition(".")[0] for name in declared}
    problems = []
    for column, line in named_columns(path):
        if column not in declared and column.partition(".")[0] in families:
            near = difflib.get_close_matches(column, declared, n=1)
            hint = f"Did you mean {near[0]}?" if near else "Declare it in findings.csv or in a decision table."
            problems.append(Problem(place(path, line), f"the column {column} is not declared.", hint))
    return problems


def frame_problems(frame: pl.DataFrame) -> list[Problem]:
    """How a findings frame differs from the catalogue: columns missing, undeclared, or of another type."""
    where = "findings frame"
    allowed = finding_columns()
    problems = [
        Problem(where, f"{name} is not in the catalogue.", "Declare it in findings.csv, or do not make it.")
        for name in frame.columns
        if name not in allowed and name not in ("patient_id", "on")
    ]
    for one in catalogue().values():
        dtype = frame.schema.get(one.column)
        if dtype is None:
            problems.append(Problem(where, f"{one.column} is missing.", "Make it, or take it out of findings.csv."))
        elif dtype != TYPES[one.kind]:
            what = f"{one.column} is {dtype}, not {TYPES[one.kind]}."
            problems.append(Problem(where, what, f"The catalogue calls it a {one.kind}."))
    return problems


def main() -> int:
    """Check the code's names, then the frame that one record makes."""
    declared = set(finding_columns()) | trace_columns()
    problems = [problem for path in python_files(PACKAGE) for problem in undeclared(path, declared)]
    problems += frame_problems(one_record())
    return report("columns", problems, f"{len(declared)} declared; the findings frame is the catalogue.")


def one_record() -> pl.DataFrame:
    """The findings of a record that says only that a person was born."""
    from datetime import date, datetime

    from cobalamin.events import Events
    from cobalamin.findings.find import find

    born = datetime(1950, 1, 1)
    event = {"patient_id": "p", "time": born, "until": born, "concept": "person_birth", "source": "check"}
    return find(Events.of([event]), date(2026, 1, 15))


if __name__ == "__main__":
    sys.exit(main())
