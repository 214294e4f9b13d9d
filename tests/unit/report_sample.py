"""A guideline of a few rules and people made by hand, so that the words of a report are tested on their own."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from cobalamin.assess import Assessment, assess
from cobalamin.events import Events
from cobalamin.guidance import Guideline, Regimen, Rule, Table, Term, Threshold
from cobalamin.guidance.conditions import parse
from cobalamin.guidance.model import Phase, PlanItem, Source

ON = date(2026, 1, 15)


def day(offset: int) -> datetime:
    return datetime(ON.year, ON.month, ON.day) + timedelta(days=offset)


def event(concept: str, offset: int | None = -10, **columns: Any) -> dict[str, Any]:
    """A fact `offset` days from the day of decision (None: undated), still running unless `until` is given."""
    when = None if offset is None else day(offset)
    row = {"patient_id": "p1", "concept": concept, "time": when, "source": f"sheet:{concept}"}
    return row | ({"precision": "undated"} if offset is None else {}) | columns


def result(concept: str, value: float, unit: str, offset: int = -10, **columns: Any) -> dict[str, Any]:
    return event(concept, offset, value=value, unit=unit, until=day(offset), **columns)


def injection(offset: int) -> dict[str, Any]:
    return result("tx_hydroxocobalamin_injection", 1000.0, "ug", offset, route="im", source=f"doses:{offset}")


def woman(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    birth = event("person_birth", -24_472)
    return [birth, event("person_female", None), event("status_pregnancy", None, present=False), *rows]


def seen(clause: str, certainty: str = "seen") -> Source:
    return Source(clause, certainty)


def rule(name: str, when: Any, then: dict[str, str], says: str, clause: str, **more: Any) -> Rule:
    certainty = more.pop("certainty", "seen")
    return Rule(name, parse(when, name), then, says, seen(clause, certainty), **more)


def table(name: str, policy: str, outputs: tuple[str, ...], undecided: dict[str, str], *rules: Rule) -> Table:
    return Table(name, "sample", f"{name}?", policy, outputs, undecided, rules)


def _status() -> Table:
    low = {"b12_before_treatment": {"below": "total_b12_deficient"}}
    middle = {
        "all": [
            {"b12_before_treatment": {"at_least": "total_b12_deficient"}},
            {"b12_before_treatment": {"at_most": "total_b12_unlikely"}},
        ]
    }
    high = {"b12_before_treatment": {"above": "total_b12_unlikely"}}
    basis = ("b12_before_treatment",)
    return table(
        "status", "first", ("status",), {"status": "not_established"},
        rule("low", low, {"status": "deficient"}, "B12 is low.", "Sample table 1", basis=basis),
        rule("middle", middle, {"status": "indeterminate"}, "B12 is between.", "Sample table 1", basis=basis),
        rule("high", high, {"status": "unlikely"}, "B12 is enough.", "Sample table 1", basis=basis),
    )  # fmt: skip


def _route() -> Table:
    undecided = {"route": "undecided", "route_strength": ""}
    return table(
        "route", "first", ("route", "route_strength"), undecided,
        rule(
            "nerves", {"all": [{"status": "deficient"}, {"nerves": True}]},
            {"route": "injection", "route_strength": "offer"}, "Nerves are involved.", "Sample 2", hold=True,
        ),
        rule(
            "diet", {"all": [{"status": "deficient"}, {"vegan": True}]},
            {"route": "tablets", "route_strength": "consider"}, "Diet is the cause.", "Sample 3", certainty="recalled",
        ),
        rule(
            "enough", {"status": "unlikely"}, {"route": "none", "route_strength": ""}, "B12 is enough.", "Sample 4",
        ),
    )  # fmt: skip


def _tables() -> list[Table]:
    later = (
        PlanItem("test", "FBC", due_days=56),
        PlanItem("review", "review symptoms", due_days=90),
        PlanItem("advice", "no repeat B12 on injections"),
    )
    nerves_low = {"all": [{"status": "deficient"}, {"nerves": True}]}
    return [
        _status(),
        table(
            "urgency", "first", ("urgency",), {"urgency": "routine"},
            rule("nerves", nerves_low, {"urgency": "urgent"}, "Nerves and low B12.", "Sample 5"),
        ),
        table(
            "testing", "first", ("advice",), {"advice": "clinical_judgement"},
            rule("known", {"b12_before_treatment": "known"}, {"advice": "done"}, "B12 was measured.", "Sample 6"),
        ),
        table(
            "tests", "collect", ("test",), {},
            rule("ifa", {"status": "deficient"}, {"test": "if_antibody", "grade": "before_first_dose"}, "IFA.", "S 7"),
            rule("fbc", {"always": True}, {"test": "fbc_and_film", "grade": "before_first_dose"}, "Count.", "S 7"),
        ),
        table(
            "cause", "collect", ("cause",), {},
            rule(
                "vegan", {"vegan": True}, {"cause": "dietary", "grade": "probable", "reversible": "yes"},
                "A vegan diet.", "Sample 8",
            ),
            rule(
                "antibody", {"if_antibody_positive": True},
                {"cause": "autoimmune_gastritis", "grade": "confirmed", "reversible": "no"}, "Antibody.", "Sample 9",
            ),
        ),
        _route(),
        table(
            "regimen", "first", ("regimen",), {"regimen": "none"},
            rule("im", {"route": "injection"}, {"regimen": "im_nerves"}, "By injection.", "Sample 10"),
            rule("oral", {"route": "tablets"}, {"regimen": "oral_daily"}, "By mouth.", "Sample 10"),
        ),
        table(
            "follow_up", "collect", ("follow",), {},
            rule("after", {"status": "deficient"}, {"follow": "after"}, "Look again.", "S 11", plan=later),
        ),
        table(
            "alerts", "collect", ("alert",), {},
            rule(
                "potassium", {"haemoglobin": {"below": "hb_severe"}},
                {"alert": "potassium", "grade": "critical"}, "Potassium before the first dose.", "Sample 12",
                certainty="ours",
            ),
        ),
    ]  # fmt: skip


def guideline(**about: Any) -> Guideline:
    """The sample guideline; `about` adds to its page."""
    thresholds = [
        Threshold("total_b12_deficient", ((180.0, "ng/L"), (133.0, "pmol/L")), seen("Sample table 1"), ("low",)),
        Threshold("total_b12_unlikely", ((350.0, "ng/L"), (258.0, "pmol/L")), seen("Sample table 1")),
        Threshold("hb_severe", ((70.0, "g/L"),), seen("Sample 12")),
    ]
    nerves = Term(
        "nerves", "Nerves.", parse({"any": [{"paraesthesia": True}, {"numbness": True}]}, "nerves"), seen("S")
    )
    regimens = [
        Regimen(
            "im_nerves", "hydroxocobalamin", "im", "Nerves involved.",
            (
                Phase("loading", 2, None, 1, "mg", until="no further improvement"),
                Phase("maintenance", 60.875, None, 1, "mg"),
            ),
            seen("Sample formulary"),
        ),
        Regimen("oral_daily", "cyanocobalamin", "oral", "Diet.", (Phase("treatment", 1, None, 100, "ug"),), seen("SF")),
    ]  # fmt: skip
    return Guideline(
        "sample", "2026.1", "Sample guideline", {"review_by": "2027-01-01"} | about,
        {one.name: one for one in thresholds}, {"nerves": nerves}, {one.name: one for one in _tables()},
        {one.id: one for one in regimens}, "0" * 64,
    )  # fmt: skip


def assessed(*rows: dict[str, Any], on: date = ON, **about: Any) -> Assessment:
    return assess(Events.of(woman(*rows)), guideline(**about), on=on)
