"""Findings and a guideline to the trace: one nullable Boolean a rule, and the outcome of each table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from cobalamin.decision.compile import (
    UNDECIDED,
    Program,
    best_grade,
    collected_names,
    compile_guideline,
    outcome_values,
    rule_column,
    run,
)
from cobalamin.decision.kleene import to_columns
from cobalamin.guidance import Guideline, Table

# Compiling costs more than deciding for one person. Kept by object, with the object, so no id is used twice.
_PROGRAMS: dict[int, Program] = {}
PROGRAMS_KEPT = 32


def program(guideline: Guideline) -> Program:
    """The compiled guideline; compiled once for each guideline object."""
    kept = _PROGRAMS.get(id(guideline))
    if kept is None:
        if len(_PROGRAMS) >= PROGRAMS_KEPT:
            del _PROGRAMS[next(iter(_PROGRAMS))]
        kept = _PROGRAMS[id(guideline)] = compile_guideline(guideline)
    return kept


def decide(findings: pl.DataFrame, guideline: Guideline) -> pl.DataFrame:
    """The trace: `patient_id, on`, `term.*`, `rule.*`, then `table.*`, `output.*` and the collected columns.

    One row for each row of `findings`, in order. It is the only account of the decision: everything said of it
    later is read from here.
    """
    compiled = program(guideline)
    made = run(compiled, findings)
    names = list(compiled.answers)
    answers = to_columns(names, [made[step] for step in compiled.answers.values()], findings.height)
    worded = [column for table in guideline.tables.values() for column in _worded(table, compiled, made)]
    words = _words(worded, findings.height)
    return pl.DataFrame([findings["patient_id"], findings["on"], *answers, *words])


Worded = tuple[str, list[str | None], npt.NDArray[np.int16]]


def _worded(table: Table, compiled: Program, made: list[Any]) -> Iterator[Worded]:
    """Columns of words of a table: name, the words by place, and each person's place (-1 = the last word)."""
    if table.hit_policy == "first":
        winner = made[compiled.winners[table.name]]
        yield f"table.{table.name}", [*(rule.id for rule in table.rules), UNDECIDED], winner
        for output in table.outputs:
            yield f"output.{output}", [*outcome_values(table, output)], winner
        return
    for name, rules in collected_names(table).items():
        graded = [(rule.then.get("grade", "yes"), compiled.answers[rule_column(table, rule)]) for rule in rules]
        yield name, [*(grade for grade, _ in graded), None], best_grade(graded, made)


def _words(worded: list[Worded], size: int) -> list[pl.Series]:
    """All columns of words in one piece, over one list of words."""
    kinds = list(dict.fromkeys(word for _, words, _ in worded for word in words if word is not None))
    code = {word: place for place, word in enumerate(kinds)} | {None: -1}
    coded = [np.array([code[word] for word in words], dtype=np.int32)[places] for _, words, places in worded]
    places = pl.DataFrame({"code": np.concatenate(coded)}).select(pl.when(pl.col("code") >= 0).then("code"))
    column = pl.Series(kinds, dtype=pl.Enum(kinds)).gather(places["code"])
    return [column.slice(place * size, size).alias(name) for place, (name, _, _) in enumerate(worded)]
