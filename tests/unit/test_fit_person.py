"""One person's fit from a sheet: what counts, what is left out, what is refused, what is never shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import pytest

from cobalamin.assess import Assessment, assess
from cobalamin.errors import CobalaminError
from cobalamin.outlook.domain import Unspoken
from cobalamin.outlook.facts import facts_of
from cobalamin.outlook.fit import fit_of, fit_person
from cobalamin.outlook.fit_inputs import FitInputs, fit_inputs, recorded
from cobalamin.outlook.fit_said import FitSaid
from cobalamin.outlook.fit_scene import chance_beyond
from cobalamin.outlook.past import past_of
from cobalamin.outlook.results import DatedResult
from cobalamin.records.sheet import read_sheet
from cobalamin.report.outlook_fit import text
from cobalamin.report.outlook_fit_page import page

ON = date(2026, 1, 15)
GIVEN = [-700, -698, -696, -693, -691, -689, -605, -521, -437, -353, -269, -185, -101, -17]
LABS = (
    {"name": "Vitamin B12", "value": 92, "unit": "pmol/L", "day": -708},
    {"name": "Vitamin B12", "value": 315, "unit": "pmol/L", "day": -522},
    {"name": "MMA", "value": 205, "unit": "nmol/L", "day": -522, "reference": "0-280"},
    {"name": "Vitamin B12", "value": 290, "unit": "pmol/L", "day": -186},
    {"name": "MMA", "value": 190, "unit": "nmol/L", "day": -102, "reference": "0-280"},
)


def sheet(**changed: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "on": ON.isoformat(),
        "patient": {"id": "p1", "age": 71, "sex": "female"},
        "history": {"conditions": ["pernicious anaemia"]},
        "symptoms": "none",
        "signs": "none",
        "treatment_so_far": [{"drug": "hydroxocobalamin", "route": "im", "dose": "1 mg", "given": GIVEN}],
        "labs": [*LABS, {"name": "eGFR", "value": 68, "unit": "mL/min/1.73m2", "day": -200}],
    }
    return base | changed


def assessed(**changed: Any) -> Assessment:
    return assess(read_sheet(sheet(**changed)).events, on=ON)


def inputs(**changed: Any) -> FitInputs:
    return fit_inputs(facts_of(assessed(**changed)))


@cache
def said() -> FitSaid:
    return fit_person(assessed())


@cache
def written_page() -> str:
    return page(replace(said(), patient_id="<script>x"))


def lab(name: str, value: object, unit: str, day: int, **more: object) -> dict[str, object]:
    return {"name": name, "value": value, "unit": unit, "day": day, **more}


def test_present_interval_and_doses_come_from_the_record() -> None:
    found = said()
    assert found.regimen is not None and found.regimen.every_days == 84 and not found.regimen.planned
    assert [(one.count, one.form, one.dose_ug) for one in found.courses] == [(14, "hydroxocobalamin", 1000)]
    assert found.planned_dates[0] == date(2026, 3, 23)


def test_all_usual_intervals_are_shown_where_nerves_are_an_explicit_no() -> None:
    found = said().intervals
    assert [one.days / 7 for one in found] == [4, 6, 8, 10, 12, 16, 26]
    assert all(one.shown for one in found)
    assert [one.days for one in found if one.present] == [84]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"symptoms": ["tingling in feet"]}, "Nerve symptoms are on record"),
        ({"signs": ["reduced vibration sense"]}, "Nerve symptoms are on record"),
        ({"symptoms": None, "signs": None}, "Nobody has asked about nerve symptoms"),
        ({"symptoms": ["fatigue"], "signs": None}, "Nobody has asked about nerve symptoms"),
    ],
)
def test_no_longer_interval_is_shown_with_nerve_symptoms_or_nerves_not_asked(changed: dict[str, Any], why: str) -> None:
    found = fit_of(inputs(**changed), draws=60)
    longer = [one for one in found.intervals if one.days > 84]
    assert longer and not any(one.shown or one.troughs or one.chances for one in longer)
    assert all(why in one.why for one in longer)
    assert any(one.present and one.shown for one in found.intervals)
    assert "26 weeks: not shown" in text(found)


def test_chances_rise_with_the_interval() -> None:
    limits = [one.marker for one in said().limits]
    mma = [one.chances[limits.index("mma_nmol_l")] for one in said().intervals]
    assert mma == sorted(mma)
    assert all(0 <= chance <= 1 for one in said().intervals for chance in one.chances)


def test_limits_are_the_guidelines_and_the_laboratorys_own() -> None:
    by_marker = {one.marker: one for one in said().limits}
    assert (by_marker["serum_b12_pmol_l"].value, by_marker["serum_b12_pmol_l"].beyond) == (133, "below")
    assert "NG239" in by_marker["serum_b12_pmol_l"].source
    assert by_marker["mma_nmol_l"].value == 280
    assert "laboratory's range" in by_marker["mma_nmol_l"].source
    without = [one | {"reference": None} for one in LABS]
    found = {one.marker: one for one in inputs(labs=without).limits}
    assert found["mma_nmol_l"].value == 400


def test_no_interval_is_called_best() -> None:
    for written in (text(said()), written_page()):
        assert "recommend" not in written.lower() and "optimal" not in written.lower()
    assert "No row is the best one" in written_page()


def test_a_sample_days_after_an_injection_is_left_out_with_the_reason() -> None:
    found = inputs(labs=[*LABS, lab("Vitamin B12", 9000, "pmol/L", -350)])
    one = next(one for one in found.results if one.high == 9000)
    assert one.weight == 0 and "3 days after an injection of hydroxocobalamin" in one.why


def test_a_sample_three_weeks_after_an_injection_counts_half() -> None:
    found = inputs(labs=[*LABS, lab("Vitamin B12", 900, "pmol/L", -332)])
    one = next(one for one in found.results if one.high == 900)
    assert one.weight == 0.5 and "counts half" in one.why


def test_mma_days_after_an_injection_counts() -> None:
    found = inputs(labs=[*LABS, lab("MMA", 150, "nmol/L", -350)])
    assert next(one for one in found.results if one.high == 150).weight == 1


def test_a_censored_result_keeps_its_side() -> None:
    found = inputs(labs=[lab("Vitamin B12", "<50", "pmol/L", -708), *LABS[1:]])
    one = found.results[0]
    assert (one.low, one.high, one.printed) == (0, 50, "<50")


def test_words_count_only_beside_a_printed_range() -> None:
    past = past_of(facts_of(assessed()))
    bare = DatedResult(
        date(2024, 8, 1), "serum_b12_pmol_l", None, None, "low", None, None, None, before_treatment=False, source=""
    )
    low = recorded(replace(bare, low=130.0, high=700.0), past)
    normal = recorded(replace(bare, flag="normal", low=130.0, high=700.0), past)
    high = recorded(replace(bare, flag="high", low=130.0, high=700.0), past)
    assert [(one.low, one.high) for one in (low, normal, high)] == [(0, 130), (130, 700), (700, float("inf"))]
    alone = recorded(bare, past)
    assert alone.weight == 0 and "without the laboratory's range" in alone.why


def test_a_contradicting_result_is_named_with_its_date_and_value() -> None:
    found = fit_of(inputs(labs=[*LABS, lab("MMA", 1900, "nmol/L", -18)]))
    surprising = [one for one in found.results if one.surprising]
    assert [(one.printed, one.date) for one in surprising] == [("1900", date(2025, 12, 28))]
    assert "MMA 1900 nmol/L on 28 Dec 2025 surprised the model" in text(found)


def test_without_any_result_the_prior_is_said_as_such() -> None:
    found = fit_of(inputs(labs=[]))
    assert found.results == [] and found.effective == pytest.approx(found.draws)
    assert "no usable result, so this is what the model expects of people like this one" in text(found)


def test_an_extrapolation_is_marked() -> None:
    few = [-40, -38, -36, -33, -31, -29]
    treated = [{"drug": "hydroxocobalamin", "route": "im", "dose": "1 mg", "given": few}]
    labs = [lab("Vitamin B12", 92, "pmol/L", -45), lab("MMA", 250, "nmol/L", -5)]
    found = fit_of(inputs(treatment_so_far=treated, labs=labs), draws=60)
    assert found.regimen is not None and found.regimen.planned
    assert found.reliable_until == date(2026, 2, 14)
    assert all(one.beyond_follow_up for one in found.intervals if one.shown)
    assert "beyond twice the time that the results cover" in text(found)


def test_two_different_injections_on_one_day_are_refused() -> None:
    doubled = [
        {"drug": "hydroxocobalamin", "route": "im", "dose": "1 mg", "given": [-30]},
        {"drug": "cyanocobalamin", "route": "im", "dose": "1 mg", "given": [-30]},
    ]
    with pytest.raises(CobalaminError, match="two different injections: cyanocobalamin 1000 ug and hydroxocobalamin"):
        inputs(treatment_so_far=doubled)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"patient": {"id": "p1", "age": 30, "sex": "female", "pregnant": True}}, "Pregnant"),
        ({"patient": {"id": "p1", "age": 12, "sex": "female"}}, "Under 18"),
        ({"history": {"conditions": ["pernicious anaemia"], "nitrous_oxide": True}}, "Nitrous oxide"),
    ],
)
def test_outside_its_domain_it_refuses_and_says_why(changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(CobalaminError, match=f"does not speak about this person. .*{reason}"):
        inputs(**changed)


def test_an_entry_before_birth_is_refused() -> None:
    facts = facts_of(assessed(labs=[*LABS, lab("Vitamin B12", 300, "pmol/L", -9000)]))
    young = replace(facts, findings=dict(facts.findings) | {"finding.age_years": 18.0})
    with pytest.raises(Unspoken, match="An entry of 2001-05-26 lies before birth") as refused:
        fit_inputs(young)
    assert [one.id for one in refused.value.refusals] == ["before_birth"]


def test_present_injections_are_not_drawn_on_after_a_severe_reaction() -> None:
    history = {"conditions": ["pernicious anaemia"], "allergies": ["anaphylaxis to hydroxocobalamin"]}
    found = fit_of(inputs(history=history), draws=60)
    assert found.planned_dates == [] and found.intervals == []
    assert any("severe reaction to B12 is on record" in one for one in found.warnings)


def test_same_sheet_and_seed_same_answer_whatever_the_order() -> None:
    turned = fit_person(assessed(labs=[*LABS[::-1], sheet()["labs"][-1]]))
    assert turned.as_dict() == said().as_dict()


def test_json_holds_no_level_on_quiet_days() -> None:
    band = next(one for one in said().as_dict()["bands"] if one["marker"] == "serum_b12_pmol_l")
    assert any(band["quiet"])
    assert all((level is None) == quiet for level, quiet in zip(band["own"], band["quiet"], strict=True))


def test_page_asks_nothing_of_the_network_and_escapes_the_record() -> None:
    named = written_page()
    assert "<script" not in named and "&lt;script&gt;x" in named
    assert "http://" not in named.replace("http://www.w3.org", "") and "src=" not in named


def test_a_chance_is_smooth_and_between_nothing_and_all() -> None:
    import numpy as np

    drawn = np.exp(np.linspace(-1, 1, 101))
    assert chance_beyond(drawn, 1.0, "above") == pytest.approx(0.5)
    assert chance_beyond(drawn, 1.0, "below") == pytest.approx(0.5)
    assert 0 < chance_beyond(drawn, 4.0, "above") < 0.02
