"""Guidance changes by date, not by edit: cases on both sides of the day, under a guideline invented for it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cobalamin.errors import CobalaminError
from cobalamin.guidance import available, load, use_folder
from tests.spec.case_file import case_under, differences, told

FOLDER = Path(__file__).parents[1] / "data" / "guidance" / "dated_example"
LAST_DAY, FIRST_DAY = date(2025, 6, 30), date(2025, 7, 1)


@pytest.mark.parametrize("path", sorted((FOLDER / "cases").glob("*.yaml")), ids=lambda path: path.stem)
def test_case_is_answered_by_the_guidance_in_force_that_day(path: Path) -> None:
    case = case_under(path, use_folder(FOLDER))
    wrong = differences(case, told(case))
    assert not wrong, f"{case.says}\n" + "\n".join(wrong)


def deficient(on: date | None) -> tuple[float, str]:
    return load(use_folder(FOLDER), on).thresholds["total_b12_deficient"].values[0]


def test_number_and_rule_change_on_the_day_and_stay_changed() -> None:
    assert [deficient(day) for day in (LAST_DAY, FIRST_DAY, date(2030, 1, 1), None)] == [
        (150.0, "ng/L"), (200.0, "ng/L"), (200.0, "ng/L"), (200.0, "ng/L"),
    ]  # fmt: skip
    rules = [
        {rule.id for rule in load(use_folder(FOLDER), day).tables["testing"].rules} for day in (LAST_DAY, FIRST_DAY)
    ]
    assert rules == [{"result_known", "symptoms"}, {"result_known", "symptoms_considered"}]


def test_own_folder_is_not_among_what_ships() -> None:
    assert use_folder(FOLDER) not in available()
    with pytest.raises(CobalaminError, match="No guideline 'dated_example'"):
        load("dated_example")


def test_two_versions_of_a_number_in_force_on_one_day_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "dated_example"
    folder.mkdir()
    for name in ("about.yaml", "thresholds.yaml", "testing.yaml"):
        (folder / name).write_text((FOLDER / name).read_text().replace("until: 2025-07-01", "until: 2025-07-02"))
    with pytest.raises(CobalaminError, match="total_b12_deficient: two versions are in force on one day"):
        use_folder(folder)
