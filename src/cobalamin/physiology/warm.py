"""Compile the model once, so that no first call waits. `python -m cobalamin.physiology.warm`; `make` runs it."""

from __future__ import annotations

from cobalamin.physiology.bodies import Bodies
from cobalamin.physiology.branches import Branch, follow
from cobalamin.physiology.courses import Courses, Dose
from cobalamin.physiology.simulate import simulate


def main() -> int:
    """One person, one injection, one day."""
    bodies = Bodies.typical(1, absorption="no_intrinsic_factor", start_serum_b12_pmol_l=100)
    dose = Dose(0, 1000, "hydroxocobalamin", "im")
    simulate(bodies, Courses.same(1, [dose]), [1.0])
    follow(bodies, [dose], [1.0], 2.0, [Branch((), (3.0,))])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
