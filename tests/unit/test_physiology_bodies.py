"""Parameters as data, classes, people and courses."""

from __future__ import annotations

import numpy as np
import pytest

from cobalamin.errors import CobalaminError
from cobalamin.physiology.absorption import absorption_classes
from cobalamin.physiology.bodies import Bodies
from cobalamin.physiology.courses import Courses, Dose
from cobalamin.physiology.parameters import SPREAD_KINDS, available, parameter_set

OH = "hydroxocobalamin"


@pytest.mark.parametrize("name", available())
def test_every_parameter_lies_in_its_range_and_names_its_source(name):
    for one in parameter_set(name):
        assert one.low <= one.value <= one.high, one.symbol
        assert one.source and one.meaning, one.symbol
        assert one.certainty in ("seen", "recalled", "ours"), one.symbol
        assert one.spread_kind.split(":")[0] in SPREAD_KINDS, one.symbol
        assert (one.spread_kind == "fixed") == (one.spread == 0), one.symbol


def test_parameter_that_shares_a_score_names_one_that_has_it():
    default = parameter_set()
    assert {one.score for one in default if one.score} == set(default.scores)


def test_correlated_parameters_have_scores():
    default = parameter_set()
    for first, second, correlation in default.correlations:
        assert {first, second} <= set(default.scores)
        assert -1 < correlation < 1


def test_every_class_names_its_source_and_keeps_fractions_between_0_and_1():
    for one in absorption_classes().values():
        assert one.source and one.certainty in ("seen", "recalled", "ours")
        assert 0 <= one.intrinsic_factor_low <= one.intrinsic_factor <= one.intrinsic_factor_high <= 1
        assert 0 <= one.reabsorbed_bile < 1


def test_later_set_overrides_and_the_rest_stays():
    both = parameter_set("severe_referral+unfortified")
    assert both["L50M"].value != parameter_set()["L50M"].value
    assert both["cH"].value > 1
    assert both["kM"] == parameter_set()["kM"]


def test_set_says_what_it_stands_on():
    lines = parameter_set().sources()
    assert len(lines) == len(list(parameter_set()))
    assert any("NHANES" in line for line in lines)


def test_unknown_set_is_refused_with_the_known_ones():
    with pytest.raises(CobalaminError, match="Known: default"):
        parameter_set("mild")


def test_same_seed_gives_the_same_people_and_a_longer_draw_begins_with_them():
    few, many = Bodies.draw(5, seed=3), Bodies.draw(50, seed=3)
    for field in ("L50M", "B_n", "kb", "fEHC"):
        assert np.array_equal(few[field], many[field][:5])


def test_typical_person_is_the_median_of_those_drawn():
    drawn, typical = Bodies.draw(4001, seed=1), Bodies.typical(1)
    for field in ("B_n", "L50M", "kLS", "fpas", "M0"):
        assert np.median(drawn[field]) == pytest.approx(typical[field][0], rel=0.05)


def test_own_normal_levels_go_together_as_the_set_says():
    drawn = Bodies.draw(20_000, seed=1)
    logs = {field: np.log(drawn[field]) for field in ("B_n", "T_n", "L50M", "L50H")}
    assert np.corrcoef(logs["B_n"], logs["T_n"])[0, 1] == pytest.approx(0.6, abs=0.02)
    assert np.corrcoef(logs["L50M"], logs["L50H"])[0, 1] == pytest.approx(0.6, abs=0.02)


def test_scores_of_zero_are_the_typical_person():
    given = Bodies.from_scores({"B_n": np.zeros(2)}, 2, absorption="metformin")
    assert given["B_n"] == pytest.approx(Bodies.typical(2, absorption="metformin")["B_n"])


def test_intrinsic_factor_stays_in_the_range_of_its_class():
    factor = Bodies.draw(500, seed=2, absorption="metformin")["IF"]
    assert factor.min() >= 0.4 and factor.max() <= 1


def test_class_gives_way_to_what_is_known_of_the_person():
    body = Bodies.typical(1, absorption="normal", intrinsic_factor=0.3, diet_absorbed_ug_d=0.2)
    assert body["IF"][0] == 0.3 and body["diet"][0] == 0.2


@pytest.mark.parametrize(
    ("covariates", "words"),
    [
        ({"egfr": -3}, "egfr is -3; the model knows 8 to 200"),
        ({"age_years": [40, 50, 60]}, "give one value, or one for each of 2"),
        ({"absorption": "coeliac"}, "no absorption class"),
        ({"weight": 70}, "Not a covariate: weight"),
    ],
)
def test_covariate_that_makes_no_sense_is_refused(covariates, words):
    with pytest.raises(CobalaminError, match=words):
        Bodies.typical(2, **covariates)


def test_body_takes_no_field_it_has_not():
    with pytest.raises(CobalaminError, match='no "L50"'):
        Bodies.typical(1).replace(L50=3)


@pytest.mark.parametrize(
    ("dose", "words"),
    [
        (Dose(0, -5, OH, "im"), "has -5 ug"),
        (Dose(0, 5e6, OH, "im"), "has 5e\\+06 ug"),
        (Dose(-1, 1000, OH, "im"), "has -1 as its day"),
        (Dose(float("nan"), 1000, OH, "im"), "has nan as its day"),
        (Dose(0, 1000, "methylcobalamin", "im"), 'form "methylcobalamin"'),
        (Dose(0, 1000, OH, "nasal"), 'route "nasal"'),
    ],
)
def test_dose_that_makes_no_sense_is_refused(dose, words):
    with pytest.raises(CobalaminError, match=words):
        Courses.same(1, [dose])


def test_flat_arrays_and_lists_make_the_same_courses():
    lists = Courses.of([[Dose(3, 1000, OH, "im")], [], [Dose(1, 500, OH, "im"), Dose(0, 250, OH, "oral")]])
    flat = Courses.from_arrays(3, [2, 0, 2], [1, 3, 0], [500, 1000, 250], OH, ["im", "im", "oral"])
    for field in ("first", "last", "day", "dose_ug", "form", "route", "fasting"):
        assert np.array_equal(getattr(lists, field), getattr(flat, field)), field


def test_dose_for_somebody_who_is_not_there_is_refused():
    with pytest.raises(CobalaminError, match="counted 0 to 1"):
        Courses.from_arrays(2, [2], [0.0], [1000.0], OH, "im")
