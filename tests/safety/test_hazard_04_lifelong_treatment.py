"""H04: lifelong treatment is stopped or switched to tablets."""

from __future__ import annotations

from functools import cache
from typing import Any

import polars as pl
import pytest

from cobalamin.assess import Assessment
from cobalamin.audit import audit
from cobalamin.audit.spec import measures
from cobalamin.guidance import Guideline
from cobalamin.records.ledger import Intake, Ledger
from tests.safety.broken import with_rule
from tests.safety.people import (
    ON,
    People,
    Row,
    adult,
    asked,
    assessed,
    crowd,
    default,
    events_of,
    fact,
    injection,
    lab,
    schedule,
    told,
    vignettes,
    word,
)

LIFELONG: dict[str, list[Row]] = {
    "pernicious anaemia": [fact("cond_pernicious_anaemia")],
    "autoimmune gastritis": [fact("cond_atrophic_gastritis")],
    "total gastrectomy": [fact("proc_gastrectomy_total", -3000)],
    "gastrectomy of unknown extent": [fact("proc_gastrectomy_unspecified", -3000)],
    "terminal ileum removed": [fact("proc_ileal_resection_terminal_complete", -3000)],
    "ileal resection of unknown extent": [fact("proc_ileal_resection", -3000)],
    "ileocaecal resection": [fact("proc_ileocaecal_resection", -3000)],
    "antibody positive once, years ago": [
        word("lab_if_antibody", "positive", -4000),
        word("lab_if_antibody", "negative", -40),
    ],
    "atrophy of the gastric body": [word("lab_gastric_body_biopsy", "positive", -900)],
    "abnormal absorption test": [word("lab_schilling", "positive", -9000)],
    "inborn error": [fact("cond_transcobalamin_deficiency", -9000)],
}


@cache
def crowded() -> People:
    return crowd(90, 404) | dict(list(vignettes().items())[::2])


@cache
def burdened() -> Assessment:
    """Every person of the crowd with each lifelong cause in turn, whatever else is in their record."""
    return assessed(
        {f"{cause} | {name}": [*rows, *more] for cause, more in LIFELONG.items() for name, rows in crowded().items()}
    )


def adults(found: Assessment) -> pl.DataFrame:
    """Findings and trace of those whom the guidance speaks to."""
    return found.findings.hstack(found.trace.drop("patient_id", "on")).filter(pl.col("output.scope") == "in")


def stopped(found: Assessment) -> list[str]:
    """People whose B12 the plan would stop (nitrous oxide and cyanocobalamin in Leber's are other stops)."""
    stops = found.plan.filter(pl.col("kind") == "stop", pl.col("what").str.starts_with("B12"))
    return stops["patient_id"].to_list()


def test_a_lifelong_cause_never_reaches_tablets_either_or_none() -> None:
    """But for an informed refusal of injections, or anaphylaxis, where no route is given."""
    rows = adults(burdened())
    refused = (pl.col("finding.refuses_injections") & pl.col("finding.informed_choice_tablets")).fill_null(value=False)
    wrong = rows.filter(pl.col("output.route").cast(pl.String).is_in(["tablets", "either", "none"]) & ~refused)
    assert wrong.select("patient_id", "table.route").rows() == []
    undecided = rows.filter(pl.col("output.route") == "undecided")
    assert undecided["finding.cobalamin_anaphylaxis"].all()
    assert rows.filter(pl.col("output.route") == "injection").height > 500


def test_a_lifelong_cause_is_never_stopped() -> None:
    assert stopped(burdened()) == []


def test_the_verdict_unlikely_stops_nobody_with_a_lifelong_cause() -> None:
    normal = [lab("lab_b12_total", 800.0, "pmol/L"), lab("lab_mma_serum", 120.0, "nmol/L"), fact("sym_fatigue")]
    found = assessed({cause: adult(*rows, *normal, *asked()) for cause, rows in LIFELONG.items()})
    routes = dict(zip(found.trace["patient_id"], found.trace["output.route"], strict=True))
    assert {cause: route for cause, route in routes.items() if route != "injection"} == {}


def test_a_row_that_forgets_the_lifelong_causes_is_caught() -> None:
    """The control broken: the row for lifelong causes knows only pernicious anaemia."""
    broken: Guideline = with_rule(default(), "route", "lifelong", {"pernicious_anaemia": True})
    people = {
        f"{cause} | {name}": [*rows, *more]
        for cause, more in LIFELONG.items()
        for name, rows in list(crowded().items())[:40]
    }
    routes = assessed(people, broken).trace["output.route"].cast(pl.String)
    assert routes.is_in(["tablets", "either", "none"]).any()


@pytest.mark.parametrize("cause", LIFELONG)
def test_only_an_informed_refusal_leads_to_tablets_of_a_milligram_or_more(cause: str) -> None:
    refusal = [fact("pref_refuses_injections"), fact("care_informed_choice")]
    rows = adult(lab("lab_b12_total", 90.0, "pmol/L"), *LIFELONG[cause], *refusal, fact("sym_neurological_none"))
    found = assessed({"p": rows, "without": [row for row in rows if row not in refusal[1:]]})
    routes = dict(zip(found.trace["patient_id"], found.trace["output.route"], strict=True))
    assert routes == {"p": "tablets", "without": "injection"}
    mine = found.plan.filter(pl.col("patient_id") == "p")
    doses = mine.filter(pl.col("kind") == "dose")
    assert (doses["dose"] / doses["every_days"]).min() >= 1.0
    assert set(doses["dose_unit"]) == {"mg"}
    assert mine.filter(pl.col("kind") == "review", pl.col("due") <= ON.replace(month=4, day=30)).height > 0


def legacy() -> People:
    """Injections that run and no reason for them, in every person of the crowd who has none in their record."""
    return {f"legacy-{name}": [*rows, schedule(-1500, 91.3125)] for name, rows in crowded().items()}


def test_injections_without_a_reason_on_record_are_never_stopped_or_switched() -> None:
    found = assessed(legacy())
    rows = adults(found).filter(pl.col("term.legacy_injections"))
    assert rows.height > 40
    # Twice-yearly injections for a diet go on while questions about tablets are open; anaphylaxis has its own rows.
    left = rows.filter(
        pl.col("output.route") != "injection", ~pl.col("finding.cobalamin_anaphylaxis").fill_null(value=False)
    )
    assert left.filter(pl.col("table.route") != "injections_to_tablets")["patient_id"].to_list() == []
    switched = left.filter(pl.col("table.route") == "injections_to_tablets")
    assert switched["term.tablets_exclusions_all_no"].all()
    stops = found.plan.filter(pl.col("kind") == "stop", pl.col("patient_id").is_in(rows["patient_id"].implode()))
    assert stops.filter(pl.col("what").str.contains("inject")).rows() == []


def test_the_answer_to_legacy_injections_is_to_find_the_evidence() -> None:
    found = told(
        {
            "patient": {"age": 71, "sex": "female"},
            "treatment_so_far": [
                {
                    "drug": "hydroxocobalamin",
                    "route": "im",
                    "dose": "1 mg",
                    "schedule": "every 3 months",
                    "start_day": -2200,
                }
            ],
        }
    )
    assert found["route"] == "injection"
    assert any("old letters" in item["what"] for item in found["plan"])
    assert not any(item["kind"] == "stop" for item in found["plan"])
    assert any(item["kind"] == "dose" and item["route"] == "im" for item in found["plan"])


def switchable() -> list[Row]:
    """Every reason against tablets is an explicit no, and the person agrees."""
    denied = (
        "cond_leber_optic_neuropathy",
        "family_leber",
        "cond_optic_atrophy",
        "cond_swallowing_difficulty",
        "pref_adherence_poor",
        "care_oral_failed",
    )
    return adult(
        lab("lab_b12_total", 95.0, "pmol/L", -700),
        lab("lab_haemoglobin", 135.0, "g/L"),
        lab("lab_mcv", 88.0, "fL"),
        lab("lab_platelets", 250.0, "10*9/L"),
        word("lab_if_antibody", "negative"),
        fact("diet_vegan"),
        fact("pref_agrees_tablets"),
        fact("sym_neurological_none"),
        schedule(-600, 91.3125),
        *asked(),
        *(fact(one, present=False) for one in denied),
        *(fact(one, present=False) for one in ever_neurological()),
    )


def ever_neurological() -> tuple[str, ...]:
    from cobalamin.vocabulary.catalogue import catalogue

    return catalogue()["ever_neurological"].concepts


def test_with_every_exclusion_explicit_the_switch_is_offered_and_each_missing_one_withdraws_it() -> None:
    whole = switchable()
    found = assessed({"whole": whole})
    assert found.trace["table.route"].to_list() == ["injections_to_tablets"]
    vital = (
        "lab_if_antibody",
        "pref_agrees_tablets",
        "lab_haemoglobin",
        "lab_mcv",
        "cond_leber_optic_neuropathy",
        "family_leber",
        "cond_optic_atrophy",
        "cond_swallowing_difficulty",
        "pref_adherence_poor",
        "care_oral_failed",
        "covers_procedures",
        "covers_conditions",
    )
    people = {one: [row for row in whole if row["concept"] != one] for one in vital}
    routes = assessed(people).trace.select("patient_id", pl.col("output.route").cast(pl.String)).rows()
    assert {name: route for name, route in routes if route != "injection"} == {}


def test_an_audit_of_injections_without_evidence_asks_for_evidence_and_books_no_stop() -> None:
    assert "Never simply stop" in measures()["injections_without_evidence"].action
    people = {
        f"p{number}": adult(*(injection(-days) for days in (900, 600, 300, 200, 100)), fact("covers_treatment", -4000))
        for number in range(12)
    }
    result = audit([Intake(events_of(people), Ledger())], on=ON, workers=1)
    work: list[dict[str, Any]] = result.worklist.to_dicts()
    mine = [row for row in work if "3" in (row["measures"] or "").split()]
    assert mine
    assert all(row["sign_off"] == "decide one by one" for row in mine)
    assert not any("stop inject" in (row["next_step"] or "").lower() for row in work)
