"""Compile the model once, so that no first call waits. `python -m cobalamin.physiology.warm`; `make` runs it."""

from __future__ import annotations

from cobalamin.physiology.bodies import Bodies
from cobalamin.physiology.courses import Courses, Dose
from cobalamin.physiology.simulate import simulate


def main() -> int:
    """One person, one injection, one day."""
    bodies = Bodies.typical(1, absorption="no_intrinsic_factor", start_serum_b12_pmol_l=100)
    simulate(bodies, Courses.same(1, [Dose(0, 1000, "hydroxocobalamin", "im")]), [1.0])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
