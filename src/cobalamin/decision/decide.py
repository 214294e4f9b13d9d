"""Findings and a guideline to the trace: one nullable Boolean a rule, and the outcome of each table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from cobalamin.decision.compile import (
    UNDECIDED,
    Program,
    collected_names,
    compile_guideline,
    outcome_values,
    rule_column,
)
from cobalamin.decision.kleene import Bools
from cobalamin.decision.machine import Machine, Winner
from cobalamin.findings import columns
from cobalamin.guidance import Guideline, Table
from cobalamin.guidance.kept import KeptByGuideline


def program(guideline: Guideline) -> Program:
    """The compiled guideline; compiled once for each guideline object."""
    return _compiled(guideline)[0].program


def _compile(guideline: Guideline) -> tuple[Machine, _Words]:
    compiled = compile_guideline(guideline)
    return Machine(compiled), _Words(compiled)


_compiled = KeptByGuideline(_compile)


def decide(findings: pl.DataFrame, guideline: Guideline) -> pl.DataFrame:
    """The trace: `patient_id, on`, `term.*`, `rule.*`, then `table.*`, `output.*` and the collected columns.

    One row for each row of `findings`, in order. It is the only account of the decision: everything said of it
    later is read from here.
    """
    machine, words = _compiled(guideline)
    made = machine.run(findings)
    asked = machine.program.answers
    steps = list(asked.values())
    yes = made.says_yes(steps)
    answers = columns.answers(list(asked), yes, yes | made.says_no(steps))
    return pl.concat([findings[["patient_id", "on"]], answers, words.frame(yes, made.winners)], how="horizontal")


@dataclass(frozen=True)
class _Worded:
    """A column of words: what gives each person's place, and the word at each place; the last (-1) is no row's.

    `winner` is the step of a first-hit table, or else `rules` are the rows of the answers, strongest first.
    """

    name: str
    words: Sequence[str | None]
    winner: int | None = None
    rules: Sequence[int] = ()


class _Words:
    """All columns of words of a guideline, over one list of words."""

    def __init__(self, compiled: Program) -> None:
        place = {column: number for number, column in enumerate(compiled.answers)}
        made = [one for table in compiled.guideline.tables.values() for one in _worded(table, compiled, place)]
        kinds = list(dict.fromkeys(word for one in made for word in one.words if word is not None))
        code = {word: place for place, word in enumerate(kinds)} | {None: -1}
        self.names = [one.name for one in made]
        self.kind = pl.Enum(kinds)
        self.hit = [(row, one.winner, _codes(one, code)) for row, one in enumerate(made) if one.winner is not None]
        graded = sorted(
            ((row, one) for row, one in enumerate(made) if one.winner is None), key=lambda pair: -len(pair[1].rules)
        )
        self.graded = np.array([row for row, _ in graded], dtype=np.intp)
        ranked = [one for _, one in graded]
        self.depths = [_depth(ranked, place, code) for place in range(len(ranked[0].rules) if ranked else 0)]

    def frame(self, yes: Bools, winners: dict[int, Winner]) -> pl.DataFrame:
        """The columns, made in one piece. `yes` has a row for each answer of the program."""
        coded = np.empty((len(self.names), yes.shape[1]), dtype=np.int16)
        for row, winner, codes in self.hit:
            coded[row] = codes[winners[winner]]
        best = np.full((len(self.graded), yes.shape[1]), -1, dtype=np.int16)
        # The weakest first, so that the strongest has the last word.
        for rules, grades in reversed(self.depths):
            np.copyto(best[: len(rules)], grades, where=yes[rules])
        coded[self.graded] = best
        return columns.words(self.names, coded, self.kind)


def _depth(
    graded: Sequence[_Worded], place: int, code: dict[str | None, int]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int16]]:
    """The rule at this place of each column that has so many (they come first), and the code of its grade."""
    deep = [one for one in graded if len(one.rules) > place]
    rules = np.array([one.rules[place] for one in deep], dtype=np.intp)
    return rules, np.array([[code[one.words[place]]] for one in deep], dtype=np.int16)


def _codes(one: _Worded, code: dict[str | None, int]) -> npt.NDArray[np.int16]:
    return np.array([code[word] for word in one.words], dtype=np.int16)


def _worded(table: Table, compiled: Program, place: dict[str, int]) -> Iterator[_Worded]:
    if table.hit_policy == "first":
        winner = compiled.winners[table.name]
        yield _Worded(f"table.{table.name}", [*(rule.id for rule in table.rules), UNDECIDED], winner)
        for output in table.outputs:
            yield _Worded(f"output.{output}", outcome_values(table, output), winner)
        return
    for name, rules in collected_names(table).items():
        grades = [rule.then.get("grade", "yes") for rule in rules]
        yield _Worded(name, [*grades, None], rules=[place[rule_column(table, rule)] for rule in rules])
