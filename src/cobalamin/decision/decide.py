"""Findings and a guideline to the trace: one nullable Boolean a rule, and the outcome of each table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
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
_KEPT: dict[int, tuple[Program, Words]] = {}
PROGRAMS_KEPT = 32


def program(guideline: Guideline) -> Program:
    """The compiled guideline; compiled once for each guideline object."""
    return _compiled(guideline)[0]


def _words(guideline: Guideline) -> Words:
    return _compiled(guideline)[1]


def _compiled(guideline: Guideline) -> tuple[Program, Words]:
    kept = _KEPT.get(id(guideline))
    if kept is None:
        if len(_KEPT) >= PROGRAMS_KEPT:
            del _KEPT[next(iter(_KEPT))]
        compiled = compile_guideline(guideline)
        kept = _KEPT[id(guideline)] = compiled, _words_of(compiled)
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
    words = _worded(_words(guideline), made, findings.height)
    return pl.DataFrame([findings["patient_id"], findings["on"], *answers, *words])


@dataclass(frozen=True)
class Worded:
    """A column of words: where each person's place comes from, and the code of the word at each place."""

    name: str
    winner: int | None
    graded: tuple[tuple[str, int], ...]
    codes: npt.NDArray[np.int32]


@dataclass(frozen=True)
class Words:
    """All columns of words of a guideline, over one list of words. Code -1 is no word."""

    columns: tuple[Worded, ...]
    kinds: pl.Series


def _words_of(compiled: Program) -> Words:
    """The columns of words of a compiled guideline; the last code of each (place -1) is what nobody's row gives."""
    plain = [one for table in compiled.guideline.tables.values() for one in _columns(table, compiled)]
    kinds = list(dict.fromkeys(word for _, words, _, _ in plain for word in words if word is not None))
    code = {word: place for place, word in enumerate(kinds)} | {None: -1}
    columns = tuple(
        Worded(name, winner, graded, np.array([code[word] for word in words], dtype=np.int32))
        for name, words, winner, graded in plain
    )
    return Words(columns, pl.Series(kinds, dtype=pl.Enum(kinds)))


Plain = tuple[str, list[str | None], int | None, tuple[tuple[str, int], ...]]


def _columns(table: Table, compiled: Program) -> Iterator[Plain]:
    if table.hit_policy == "first":
        winner = compiled.winners[table.name]
        yield f"table.{table.name}", [*(rule.id for rule in table.rules), UNDECIDED], winner, ()
        for output in table.outputs:
            yield f"output.{output}", [*outcome_values(table, output)], winner, ()
        return
    for name, rules in collected_names(table).items():
        graded = tuple((rule.then.get("grade", "yes"), compiled.answers[rule_column(table, rule)]) for rule in rules)
        yield name, [*(grade for grade, _ in graded), None], None, graded


def _worded(words: Words, made: list[Any], size: int) -> list[pl.Series]:
    """All columns of words, made in one piece."""
    coded = [
        column.codes[best_grade(column.graded, made) if column.winner is None else made[column.winner]]
        for column in words.columns
    ]
    places = pl.DataFrame({"code": np.concatenate(coded)}).select(pl.when(pl.col("code") >= 0).then("code"))
    flat = words.kinds.gather(places["code"])
    return [flat.slice(place * size, size).alias(column.name) for place, column in enumerate(words.columns)]
