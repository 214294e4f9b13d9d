"""H19: a simulated picture reassures: outside what the model knows, or into less treatment for touched nerves."""

from __future__ import annotations

from functools import cache

import pytest

from cobalamin.errors import CobalaminError
from cobalamin.outlook import sparser as counting
from cobalamin.outlook.barred import first_day, why_not
from cobalamin.outlook.domain import domain, exclusions
from cobalamin.outlook.expect import COUNT, MARKERS, expect
from cobalamin.outlook.facts import Facts, facts_of
from cobalamin.outlook.nerves import ABSENT, RECORDED, nerves
from cobalamin.physiology.regimen import Regimen, parse_regimen
from cobalamin.vocabulary.catalogue import catalogue
from tests.safety.people import (
    Row,
    adult,
    asked,
    assessed,
    crowd,
    fact,
    injection,
    lab,
    schedule,
    word,
)

LOW = lab("lab_b12_total", 100.0, "pmol/L")
YEAR = 365
LESS = ("no treatment", "cyanocobalamin 50 ug oral daily", "hydroxocobalamin 1 mg IM every 26 weeks")
REGIMENS = (
    *LESS,
    "hydroxocobalamin 1 mg IM 3/week for 2 weeks then every 12 weeks",
    "hydroxocobalamin 1 mg IM 3/week for 2 weeks then every 2 months, missing every second dose",
    "hydroxocobalamin 1 mg IM every other day for 3 weeks then every 2 months",
    "hydroxocobalamin 1 mg IM weekly for 6 weeks",
    "hydroxocobalamin 1 mg IM every 8 weeks",
    "cyanocobalamin 1 mg IM monthly",
    "cyanocobalamin 1 mg oral daily",
)


def facts(*rows: Row, age: int = 60) -> Facts:
    return facts_of(assessed({"p": adult(LOW, *rows, age_years=age)}))


def recorded(name: str, concept: str) -> Row:
    """A fact that makes a finding yes by this concept."""
    if catalogue()[name].selector.startswith("flag"):
        return word(concept, "positive")
    if catalogue()[name].kind == "number":
        return fact(concept, -5, value=20.0, unit=catalogue()[name].unit)
    return fact(concept, -5)


EXCLUDED = [
    (one.refusal.id, name, concept)
    for one in exclusions()
    if one.below is None
    for name in one.findings
    for concept in catalogue()[name].concepts
]


@pytest.mark.parametrize(("refusal", "name", "concept"), EXCLUDED)
def test_each_exclusion_is_refused_with_its_reason_and_what_to_do(refusal: str, name: str, concept: str) -> None:
    found = domain(facts(recorded(name, concept), age=30))
    refused = {one.id: one for one in found.refusals}
    assert refusal in refused, (name, concept)
    assert refused[refusal].reason and refused[refusal].do
    assert not found.speaks


@pytest.mark.parametrize(("egfr", "refused"), [(14.9, True), (15.0, False)])
def test_kidneys_below_fifteen_are_refused_and_fifteen_is_not(egfr: float, refused: bool) -> None:
    found = domain(facts(lab("lab_egfr", egfr, "mL/min/{1.73_m2}")))
    assert ("egfr_under_15" in {one.id for one in found.refusals}) is refused


@pytest.mark.parametrize(("age", "refused"), [(15, True), (17, True), (18, False)])
def test_under_eighteen_is_refused(age: int, refused: bool) -> None:
    assert ("under_18" in {one.id for one in domain(facts(age=age)).refusals}) is refused


def test_an_unknown_age_is_refused() -> None:
    found = domain(facts_of(assessed({"p": [LOW, fact("person_female")]})))
    assert "unknown_age" in {one.id for one in found.refusals}


def test_without_b12_before_treatment_and_without_a_cause_there_is_nothing_to_start_from() -> None:
    found = domain(facts_of(assessed({"p": adult(injection(-30))})))
    assert "nothing_to_start_from" in {one.id for one in found.refusals}


@pytest.mark.parametrize(
    ("row", "refusal"),
    [
        (fact("tx_methylcobalamin", -90, value=1000.0, unit="ug", route="oral", every_days=1.0), "unknown_product"),
        (fact("tx_cyanocobalamin_nasal", -90, value=500.0, unit="ug", route="nasal"), "unknown_product"),
        (fact("tx_hydroxocobalamin_oral", -90, value=500.0, unit="ug", route="oral"), "unknown_product"),
        (fact("tx_cyanocobalamin", -90, value=500.0, unit="ug", route="sublingual"), "unknown_product"),
        (fact("tx_hydroxocobalamin_injection", None, value=1000.0, unit="ug", route="im"), "treatment_unclear"),
        (fact("tx_cyanocobalamin_oral", -90, route="oral", every_days=1.0), "treatment_unclear"),
        (fact("tx_cyanocobalamin", -90, value=1000.0, unit="ug", every_days=30.0), "treatment_unclear"),
    ],
)
def test_treatment_that_the_model_cannot_follow_is_refused(row: Row, refusal: str) -> None:
    assert refusal in {one.id for one in domain(facts(row)).refusals}


def test_what_nobody_answered_is_named_as_taken_as_absent() -> None:
    silent = domain(facts(age=30)).assumed_absent
    assert {"pregnancy", "nitrous oxide", "dialysis", "liver disease", "marrow disease"} <= set(silent)
    gas = fact("exposure_nitrous_oxide_recreational", -5, present=False)
    answered = domain(facts(*asked("conditions"), gas, fact("status_pregnancy", -5, present=False), age=30))
    assert not {"pregnancy", "nitrous oxide", "dialysis", "liver disease"} & set(answered.assumed_absent)


def test_a_man_is_not_asked_about_pregnancy() -> None:
    man = facts_of(assessed({"p": adult(LOW, sex="person_male")}))
    assert "pregnancy" not in domain(man).assumed_absent


@cache
def people() -> dict[str, Facts]:
    found = assessed(crowd(90, 1919))
    return {name: facts_of(found, name) for name in found.findings["patient_id"].to_list()}


@cache
def regimen(words: str) -> Regimen:
    return parse_regimen(words)


def shown(one: Facts) -> set[str]:
    return {words for words in REGIMENS if not why_not(one, regimen(words), YEAR)}


def barred(one: Facts, words: str) -> str:
    """What is said of a regimen that is not shown: id, reason and what to do; "" where it is shown."""
    refusal = why_not(one, regimen(words), YEAR)
    return f"{refusal.id} {refusal.reason} {refusal.do}" if refusal else ""


def injections_by(doses: list[float], day: float) -> int:
    """Plain count, one day of grace."""
    return sum(1 for one in doses if one <= day + 1.0)


def test_nobody_with_touched_or_unasked_nerves_is_shown_fewer_injections_than_the_plan_gives() -> None:
    checked = 0
    for name, one in people().items():
        planned = [item for item in one.plan if item["kind"] == "dose" and item["route"] == "im" and item["due"]]
        if nerves(one) == ABSENT or not planned:
            continue
        first = max((planned[0]["due"] - one.on).days, 0)
        number = planned[0]["count"] or (10 if planned[0]["every_days"] < 8 else 3)
        due = [first + k * planned[0]["every_days"] for k in range(number)]
        for words in shown(one):
            doses = regimen(words).doses(first_day(one, regimen(words)), YEAR)
            given = [dose.day for dose in doses if dose.route != "oral"]
            assert all(injections_by(given, day) >= k + 1 for k, day in enumerate(due)), (name, words)
        assert not shown(one) & set(LESS), name
        checked += 1
    assert checked >= 15


def test_a_nerve_symptom_more_never_shows_a_regimen_more() -> None:
    rows = crowd(40, 77)
    before = assessed(rows)
    after = assessed({name: [*one, fact("sym_numbness", -3)] for name, one in rows.items()})
    for name in before.findings["patient_id"].to_list():
        bare, touched = facts_of(before, name), facts_of(after, name)
        assert nerves(touched) == RECORDED
        assert shown(touched) <= shown(bare) or nerves(bare) != ABSENT, name
        assert not shown(touched) & set(LESS), name


def test_nerves_once_touched_bar_less_treatment_for_good() -> None:
    healed = facts(*asked("symptoms", "signs", "conditions"), fact("sym_numbness", -900, until=None), injection(-400))
    assert nerves(healed) == RECORDED
    assert why_not(healed, regimen("no treatment"), YEAR)


def test_a_longer_interval_than_the_present_one_is_not_shown_while_nobody_asked() -> None:
    treated = facts(fact("cond_pernicious_anaemia"), schedule(-700, 60.875), injection(-30))
    assert not why_not(treated, regimen("hydroxocobalamin 1 mg IM every 8 weeks"), YEAR)
    assert "Nobody has asked about nerve symptoms" in barred(treated, "hydroxocobalamin 1 mg IM every 12 weeks")


def test_a_burst_of_doses_does_not_buy_a_longer_interval() -> None:
    treated = facts(fact("cond_pernicious_anaemia"), schedule(-700, 60.875), injection(-30))
    assert "further apart" in barred(treated, "hydroxocobalamin 1 mg IM daily for 3 weeks then every 26 weeks")


@pytest.mark.parametrize("concept", ["trend_symptoms_return_before_dose", "trend_worse"])
def test_no_less_than_now_is_shown_while_symptoms_come_back_or_are_worse(concept: str) -> None:
    sound = [*asked("symptoms", "signs"), fact("cond_pernicious_anaemia"), schedule(-700, 60.875), injection(-30)]
    well, unwell = facts(*sound), facts(*sound, fact(concept, -5))
    assert nerves(well) == nerves(unwell) == ABSENT
    for words in ("hydroxocobalamin 1 mg IM every 12 weeks", "cyanocobalamin 1 mg oral daily", "no treatment"):
        assert not barred(well, words)
        assert "less_with_symptoms_back" in barred(unwell, words)
    assert not barred(unwell, "hydroxocobalamin 1 mg IM every 6 weeks")


def test_reading_unasked_nerves_as_absent_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control broken: what nobody asked counts as an explicit no."""
    treated = facts(fact("cond_pernicious_anaemia"), schedule(-700, 60.875), injection(-30))
    assert not shown(treated) & set(LESS)
    monkeypatch.setattr(counting, "nerves", lambda one: RECORDED if nerves(one) == RECORDED else ABSENT)
    assert shown(treated) & set(LESS)


@pytest.mark.parametrize("concept", ["cond_leber_optic_neuropathy", "family_leber"])
def test_cyanocobalamin_is_never_drawn_beside_lebers_disease(concept: str) -> None:
    leber = facts(*asked("symptoms", "signs"), fact(concept))
    assert "never cyanocobalamin" in barred(leber, "cyanocobalamin 1 mg oral daily")


def test_no_dose_is_drawn_after_a_severe_reaction() -> None:
    allergic = facts(*asked("symptoms", "signs"), fact("allergy_cobalamin_anaphylaxis"))
    assert "allergy advice" in barred(allergic, "hydroxocobalamin 1 mg IM every 8 weeks")


def test_only_markers_and_the_count_are_expected_never_symptoms_or_potassium() -> None:
    rows = adult(
        LOW, *asked("symptoms", "signs"), fact("cond_pernicious_anaemia"),
        lab("lab_haemoglobin", 60.0, "g/L"), lab("lab_mcv", 118.0, "fL"),
    )  # fmt: skip
    weekly = regimen("hydroxocobalamin 1 mg IM 3/week for 2 weeks then every 2 months")
    said = expect(assessed({"p": rows}), [weekly], people=60)
    assert {one.marker for course in said.courses for one in course.series} == {*MARKERS, *COUNT}
    assert any("potassium can fall fast" in one for one in said.warnings)


def test_severe_anaemia_on_a_second_start_warns_of_potassium_too() -> None:
    rows = adult(
        LOW,
        *asked("symptoms", "signs"),
        fact("cond_pernicious_anaemia"),
        injection(-9),
        lab("lab_haemoglobin", 60.0, "g/L", -3),
    )
    said = expect(assessed({"p": rows}), [regimen("hydroxocobalamin 1 mg IM every 2 months")], people=60)
    assert any("potassium can fall fast" in one for one in said.warnings)


def test_refusals_reach_whoever_asks_as_one_error() -> None:
    found = assessed({"p": adult(LOW, fact("cond_liver_disease"))})
    with pytest.raises(CobalaminError, match="Liver disease"):
        expect(found, [regimen("hydroxocobalamin 1 mg IM every 2 months")], people=60)
