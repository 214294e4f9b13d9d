"""One past and several futures: the same as simulating each future from the start."""

from __future__ import annotations

import numpy as np
import pytest

from cobalamin.errors import CobalaminError
from cobalamin.physiology.bodies import Bodies
from cobalamin.physiology.branches import Branch, follow
from cobalamin.physiology.courses import Courses, Dose
from cobalamin.physiology.simulate import SERIES, simulate

AT = 400.0
PAST = [
    *(Dose(3.0 + 2 * k, 1000, "hydroxocobalamin", "im") for k in range(6)),
    Dose(200.5, 500, "cyanocobalamin", "im"),
    *(Dose(float(day), 100, "cyanocobalamin", "oral") for day in range(250, 400)),
]
FUTURES = [
    Branch(tuple(Dose(AT + 28 * k, 1000, "hydroxocobalamin", "im") for k in range(4)), (AT + 30, AT + 112)),
    Branch((), (AT + 200,)),
    Branch(tuple(Dose(AT + k, 1000, "cyanocobalamin", "oral") for k in range(60)), (AT + 1, AT + 59, AT + 100)),
]


def test_branches_give_what_simulating_each_future_gives() -> None:
    bodies = Bodies.draw(40, seed=3, absorption="gastric_bypass", start_serum_b12_pmol_l=110)
    days = [0.0, 50.0, 260.0, 400.0]
    found = follow(bodies, PAST, days, AT, FUTURES)
    for branch, ours in zip(FUTURES, found.ahead, strict=True):
        theirs = simulate(bodies, Courses.same(40, [*PAST, *branch.doses]), [*days, *branch.days])
        for name in SERIES:
            assert found.past[name] == pytest.approx(getattr(theirs, name)[:, : len(days)], rel=1e-9)
            assert ours[name] == pytest.approx(getattr(theirs, name)[:, len(days) :], rel=1e-9)


def test_no_branch_gives_the_past_alone() -> None:
    bodies = Bodies.typical(1, start_serum_b12_pmol_l=110)
    found = follow(bodies, PAST, [10.0], AT, [])
    assert found.ahead == [] and np.isfinite(found.past["mma_nmol_l"]).all()


@pytest.mark.parametrize(
    ("past", "days", "branches", "said"),
    [
        (PAST, [500.0], [], "The past ends on day 400"),
        ([Dose(401, 1000, "cyanocobalamin", "im")], [], [], "The past ends on day 400"),
        (PAST, [], [Branch((), (399.0,))], "Branches begin on day 400; day 399 belongs to the past"),
        (PAST, [], [Branch((Dose(12, 1000, "cyanocobalamin", "im"),), ())], "day 12 belongs to the past"),
    ],
)
def test_what_lies_on_the_wrong_side_is_refused(
    past: list[Dose], days: list[float], branches: list[Branch], said: str
) -> None:
    with pytest.raises(CobalaminError, match=said):
        follow(Bodies.typical(1, start_serum_b12_pmol_l=110), past, days, AT, branches)
