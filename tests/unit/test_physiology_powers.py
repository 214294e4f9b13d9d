"""The exponentials and logarithms of the steps."""

from __future__ import annotations

import numpy as np
import pytest

from cobalamin.physiology.powers import exp_all, log_all

REACH = np.concatenate([np.linspace(-690, 690, 20_011), np.linspace(-2, 2, 20_011), [0.0, 1e-300, -1e-17]])


def test_exponentials_are_right_to_twelve_places_over_their_whole_reach():
    found = REACH.copy()
    exp_all(found)
    assert found == pytest.approx(np.exp(REACH), rel=1e-12)


def test_logarithms_are_right_to_twelve_places_near_one_and_far_from_it():
    values = np.exp(REACH[np.abs(REACH) < 300])
    found = values.copy()
    log_all(found)
    assert found == pytest.approx(np.log(values), rel=1e-12, abs=1e-13)


def test_exponentials_beyond_what_numbers_hold_stay_finite():
    found = np.array([-1e9, -701.0, 701.0, 1e9])
    exp_all(found)
    assert np.isfinite(found).all() and (found > 0).all()
