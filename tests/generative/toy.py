"""A small guideline that uses every form a condition can take, so that the grammar is tested whatever ships."""

from __future__ import annotations

from typing import Any

from cobalamin.guidance.conditions import parse
from cobalamin.guidance.model import Guideline, Phase, PlanItem, Regimen, Rule, Source, Table, Term, Threshold

SOURCE = Source("toy", "ours")

THRESHOLDS = {
    "low_b12": Threshold("low_b12", ((180.0, "ng/L"), (133.0, "pmol/L")), SOURCE, ("low",), ()),
    "high_b12": Threshold("high_b12", ((350.0, "ng/L"), (258.0, "pmol/L")), SOURCE, (), ("normal", "high")),
    "high_mma": Threshold("high_mma", ((0.4, "umol/L"),), SOURCE, (), ("high",)),
    "low_hb": Threshold("low_hb", ((12.0, "g/dL"), (120.0, "g/L")), SOURCE, ("low",)),
    "hba1c": Threshold("hba1c", ((6.5, "%"), (48.0, "mmol/mol")), SOURCE, (), ("high",)),
    "adult": Threshold("adult", ((16.0, "years"),), SOURCE),
    "long": Threshold("long", ((4.0, "years"),), SOURCE),
    "reliable": Threshold("reliable", ((60.0, "mL/min/{1.73_m2}"),), SOURCE),
    "late": Threshold("late", ((28.0, "days"),), SOURCE),
}
TERMS: dict[str, Any] = {
    "nerves": {"any": [{"paraesthesia": True}, {"numbness": True}, {"reduced_vibration": True}]},
    "two_of": {"at_least": {"count": 2, "of": [{"vegan": True}, {"metformin": True}, {"nerves": True}]}},
    "not_pregnant": {"not": {"pregnant": True}},
    "pregnancy_unknown": {"pregnant": "missing"},
    "b12_known": {"b12_before_treatment": "known"},
    "long_metformin": {"metformin_years": {"at_least": "long"}},
    "mma_word": {"mma_before_treatment": {"flag": "high"}},
    "sugar": {"hba1c": {"at_most": "hba1c"}},
    "treated": {"first_b12_dose": "known"},
    "nerves_open": {"nerves": "missing"},
}
NEEDLE: dict[str, Any] = {"route": ["injection", "either"], "age_years": {"at_least": "adult"}}
FIRST: dict[str, tuple[tuple[str, ...], dict[str, str], list[tuple[str, Any, dict[str, str], bool]]]] = {
    "status": (
        ("status",),
        {"status": "not_established"},
        [
            ("low", {"b12_before_treatment": {"below": "low_b12"}}, {"status": "deficient"}, False),
            ("mma", {"mma_before_treatment": {"above": "high_mma"}}, {"status": "deficient"}, False),
            ("kidneys", {"egfr": {"below": "reliable"}}, {"status": "indeterminate"}, True),
            ("normal", {"b12_before_treatment": {"at_least": "high_b12"}}, {"status": "unlikely"}, False),
            ("else", {"always": True}, {"status": "not_established"}, False),
        ],
    ),
    "route": (
        ("route", "route_strength"),
        {"route": "undecided", "route_strength": ""},
        [
            ("lifelong", {"cause.autoimmune": True}, {"route": "injection", "route_strength": "offer"}, True),
            ("nerves", {"nerves": True}, {"route": "injection", "route_strength": "offer"}, True),
            ("unlikely", {"status": "unlikely"}, {"route": "none", "route_strength": "offer"}, False),
            ("grade", {"cause.dietary": ["confirmed"]}, {"route": "tablets", "route_strength": "consider"}, False),
            ("late", {"injection_overdue_days": {"above": "late"}}, {"route": "either", "route_strength": ""}, False),
        ],
    ),
    "regimen": (
        ("regimen",),
        {"regimen": "none"},
        [
            ("needle", NEEDLE, {"regimen": "im"}, False),
            ("mouth", {"route": "tablets"}, {"regimen": "oral"}, False),
        ],
    ),
}  # fmt: skip
COLLECT: dict[str, tuple[str, list[tuple[str, Any, str, str]]]] = {
    "cause": (
        "cause",
        [
            ("vegan", {"vegan": True}, "dietary", "confirmed"),
            ("low_animal", {"diet_low_animal": True}, "dietary", "possible"),
            ("antibody", {"if_antibody_positive": True}, "autoimmune", "confirmed"),
            ("thyroid", {"hypothyroidism": True}, "autoimmune", "possible"),
        ],
    ),
    "alerts": ("alert", [("anaemia", {"haemoglobin": {"below": "low_hb"}}, "anaemia", "critical")]),
}
REGIMENS = {
    "im": Regimen(
        "im",
        "hydroxocobalamin",
        "im",
        "Injections.",
        (Phase("loading", 2.0, 6, 1.0, "mg"), Phase("maintenance", 91.3125, None, 1.0, "mg")),
        SOURCE,
    ),
    "oral": Regimen("oral", "cyanocobalamin", "oral", "Tablets.", (Phase("treatment", 1.0, None, 1.0, "mg"),), SOURCE),
}
ASKED = (
    PlanItem("review", "see again", "first_dose", 60, 84, 120),
    PlanItem("test", "count", "first_b12_dose", None, 56, None, 28.0, 3),
    PlanItem("advice", "talk", "on"),
)


def toy_guideline() -> Guideline:
    """The toy, ready to run."""
    terms = {name: Term(name, name, parse(raw, name), SOURCE) for name, raw in TERMS.items()}
    tables = {name: _first(name) for name in FIRST} | {name: _collect(name) for name in COLLECT}
    return Guideline("toy", "1", "Toy", {}, THRESHOLDS, terms, tables, REGIMENS, "")


def _first(name: str) -> Table:
    outputs, undecided, rows = FIRST[name]
    rules = tuple(
        Rule(ident, parse(when, ident), then, "Says.", SOURCE, hold, plan=ASKED if ident == "low" else ())
        for ident, when, then, hold in rows
    )
    return Table(name, "toy", "?", "first", outputs, undecided, rules)


def _collect(name: str) -> Table:
    field, rows = COLLECT[name]
    rules = tuple(
        Rule(ident, parse(when, ident), {field: value, "grade": grade}, "Says.", SOURCE, plan=ASKED[:1])
        for ident, when, value, grade in rows
    )
    return Table(name, "toy", "?", "collect", (field,), {}, rules)
