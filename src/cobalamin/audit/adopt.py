"""What if we adopt it: one guidance against another over a population, person by person.

Findings are shared: what a record says is found once, and decided twice. Nobody's treatment is changed;
the difference between two answers is shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial

import polars as pl

from cobalamin.assess import Assessment
from cobalamin.audit.adopt_amounts import PLAN_UNITS, plan_amounts, test_counts
from cobalamin.audit.adopt_people import FIELDS, SIDES, harmed, outcomes_of, person_columns, serious, tablets_possible
from cobalamin.audit.adopt_policy import POLICIES
from cobalamin.audit.facts import Facts
from cobalamin.decision import decide
from cobalamin.engine import run
from cobalamin.engine.local import Source
from cobalamin.errors import CobalaminError
from cobalamin.guidance import Guideline
from cobalamin.plan import plan
from cobalamin.records.ledger import Ledger


@dataclass(frozen=True)
class Side:
    """One of the two: a guideline as it is to be applied, with the laboratory and the policy laid over it."""

    guideline: Guideline
    laboratory: str = ""
    policy: str = ""

    @property
    def name(self) -> str:
        """The side in words."""
        parts = [self.guideline.id]
        parts += [f"numbers of {self.laboratory}"] if self.laboratory else []
        parts += [f"policy: {self.policy}"] if self.policy else []
        return ", ".join(parts)

    def as_dict(self) -> dict[str, object]:
        """The side as data, with everything needed to derive it again."""
        changed = {name: self.guideline.thresholds[name].values for name in self.guideline.overrides}
        return {
            "name": self.name,
            "id": self.guideline.id,
            "version": self.guideline.version,
            "title": self.guideline.title,
            "sha256": self.guideline.sha256,
            "laboratory": self.laboratory,
            "numbers": {name: [f"{value:g} {unit}" for value, unit in values] for name, values in changed.items()},
            "policy": self.policy,
            "policy_says": POLICIES[self.policy].says if self.policy else "",
            "review_by": str(self.guideline.about.get("review_by", "")),
            "superseded_by": str(self.guideline.about.get("superseded_by") or ""),
        }


@dataclass
class Part:
    """Everything of one chunk that the whole needs."""

    people: int
    persons: pl.DataFrame
    tests: tuple[Counter[str], Counter[str]]
    ledger: Ledger


@dataclass
class Adopted:
    """A population under A and under B. `persons` has one row an adult who is registered on the day."""

    on: date
    a: Side
    b: Side
    people: int
    persons: pl.DataFrame
    tests: tuple[Counter[str], Counter[str]]
    ledger: Ledger

    @property
    def population(self) -> int:
        """Adults who are compared."""
        return self.persons.height

    def flow(self, field: str, *by: str) -> pl.DataFrame:
        """How many people go from which answer to which: `from`, `to`, `people` (and `by`). All are in it once."""
        pair = [pl.col(f"{field}_a").alias("from"), pl.col(f"{field}_b").alias("to")]
        counted = self.persons.group_by(*by, *pair).agg(people=pl.len())
        return counted.sort("people", *by, "from", "to", descending=[True, *[False] * (len(by) + 2)])

    def amounts(self) -> dict[str, tuple[int, int]]:
        """Units under A and under B: tests by name, then what the plans ask for within a year."""
        names = sorted({*self.tests[0], *self.tests[1]})
        found = {name: (self.tests[0][name], self.tests[1][name]) for name in names if any(t[name] for t in self.tests)}
        for unit in PLAN_UNITS:
            found[unit] = (int(self.persons[f"{unit}_a"].sum()), int(self.persons[f"{unit}_b"].sum()))
        return found

    def named_first(self, kind: str = "harmed") -> pl.DataFrame:
        """The people who would be harmed by the change (or who `gain`), those with most to lose first."""
        shown = self.persons.filter(pl.col(f"{kind}_rank").is_not_null())
        return shown.sort(f"{kind}_rank", "patient_id", maintain_order=True)


def adopt(
    chunks: Iterable[Source],
    a: Side,
    b: Side,
    on: date,
    *,
    workers: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> Adopted:
    """Compare two ways of deciding over the people of all chunks.

    Raises CobalaminError where both are the same, where there is nobody, and where the ledger does not add up.
    """
    if (a.guideline.sha256, a.guideline.thresholds, a.policy) == (b.guideline.sha256, b.guideline.thresholds, b.policy):
        raise CobalaminError(
            f"A and B are the same ({a.name}); nothing could change. Name another guideline, or lay a laboratory "
            "(--laboratory-b FILE) or a policy (--policy tablets) over B."
        )
    work = partial(compare_chunk, b=b.guideline)
    parts = list(run(chunks, a.guideline, on, work=work, workers=workers, progress=progress))
    if not any(part.people for part in parts):
        raise CobalaminError("The records hold nobody: no person with a fact that could be used. See the mapping.")
    ledger, tests = Ledger(), (Counter[str](), Counter[str]())
    for part in parts:
        ledger.add(part.ledger)
        for total, counted in zip(tests, part.tests, strict=True):
            total.update(counted)
    ledger.check()
    persons = pl.concat([part.persons for part in parts])
    return Adopted(on, a, b, sum(part.people for part in parts), persons, tests, ledger)


def compare_chunk(assessment: Assessment, ledger: Ledger, b: Guideline) -> Part:
    """One chunk, already decided under A, decided under B as well."""
    findings, on = assessment.findings, assessment.on
    here = findings["patient_id"].is_in(Facts(assessment).people["patient_id"].implode())
    findings = findings.filter(here)
    traces = (assessment.trace.filter(here), decide(findings, b))
    plans = (assessment.plan, plan(findings, traces[1], b))
    frame = findings.select(person_columns())
    for side, trace, planned in zip(SIDES, traces, plans, strict=True):
        frame = pl.concat([frame, outcomes_of(trace, side)], how="horizontal")
        amounts = plan_amounts(planned, on).rename({unit: f"{unit}_{side}" for unit in PLAN_UNITS})
        frame = frame.join(amounts, on="patient_id", how="left", maintain_order="left")
    frame = frame.with_columns(pl.col(f"{unit}_{side}").fill_null(0) for unit in PLAN_UNITS for side in SIDES)
    differs = pl.any_horizontal(
        *(pl.col(f"{name}_a").ne_missing(pl.col(f"{name}_b")) for name in (*FIELDS, "test_names"))
    )
    lost, won = harmed(frame, serious(traces[0]), "a", "b"), harmed(frame, serious(traces[1]), "b", "a")
    frame = frame.with_columns(
        differs.alias("changed"),
        tablets_possible(findings, traces[1]).alias("tablets_b"),
        *(
            found[column].alias(f"{kind}_{column}")
            for kind, found in (("harmed", lost), ("gains", won))
            for column in found.columns
        ),
    )
    tests = (Counter(test_counts(traces[0])), Counter(test_counts(traces[1])))
    return Part(assessment.findings.height, frame, tests, ledger)
