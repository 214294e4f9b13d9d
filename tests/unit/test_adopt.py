"""What if we adopt it: every number adds up to the person, and the harm is named first."""

from __future__ import annotations

from itertools import product

import polars as pl
import pytest

from cobalamin.assess import assess
from cobalamin.audit.adopt import Side, adopt
from cobalamin.audit.adopt_people import FIELDS, bands
from cobalamin.audit.adopt_policy import with_policy
from cobalamin.engine import chunks_of
from cobalamin.errors import CobalaminError
from cobalamin.events import Events
from cobalamin.guidance import load
from tests.unit.audit_people import ON, dose, fact, guideline, lasting, person

BETWEEN = 160 * 0.738  # 160 ng/L: under NICE's 180, above AAFP 2017's 150
NERVES = lasting("sign_reduced_vibration", -20)
DENIED = lasting("sym_neurological_none", -20)


NEGATIVES = (
    "sym_paraesthesia", "pref_adherence_poor", "cond_swallowing_difficulty", "cond_leber_optic_neuropathy",
    "family_leber", "cond_optic_atrophy", "status_pregnancy",
)  # fmt: skip
SUITABLE = [
    lasting("diet_vegan", -3000), DENIED, fact("lab_haemoglobin", -10, 135.0, unit="g/L"),
    fact("lab_mcv", -10, 90.0, unit="fL"), fact("lab_if_antibody", -900, flag="negative"),
    *[dose(day) for day in range(-800, 0, 91)],
    *[lasting(name, -20, present=False) for name in NEGATIVES],
    lasting("care_oral_failed", -20, present=False),
]  # fmt: skip


def b12(ng_l: float):
    return fact("lab_b12_total", -10, ng_l * 0.738, unit="ng/L")


def practice() -> list[list[dict]]:
    """Three at 160 ng/L (nerves; anaemia; nothing known), one lifelong on injections, normal ones, a child."""
    people = [
        person("nerves", b12(160), NERVES),
        person("anaemia", b12(160), fact("lab_haemoglobin", -10, 95.0, unit="g/L")),
        person("unknown", b12(160), age=35),
        person("lifelong", lasting("cond_pernicious_anaemia", -900), *[dose(day) for day in range(-800, 0, 91)]),
        person("child", b12(160), age=9),
    ]
    return people + [person(f"normal{n}", b12(380 + n), age=20 + n * 7) for n in range(9)]


def events(*people) -> Events:
    return Events.of([row for rows in people for row in rows])


def found_for(b, people=None, a="nice_ng239", chunk=4, policy=""):
    sides = Side(guideline(a, ON)), Side(with_policy(guideline(b, ON), policy or None), policy=policy)
    return adopt(chunks_of(events(*(people or practice())), chunk), *sides, ON, workers=1)


@pytest.fixture(scope="module")
def found():
    return found_for("aafp_2017")


def person_row(found, name):
    return found.persons.filter(pl.col("patient_id") == name).row(0, named=True)


def test_children_are_in_the_records_and_not_compared(found):
    assert (found.people, found.population) == (14, 13)


@pytest.mark.parametrize("field", FIELDS)
def test_every_margin_of_a_flow_is_the_population(found, field):
    flow = found.flow(field)
    assert flow["people"].sum() == found.population
    for end, side in (("from", "a"), ("to", "b")):
        margin = dict(flow.group_by(end).agg(pl.col("people").sum()).iter_rows())
        alone = found.persons[f"{field}_{side}"].value_counts()
        assert margin == dict(alone.iter_rows())


@pytest.mark.parametrize("field", FIELDS)
def test_age_groups_add_up_to_the_flow(found, field):
    by_age = found.flow(field, "band")
    assert set(by_age["band"]) <= set(bands())
    summed = by_age.group_by("from", "to").agg(pl.col("people").sum()).sort("from", "to")
    assert summed.equals(found.flow(field).sort("from", "to").select("from", "to", "people"))


@pytest.mark.parametrize("side", ["a", "b"])
def test_each_side_is_what_assess_alone_says(found, side):
    name = {"a": "nice_ng239", "b": "aafp_2017"}[side]
    alone = assess(events(*practice()), guideline(name, ON), on=ON).trace
    for field in FIELDS:
        told = dict(found.persons.select("patient_id", f"{field}_{side}").iter_rows())
        said = dict(alone.select("patient_id", pl.col(f"output.{field}").cast(pl.String)).iter_rows())
        assert told == {who: said[who] for who in told}


def test_chunks_change_nothing(found):
    assert found_for("aafp_2017", chunk=100).persons.equals(found.persons)
    assert found_for("aafp_2017", chunk=100).tests == found.tests


def test_changed_are_exactly_those_with_another_answer_or_test(found):
    pairs = [*FIELDS, "test_names"]
    for row in found.persons.iter_rows(named=True):
        assert row["changed"] == any(row[f"{name}_a"] != row[f"{name}_b"] for name in pairs)


def test_tests_of_people_add_up_to_the_tests_by_name(found):
    for side, counted in zip(("a", "b"), found.tests, strict=True):
        assert found.persons[f"tests_{side}"].sum() == counted.total()
        names = " ".join(found.persons[f"test_names_{side}"]).split()
        assert sorted(names) == sorted(counted.elements())


def test_those_with_most_to_lose_are_named_first(found):
    rows = found.named_first().select("patient_id", "harmed_group").rows()
    assert rows[:2] == [
        ("nerves", "deficient with nerve symptoms or signs"),
        ("anaemia", "deficient with anaemia"),
    ]
    assert rows[-1] == ("unknown", "deficient, and the record does not say whether nerves are involved")
    assert "treatment waits" in person_row(found, "anaemia")["harmed_loses"]


def test_losses_of_one_direction_are_the_gains_of_the_other(found):
    back = found_for("nice_ng239", a="aafp_2017")
    forth = found.persons.select("patient_id", "harmed_group", "harmed_loses")
    gained = back.persons.select("patient_id", harmed_group="gains_group", harmed_loses="gains_loses")
    assert forth.equals(gained)


def test_nobody_who_is_well_is_listed(found):
    assert not found.named_first()["patient_id"].str.starts_with("normal").any()


def test_policy_changes_only_whom_every_reason_allows():
    declined = lasting("pref_agrees_tablets", -30, present=False)
    people = [
        person("suitable", *SUITABLE), person("declined", *SUITABLE, declined),
        person("not_asked", *SUITABLE[:-1]), *practice(),
    ]  # fmt: skip
    found = found_for("nice_ng239", people, policy="tablets")
    moved = found.persons.filter(pl.col("route_a") != pl.col("route_b"))["patient_id"].to_list()
    assert moved == ["suitable"]
    assert person_row(found, "suitable")["route_b"] == "tablets"
    states = dict(found.persons.select("patient_id", "tablets_b").drop_nulls().iter_rows())
    assert states == {
        "suitable": "every reason against tablets is an explicit no",
        "declined": "something speaks against tablets",
        "lifelong": "something speaks against tablets",
        "not_asked": "something is not recorded, so injections stay",
    }
    assert person_row(found, "lifelong")["route_b"] == "injection"
    assert person_row(found, "nerves")["route_b"] == "injection"


def test_lifelong_treatment_loses_no_injection_under_any_shipped_guideline():
    for name in ("aafp_2025", "nhg_2014"):
        row = person_row(found_for(name), "lifelong")
        assert row["injection_b"] > 0
        assert row["route_b"] == "injection"


def test_laboratory_moves_the_line_and_nothing_else():
    low = {"total_b12_deficient": {"values": [{"value": 145, "unit": "ng/L"}],
                                   "source": {"clause": "laboratory", "certainty": "seen"}}}  # fmt: skip
    sides = Side(guideline("nice_ng239", ON)), Side(load("nice_ng239", ON, low), laboratory="L")
    people = [person(f"p{value}", b12(value), DENIED) for value in (144, 145, 179, 180)]
    found = adopt(chunks_of(events(*people)), *sides, ON, workers=1)
    moved = found.persons.filter(pl.col("status_a") != pl.col("status_b"))["patient_id"].to_list()
    assert moved == ["p145", "p179"]
    assert sides[1].as_dict()["numbers"] == {"total_b12_deficient": ["145 ng/L"]}


def test_same_twice_and_nobody_at_all_are_refused():
    with pytest.raises(CobalaminError, match="A and B are the same"):
        found_for("nice_ng239")
    with pytest.raises(CobalaminError, match="hold nobody"):
        adopt([], Side(guideline("nice_ng239", ON)), Side(guideline("aafp_2017", ON)), ON)
    with pytest.raises(CobalaminError, match=r"No policy 'x'\. Known: tablets"):
        with_policy(guideline("nice_ng239", ON), "x")


def test_policy_of_a_guideline_stays_a_policy_of_that_guideline():
    plain, made = guideline("nice_ng239", ON), with_policy(guideline("nice_ng239", ON), "tablets")
    outcomes = {rule.then["route"] for rule in made.tables["route"].rules}
    assert "either" not in outcomes
    assert [rule.id for rule in made.tables["route"].rules] == [rule.id for rule in plain.tables["route"].rules]


def test_gains_and_harm_never_name_a_person_without_a_loss(found):
    for kind, row in product(("harmed", "gains"), found.persons.iter_rows(named=True)):
        assert (row[f"{kind}_rank"] is None) == (row[f"{kind}_loses"] is None)
