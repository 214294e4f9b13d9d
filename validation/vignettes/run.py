"""Agreement with clinical cases written by others: strict, lenient, and every breach of a must_not.

    python -m validation.vignettes.run [FILE.jsonl] [--all]

The cases and their rules of scoring: README.md beside this file. Names are mapped as it says; an undecided route
counts where an answer to its first questions leads to the expected one.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from cobalamin.assess import assess
from cobalamin.records.sheet import read_sheet
from cobalamin.report.answer import answer

HERE = Path(__file__).parent
ON = date(2026, 1, 15)
FED = ("patient", "history", "symptoms", "signs", "labs", "treatment_so_far")
STATUS = {"cannot_tell": "not_established"}
ROUTE = {"oral": "tablets"}
CAUSE = {
    "bariatric": "bariatric_surgery",
    "pancreatic": "pancreatic_insufficiency",
    "inborn_or_other": "inborn_error",
}
AIMS = {"status": 0.90, "cause": 0.80, "route": 0.85, "urgency": 0.85}


def sheet_of(case: dict[str, Any]) -> dict[str, Any]:
    """What is fed: defaults of the case format (`nitrous_oxide: false`, empty lists) mean not stated."""
    fed = json.loads(json.dumps({name: case[name] for name in FED if case.get(name)}))
    history = fed.get("history", {})
    if history.get("nitrous_oxide") is False:
        del history["nitrous_oxide"]
    fed["history"] = {name: value for name, value in history.items() if value not in ([], None)}
    fed["patient"] = {"id": case["id"], **{name: value for name, value in fed["patient"].items() if value is not None}}
    return {"on": ON.isoformat(), **fed}


def answer_to(case: dict[str, Any], guidance: str = "nice_ng239") -> dict[str, Any]:
    """The program's whole answer to a case."""
    intake = read_sheet(sheet_of(case), on=ON)
    assessment = assess(intake.events, guidance, on=ON)
    return answer(assessment, ledger=intake.ledger)


def accepted(case: dict[str, Any], field: str, names: dict[str, str]) -> tuple[str | None, set[str]]:
    """The expected value of a field and all values that are also right; None where it is not scored."""
    key = {"status": "b12_status"}.get(field, field)
    expected = case["expected"].get(key)
    if expected in (None, "not_stated"):
        return None, set()
    also = (case.get("grading") or {}).get(f"accept_{key}", [])
    return names.get(expected, expected), {names.get(value, value) for value in [expected, *also]}


def scores(case: dict[str, Any], found: dict[str, Any]) -> dict[str, tuple[bool, bool]]:
    """Strict and lenient agreement of each scored field."""
    result = {}
    for field, names in (("status", STATUS), ("cause", CAUSE), ("route", ROUTE), ("urgency", {})):
        expected, right = accepted(case, field, names)
        if expected is not None:
            result[field] = (_agrees(found, field, {expected}, strict=True), _agrees(found, field, right, strict=False))
    return result


def _agrees(found: dict[str, Any], field: str, right: set[str], *, strict: bool) -> bool:
    if field == "cause":
        return _cause_agrees(found, right, strict=strict)
    if found[field] in right:
        return True
    if field == "route" and found["route"] == "undecided" and not strict:
        first = (found["missing"] or [{"would_change": []}])[:3]
        leads = {change["then"].get("route") for question in first for change in question["would_change"]}
        return bool(leads & right)
    return False


def _cause_agrees(found: dict[str, Any], right: set[str], *, strict: bool) -> bool:
    causes = [cause["cause"] for cause in found["causes"]]
    if "not_b12" in right and (
        found["status"] in ("unlikely", "not_established") or not causes or causes == ["unknown"]
    ):
        return True
    considered = causes[:1] if strict else causes
    return bool(set(considered) & right) or ("unknown" in right and not causes)


def breaches(case: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """The must_not items that the answer breaks; an item no pattern covers is listed as unread."""
    patterns = YAML(typ="safe", pure=True).load((HERE / "breaches.yaml").read_text(encoding="utf-8"))
    broken = []
    for phrase in case["expected"]["must_not"]:
        pattern = next((one for one in patterns if re.search(one["phrase"], phrase)), None)
        if pattern is None:
            broken.append(f"not covered by breaches.yaml: {phrase}")
        elif _forbidden(pattern.get("forbid", {}), found) or not _required(pattern.get("require", {}), found):
            broken.append(phrase)
    return broken


def _facts(found: dict[str, Any]) -> dict[str, list[str]]:
    doses = [item for item in found["plan"] if item["kind"] == "dose"]
    causes = [cause["cause"] for cause in found["causes"]]
    return {
        "dose.route": [str(item["route"]) for item in doses],
        "dose.product": [str(item["product"]) for item in doses],
        "dose.product_route": [f"{item['product']} {item['route']}" for item in doses],
        "plan.kind": [item["kind"] for item in found["plan"]],
        "plan.until": ["lifelong" for item in found["plan"] if str(item["until"]).startswith("lifelong")],
        "other": [str(one) for one in found["other_explanations"]],
        "advice": [found["testing"]["advice"]],
        "cause": [f"{cause['cause']} {cause['certainty']}" for cause in found["causes"]],
        "only_cause": causes if len(causes) == 1 else [],
        **{name: [found[name]] for name in ("status", "route", "urgency")},
    }


def _words(found: dict[str, Any]) -> str:
    said = [item["says"] or "" for part in ("plan", "alerts", "reasons") for item in found[part]]
    said += [item["what"] for item in found["plan"]] + [cause["cause"] for cause in found["causes"]]
    return " ".join(said).lower()


def _forbidden(forbid: dict[str, list[str]], found: dict[str, Any]) -> bool:
    facts, words = _facts(found), _words(found)
    for name, values in forbid.items():
        if name == "words":
            if any(value.lower() in words for value in values):
                return True
        elif set(facts[name]) & set(values):
            return True
    return False


def _required(require: dict[str, list[str]], found: dict[str, Any]) -> bool:
    return not require or any(value.lower() in _words(found) for value in require["words"])


def run(path: Path, *, show_all: bool = False) -> int:
    """Print the agreement and every failure; 1 where an aim is missed or a must_not broken."""
    cases = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    strict, lenient, total = Counter(), Counter(), Counter()
    broken, unread = [], []
    for case in cases:
        found = answer_to(case)
        result = scores(case, found)
        for field, (exact, close) in result.items():
            total[field] += 1
            strict[field] += exact
            lenient[field] += close
        wrong = [field for field, (_, close) in result.items() if not close]
        broken += [f"{case['id']}: {phrase}" for phrase in breaches(case, found)]
        unread += [f"{case['id']}: {row['item']} ({row['reason']})" for row in found["ledger"]["set_aside"]]
        if wrong or show_all:
            _print_case(case, found, wrong)
    _print_summary(strict, lenient, total, broken, unread)
    missed = [field for field, aim in AIMS.items() if total[field] and lenient[field] / total[field] < aim]
    return 1 if missed or broken else 0


def _print_case(case: dict[str, Any], found: dict[str, Any], wrong: list[str]) -> None:
    expected = case["expected"]
    causes = ", ".join(f"{cause['cause']} ({cause['certainty']})" for cause in found["causes"])
    print(f"{case['id']} differs in {', '.join(wrong) or 'nothing'}")
    print(f"   expected {expected['b12_status']} / {expected['cause']} / {expected['route']} / {expected['urgency']}")
    print(f"   found    {found['status']} / {causes or 'no cause'} / {found['route']} / {found['urgency']}")


def _print_summary(
    strict: Counter[str], lenient: Counter[str], total: Counter[str], broken: list[str], unread: list[str]
) -> None:
    print("\nfield      cases  strict  lenient   aim")
    for field, aim in AIMS.items():
        cases = total[field] or 1
        print(f"{field:<9} {total[field]:6} {strict[field] / cases:7.0%} {lenient[field] / cases:8.0%} {aim:5.0%}")
    print(f"\nBreaches of must_not: {len(broken)}")
    for line in broken:
        print(f"   {line}")
    print(f"Words not understood or set aside: {len(unread)}")
    for line in unread:
        print(f"   {line}")


def main() -> int:
    """Run on the shipped cases, or on another file of the same form."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path, default=HERE / "vignettes.jsonl")
    parser.add_argument("--all", action="store_true", help="print every case, not only those that differ")
    options = parser.parse_args()
    return run(options.file, show_all=options.all)


if __name__ == "__main__":
    sys.exit(main())
