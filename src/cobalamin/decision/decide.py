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
from cobalamin.decision.kleene import Bools, to_frame
from cobalamin.decision.machine import Machine, Winner
from cobalamin.findings.columns import split
from cobalamin.guidance import Guideline, Table

# Compiling costs more than deciding for one person. Kept by object, with the object, so no id is used twice.
_KEPT: dict[int, tuple[Machine, _Words]] = {}
PROGRAMS_KEPT = 32


def program(guideline: Guideline) -> Program:
    """The compiled guideline; compiled once for each guideline object."""
    return _compiled(guideline)[0].program


def _compiled(guideline: Guideline) -> tuple[Machine, _Words]:
    kept = _KEPT.get(id(guideline))
    if kept is None:
        if len(_KEPT) >= PROGRAMS_KEPT:
            del _KEPT[next(iter(_KEPT))]
        compiled = compile_guideline(guideline)
        kept = _KEPT[id(guideline)] = Machine(compiled), _Words(compiled)
    return kept


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
    answers = to_frame(list(asked), yes, yes | made.says_no(steps))
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
        self.kinds = pl.Series(kinds, dtype=pl.Enum(kinds))
        self.hit = [(row, one.winner, _codes(one, code)) for row, one in enumerate(made) if one.winner is not None]
        graded = [(row, one) for row, one in enumerate(made) if one.winner is None]
        self.graded = np.array([row for row, _ in graded], dtype=np.intp)
        deepest = max((len(one.rules) for _, one in graded), default=0)
        # Padded with the strongest rule, which has the last word anyway.
        self.rules = np.array(
            [[*one.rules, *[one.rules[0]] * (deepest - len(one.rules))] for _, one in graded], dtype=np.intp
        ).reshape(len(graded), deepest)
        self.grades = np.full((len(graded), deepest + 1), -1, dtype=np.int32)
        for row, (_, one) in enumerate(graded):
            self.grades[row, : len(one.rules)] = _codes(one, code)[:-1]

    def frame(self, yes: Bools, winners: dict[int, Winner]) -> pl.DataFrame:
        """The columns, made in one piece. `yes` has a row for each answer of the program."""
        coded = np.empty((len(self.names), yes.shape[1]), dtype=np.int32)
        for row, winner, codes in self.hit:
            coded[row] = codes[winners[winner]]
        best = np.full((len(self.graded), yes.shape[1]), -1, dtype=np.intp)
        for place in range(self.rules.shape[1] - 1, -1, -1):
            best[yes[self.rules[:, place]]] = place
        coded[self.graded] = np.take_along_axis(self.grades, best, axis=1)
        places = pl.DataFrame({"code": coded.ravel()}).select(_WHERE_ANY)
        return split(self.names, self.kinds.gather(places["code"]))


_WHERE_ANY = pl.when(pl.col("code") >= 0).then("code")


def _codes(one: _Worded, code: dict[str | None, int]) -> npt.NDArray[np.int32]:
    return np.array([code[word] for word in one.words], dtype=np.int32)


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
