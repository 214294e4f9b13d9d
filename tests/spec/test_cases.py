"""The executable specification: every case of `cases/`, and every rule fired by some case."""

from __future__ import annotations

import pytest

from tests.spec.case_file import Case, cases, differences, told


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_case_is_answered_as_a_clinician_expects(case: Case) -> None:
    wrong = differences(case, told(case))
    assert not wrong, f"{case.says}\n" + "\n".join(wrong)


def test_case_files_are_named_as_situations() -> None:
    assert all(case.says.strip() and len(case.path.stem.split("_")) >= 3 for case in cases())
