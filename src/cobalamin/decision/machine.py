"""Runs a compiled guideline over the columns of the findings, many steps at a time.

Every answer owns two rows of bits, one for yes and one for no. Steps that need only earlier levels run together:
"all" is an AND over the yes rows and an OR over the no rows of its parts, "any" the other way round, "not" the
same two rows exchanged, which costs nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from cobalamin.decision.compare import Comparison, Comparisons, laid_end_to_end, values_of
from cobalamin.decision.compile import Program, Step, outcome_values
from cobalamin.decision.kleene import Bools, Words, packed, unpacked, words_for
from cobalamin.events import FLAGS
from cobalamin.guidance import Table
from cobalamin.vocabulary.catalogue import Finding, catalogue

Winner = npt.NDArray[np.int16]
Rows = npt.NDArray[np.intp]

NOBODY, EVERYBODY = 0, 1
EVERY_BIT = np.uint64(0xFFFF_FFFF_FFFF_FFFF)


@dataclass
class Made:
    """What a program made of the findings: rows of bits, and the winning row of each first-hit table (-1 = undecided).

    `yes` and `no` give the rows of each step.
    """

    bits: Words
    size: int
    yes: Rows
    no: Rows
    winners: dict[int, Winner] = field(default_factory=dict)

    def says_yes(self, steps: Sequence[int]) -> Bools:
        """For each of the steps (a row) and each person (a column), whether it is yes."""
        return unpacked(self.bits[self.yes[list(steps)]], self.size)

    def says_no(self, steps: Sequence[int]) -> Bools:
        """The same for no; where neither is true the step is open."""
        return unpacked(self.bits[self.no[list(steps)]], self.size)

    def put(self, steps: Sequence[int], yes: Bools, no: Bools) -> None:
        """Write the answers of steps (row by person)."""
        self.bits[self.yes[list(steps)]] = packed(yes)
        self.bits[self.no[list(steps)]] = packed(no)


@dataclass(frozen=True)
class _Joined:
    """Rows made by joining other rows with AND or OR: where they go, what they join, and where each begins."""

    target: Rows
    parts: Rows
    begins: Rows

    @classmethod
    def of(cls, joins: list[tuple[int, list[int]]]) -> _Joined | None:
        if not joins:
            return None
        lengths = [len(parts) for _, parts in joins]
        begins = np.cumsum([0, *lengths[:-1]])
        return cls(
            np.array([target for target, _ in joins]), np.array([row for _, parts in joins for row in parts]), begins
        )


@dataclass(frozen=True)
class _Level:
    """Steps whose parts are all made: the joins of their rows, those that ask for open ones, and the singular ones."""

    both: _Joined | None
    either: _Joined | None
    opened: tuple[Rows, Rows]
    singular: tuple[tuple[int, Step], ...]


class Machine:
    """A program laid out in levels; made once for a program and run on any findings."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.guideline = program.guideline
        self._place_rows()
        self._leaves()
        self.levels = [self._level(numbers) for numbers in self._by_level()]
        self.hits = {table.name: _Hit(table) for table in self.guideline.tables.values() if table.hit_policy == "first"}

    def run(self, findings: pl.DataFrame) -> Made:
        """The answers of every step for each row of the findings."""
        size = findings.height
        bits = np.zeros((2 + 2 * len(self.program.steps), words_for(size)), dtype=np.uint64)
        bits[EVERYBODY] = EVERY_BIT
        made = Made(bits, size, self.yes, self.no)
        self._fill_leaves(made, findings)
        for level in self.levels:
            self._fill(made, level)
        return made

    def _place_rows(self) -> None:
        """The yes row and the no row of each step; "not" exchanges those of its part."""
        count = len(self.program.steps)
        self.yes, self.no = 2 + np.arange(count), 2 + count + np.arange(count)
        for number, step in enumerate(self.program.steps):
            if step[0] == "not":
                self.yes[number], self.no[number] = self.no[step[1]], self.yes[step[1]]
            elif step[0] in ("always", "open"):
                self.yes[number] = EVERYBODY if step[0] == "always" else NOBODY
                self.no[number] = NOBODY

    def _by_level(self) -> list[list[int]]:
        """The numbers of the steps that are no leaves, each level needing only those before it."""
        level: list[int] = []
        found: defaultdict[int, list[int]] = defaultdict(list)
        for number, step in enumerate(self.program.steps):
            parts = _parts(step)
            level.append(max((level[part] for part in parts), default=0) + (bool(parts) and step[0] != "not"))
            if level[-1] and step[0] != "not":
                found[level[-1]].append(number)
        return [found[place] for place in sorted(found)]

    def _level(self, numbers: list[int]) -> _Level:
        both: list[tuple[int, list[int]]] = []
        either: list[tuple[int, list[int]]] = []
        opened, singular = [], []
        for number in numbers:
            step, yes, no = self.program.steps[number], int(self.yes[number]), int(self.no[number])
            parts = list(_parts(step))
            if step[0] in ("all", "any"):
                strict, loose = (yes, no) if step[0] == "all" else (no, yes)
                of_strict, of_loose = (self.yes, self.no) if step[0] == "all" else (self.no, self.yes)
                both.append((strict, of_strict[parts].tolist()))
                either.append((loose, of_loose[parts].tolist()))
            elif step[0] == "missing":
                either.append((no, [*self.yes[parts].tolist(), *self.no[parts].tolist()]))
                opened.append((yes, no))
            else:
                singular.append((number, step))
        pairs = np.array(opened, dtype=np.intp).reshape(-1, 2)
        return _Level(_Joined.of(both), _Joined.of(either), (pairs[:, 0], pairs[:, 1]), tuple(singular))

    def _fill(self, made: Made, level: _Level) -> None:
        bits = made.bits
        for joined, ufunc in ((level.both, np.bitwise_and), (level.either, np.bitwise_or)):
            if joined is not None:
                bits[joined.target] = ufunc.reduceat(bits[joined.parts], joined.begins, axis=0)
        yes, no = level.opened
        if len(yes):
            bits[yes] = ~bits[no]
        for number, step in level.singular:
            _SINGULAR[step[0]](self, made, number, *step[1:])

    # Leaves: what is read off the findings.

    def _leaves(self) -> None:
        """The steps of each kind of leaf, and the columns they read."""
        kinds: defaultdict[str, list[tuple[int, Step]]] = defaultdict(list)
        for number, step in enumerate(self.program.steps):
            kinds[step[0]].append((number, step))
        self.flags = kinds["flag"]
        asked = [(n, Comparison(catalogue()[s[1]], s[2], self.guideline.thresholds[s[3]], s[1])) for n, s in
                 kinds["compare"]]  # fmt: skip
        self.compared = [number for number, _ in asked]
        self.comparisons = Comparisons([one for _, one in asked]) if asked else None
        self.numbers = _of_kinds(self.program, "measurement", "number")
        self.booleans = [(n, s[1]) for n, s in kinds["finding"]] + [(n, f"{s[1]}.na") for n, s in kinds["applies"]]
        absent = [(number, catalogue()[step[1]]) for number, step in kinds["no_data"]]
        self.absent_booleans = [(n, f.column) for n, f in absent if f.kind == "boolean"]
        self.absent_dates = [(n, f.column) for n, f in absent if f.kind == "date"]
        self.absent_values = [(n, f.name) for n, f in absent if f.kind in ("measurement", "number")]
        self.inverted = {number for number, _ in kinds["applies"]}

    def _fill_leaves(self, made: Made, findings: pl.DataFrame) -> None:
        self._fill_booleans(made, findings)
        values = values_of(findings, self.numbers)
        if self.comparisons is not None:
            made.put(self.compared, *self.comparisons.answers(values))
        if self.flags:
            said = values.word[[values.row[step[1]] for _, step in self.flags]]
            right = said == np.array([[FLAGS.index(step[2])] for _, step in self.flags])
            made.put([number for number, _ in self.flags], right, (said >= 0) & ~right)
        if self.absent_values:
            at = [values.row[name] for _, name in self.absent_values]
            absent = np.isnan(values.value[at]) & (values.word[at] < 0)
            made.put([number for number, _ in self.absent_values], absent, ~absent)
        for number, column in self.absent_dates:
            absent = findings[column].is_null().to_numpy()[np.newaxis]
            made.put([number], absent, ~absent)

    def _fill_booleans(self, made: Made, findings: pl.DataFrame) -> None:
        """Yes and no of the Boolean findings; a question that makes no sense answers no where it is asked."""
        steps = [*self.booleans, *self.absent_booleans]
        if not steps:
            return
        laid = laid_end_to_end(findings, [column for _, column in steps]).cast(pl.Int8).fill_null(-1)
        coded = laid.to_numpy().reshape(len(steps), made.size)
        yes, no = coded == 1, coded == 0
        for place, (number, _) in enumerate(self.booleans):
            if number in self.inverted:
                yes[place], no[place] = ~yes[place], yes[place].copy()
        asked = len(self.booleans)
        yes[asked:] = coded[asked:] < 0
        no[asked:] = ~yes[asked:]
        made.put([number for number, _ in steps], yes, no)

    # Steps that are few enough to be made one by one.

    def _first(self, made: Made, number: int, table: str, rules: Sequence[int]) -> None:
        made.winners[number] = self.hits[table].winner(made.says_yes(rules), made.says_no(rules))

    def _output(self, made: Made, number: int, table: str, output: str, wanted: tuple[str, ...], winner: int) -> None:
        values = outcome_values(self.guideline.tables[table], output)
        right = np.array([value in wanted for value in values])[made.winners[winner]][np.newaxis]
        made.put([number], right, ~right)

    def _grade(self, made: Made, number: int, graded: Sequence[tuple[str, int]], wanted: tuple[str, ...]) -> None:
        """Whether the best grade is a wanted one; open while a rule that is open could still change that."""
        yes, no = made.bits[NOBODY], made.bits[EVERYBODY]
        for grade, step in reversed(graded):
            held, denied = made.bits[self.yes[step]], made.bits[self.no[step]]
            undecided = ~(held | denied)
            if grade in wanted:
                yes, no = held | (yes & (denied | undecided)), no & denied
            else:
                yes, no = yes & denied, held | (no & (denied | undecided))
        made.bits[self.yes[number]], made.bits[self.no[number]] = yes, no

    def _count(self, made: Made, number: int, count: int, parts: Sequence[int]) -> None:
        """Yes where enough parts are yes; no where too few can still be."""
        sure, lost = made.says_yes(parts).sum(axis=0), made.says_no(parts).sum(axis=0)
        made.put([number], (sure >= count)[np.newaxis], (len(parts) - lost < count)[np.newaxis])


_SINGULAR: dict[str, Callable[..., None]] = {
    "first": Machine._first,
    "output": Machine._output,
    "grade": Machine._grade,
    "count": Machine._count,
}


def _parts(step: Step) -> Iterable[int]:
    """The steps that a step needs."""
    if step[0] in ("all", "any"):
        return tuple(step[1])
    if step[0] in ("not", "missing"):
        return (step[1],)
    if step[0] in ("count", "first"):
        return tuple(step[2])
    if step[0] == "output":
        return (step[4],)
    if step[0] == "grade":
        return tuple(part for _, part in step[1])
    return ()


def _of_kinds(program: Program, *kinds: str) -> list[Finding]:
    return [finding for finding in program.read.values() if finding.kind in kinds]


class _Hit:
    """The first row of a table that is yes, or -1 where none is, or where an open row marked hold above it differs."""

    def __init__(self, table: Table) -> None:
        outcomes = [tuple(sorted(rule.then.items())) for rule in table.rules]
        # For each row that holds: its place, and which winners it would differ from (the last: no winner).
        self.holds = [
            (place, np.array([outcome != outcomes[place] for outcome in outcomes] + [True]))
            for place, rule in enumerate(table.rules)
            if rule.hold
        ]

    def winner(self, yes: Bools, no: Bools) -> Winner:
        """The place of the winning row of each person."""
        found = np.where(yes.any(axis=0), yes.argmax(axis=0), -1).astype(np.int16)
        held = np.zeros(len(found), dtype=np.bool_)
        for place, differs in self.holds:
            opened = ~(yes[place] | no[place])
            held |= opened & ((found > place) | (found < 0)) & differs[found]
        return np.where(held, np.int16(-1), found)
