"""A case: a situation a clinician can read, the sheet it is told as, and what the answer must and must not hold.

says: What the case shows, as one sentence.
sheet: {on: ..., patient: ..., ...}            # as design section 7
guidance: nice_ng239                           # optional: else the folder's name; a list runs under each
laboratory: {total_b12_deficient: 145 ng/L}    # optional: the laboratory's own numbers
expect:
  status: deficient                            # fields of the answer that must be equal
  causes: {medicine: probable}                 # at least these, with this certainty
  no_causes: [dietary]
  other_explanations: [iron_deficiency]        # at least these
  alerts: [folic_acid_before_b12]              # ids, at least these
  no_alerts: [...]
  plan: [{kind: dose, product: hydroxocobalamin}]     # at least items like these
  no_plan: [{kind: stop}]
  tests: [mma]                                 # at least these tests
  no_tests: [total_b12]
  missing: [nitrous_oxide_recreational]        # asked for
  rules: [status.total_b12_low]                # rules that must have fired
  says: [alternate days]                       # words of the text
  no_says: [...]
  regimen: hydroxo_alternate_days              # id of the regimen
  stewardship: [legacy_injections]             # at least these flags; no_stewardship: none of these
  would_change:                                # smallest changes that must be named: what is found out, and what then
    - {if: {mma_before_treatment: above 400 nmol/L}, then: {status: deficient}}
    - {if: {metformin: "yes"}, then: {causes: [medicine]}}
  no_would_change:                             # nothing like these is named; a lone finding stands for any answer
    - {if: [b12_before_treatment]}
    - {then: {status: deficient}}
  settled: [status, route]                     # nothing that is missing or in doubt changes these
  would_not_change: [total_b12]                # usual tests that would not help; no_would_not_change: would
  lines: [deficient if MMA above 400 nmol/L]   # words of the lines with reasons, as a clinician reads them
  under: {aafp_2017: {status: unlikely}}       # the same person under other guidelines
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from cobalamin.assess import Assessment, assess
from cobalamin.decision.compile import rule_column
from cobalamin.guidance import Guideline, load
from cobalamin.guidance.build import read_yaml
from cobalamin.records.sheet import read_sheet
from cobalamin.report.answer import answer
from cobalamin.report.text import text
from tests.spec.changes import would_change_differences

CASES = Path(__file__).parents[2] / "cases"
EQUAL = ("status", "route", "route_strength", "urgency", "suspicion", "response", "advice", "scope")


@dataclass(frozen=True)
class Case:
    """One case file."""

    path: Path
    guidance: str
    says: str
    sheet: dict[str, Any]
    expect: dict[str, Any]
    laboratory: dict[str, Any]

    @property
    def day(self) -> date:
        """The day of decision."""
        return date.fromisoformat(str(self.sheet["on"]))

    @property
    def guideline(self) -> Guideline:
        """The guideline in force that day, with the laboratory's own numbers."""
        return load(self.guidance, self.day, self.laboratory or None)

    @property
    def name(self) -> str:
        """Folder and file without the ending: the clause and the situation; the guideline where there are several."""
        if not self.path.is_relative_to(CASES):
            return self.path.stem
        plain = str(self.path.relative_to(CASES).with_suffix(""))
        of_folder = self.guidance in ("nice_ng239", self.path.relative_to(CASES).parts[0])
        return plain if of_folder else f"{plain}[{self.guidance}]"


@dataclass(frozen=True)
class Told:
    """The answer to a case and the assessment behind it."""

    assessment: Assessment
    answer: dict[str, Any]
    text: str
    fired: set[str]


@cache
def cases() -> tuple[Case, ...]:
    """All case files, in order of their names."""
    return tuple(case for path in sorted(CASES.rglob("*.yaml")) for case in _read(path))


def _read(path: Path) -> list[Case]:
    raw = read_yaml(path)
    named = raw.get("guidance", path.relative_to(CASES).parts[0])
    each = named if isinstance(named, list) else ["nice_ng239" if named == "common" else named]
    return [case_under(path, guidance) for guidance in each]


def case_under(path: Path, guidance: str) -> Case:
    """A case file under a guideline, which need not ship (`use_folder` gives its name)."""
    raw = read_yaml(path)
    laboratory = {name: _own_number(printed) for name, printed in raw.get("laboratory", {}).items()}
    return Case(path, guidance, raw["says"], raw["sheet"], raw["expect"], laboratory)


def _own_number(printed: str) -> dict[str, Any]:
    value, unit = printed.split()
    source = {"clause": "the laboratory of the case", "certainty": "ours"}
    return {"values": [{"value": float(value), "unit": unit}], "source": source}


def told(case: Case) -> Told:
    """Run a case through the whole way."""
    intake = read_sheet(case.sheet, on=case.day)
    found = assess(intake.events, case.guideline, on=case.day)
    said = answer(found, ledger=intake.ledger)
    return Told(found, said, text(said, reasons=False), fired_rules(found))


def fired_rules(found: Assessment) -> set[str]:
    """`table.rule` of every winning row of first-hit tables and every yes row of collected ones."""
    trace = found.trace.row(0, named=True)
    fired = set()
    for table in found.guideline.tables.values():
        if table.hit_policy == "first":
            fired.add(f"{table.name}.{trace[f'table.{table.name}']}")
        else:
            fired |= {f"{table.name}.{rule.id}" for rule in table.rules if trace[rule_column(table, rule)]}
    return fired


def differences(case: Case, result: Told) -> list[str]:
    """What of the expectation the answer does not meet, one sentence each."""
    expect, found = case.expect, result.answer
    wrong = [
        f"{name}: expected {expect[name]!r}, found {_field(found, name)!r}"
        for name in EQUAL
        if name in expect and _field(found, name) != expect[name]
    ]
    wrong += _causes(expect, found)
    wrong += _members(expect, "other_explanations", [_id(one, "explanation") for one in found["other_explanations"]])
    wrong += _members(expect, "alerts", [one["id"] for one in found["alerts"]])
    wrong += _members(expect, "tests", [_id(one, "test") for one in found["testing"]["tests"]])
    wrong += _members(expect, "missing", [one["finding"] for one in found["missing"]])
    wrong += _members(expect, "rules", sorted(result.fired))
    wrong += [f"says: {word!r} is not in the text" for word in expect.get("says", []) if word not in result.text]
    wrong += [f"says: {word!r} is in the text" for word in expect.get("no_says", []) if word in result.text]
    wrong += [f"plan: no item like {item}" for item in expect.get("plan", []) if not _planned(found, item)]
    wrong += [f"plan: an item like {item}" for item in expect.get("no_plan", []) if _planned(found, item)]
    wrong += _members(expect, "stewardship", found["stewardship"])
    wrong += _members(expect, "would_not_change", found["would_not_change"])
    wrong += would_change_differences(expect, found)
    wrong += [f"lines: {word!r} is in no line" for word in expect.get("lines", []) if word not in _lines(found)]
    wrong += _regimen(expect, result) + _under(case)
    unknown = set(expect) - set(EQUAL) - KNOWN
    return wrong + [f"the case expects {name!r}, which no runner checks" for name in sorted(unknown)]


MEMBERS = (
    "causes", "other_explanations", "alerts", "tests", "missing", "rules", "says", "plan", "stewardship",
    "would_change", "would_not_change",
)  # fmt: skip
KNOWN = {name for one in MEMBERS for name in (one, f"no_{one}")} | {"regimen", "lines", "under", "settled"}


def _lines(found: dict[str, Any]) -> str:
    return " ".join(text(found, reasons=True).split())


def _regimen(expect: dict[str, Any], result: Told) -> list[str]:
    given = result.assessment.trace.row(0, named=True).get("output.regimen")
    wanted = expect.get("regimen", given)
    return [] if wanted == given else [f"regimen: expected {wanted}, found {given}"]


def _under(case: Case) -> list[str]:
    """What other guidelines say of the same person."""
    wrong = []
    events = read_sheet(case.sheet, on=case.day).events
    for guidance, fields in case.expect.get("under", {}).items():
        found = answer(assess(events, guidance, on=case.day), missing=None)
        given = {name: _field(found, name) for name in fields}
        wrong += [f"under {guidance}: expected {fields}, found {given}"] if given != fields else []
    return wrong


def _id(one: Any, key: str) -> str:
    return one if isinstance(one, str) else str(one.get(key) or one.get("id") or one.get("test"))


def _field(found: dict[str, Any], name: str) -> Any:
    if name == "advice":
        return found["testing"]["advice"]
    if name == "scope":
        return "in" if found["scope"]["in"] else "out"
    return found[name]


def _causes(expect: dict[str, Any], found: dict[str, Any]) -> list[str]:
    given = {one["cause"]: one["certainty"] for one in found["causes"]}
    wrong = [
        f"causes: expected {cause} {certainty}, found {given or 'none'}"
        for cause, certainty in expect.get("causes", {}).items()
        if given.get(cause) != certainty
    ]
    return wrong + [f"causes: {cause} is claimed" for cause in expect.get("no_causes", []) if cause in given]


def _members(expect: dict[str, Any], name: str, given: list[str]) -> list[str]:
    wrong = [f"{name}: {one} is not among {given}" for one in expect.get(name, []) if one not in given]
    return wrong + [f"{name}: {one} is among them" for one in expect.get(f"no_{name}", []) if one in given]


def _planned(found: dict[str, Any], like: dict[str, Any]) -> bool:
    def same(item: dict[str, Any], key: str, value: Any) -> bool:
        return str(item.get(key)) == str(value) or (key == "what" and str(value) in str(item.get(key)))

    return any(all(same(item, key, value) for key, value in like.items()) for item in found["plan"])
