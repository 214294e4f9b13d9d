"""The page of disagreements says what the guidance says, and nothing of its own."""

from __future__ import annotations

import pytest

from cobalamin.guidance import available
from cobalamin.report.disagree import QUESTIONS
from tools.generate_docs import disagreements_page


@pytest.fixture(scope="module")
def page() -> str:
    return disagreements_page()


def line(page: str, *parts: str) -> str:
    found = [row for row in page.splitlines() if all(part in row for part in parts)]
    assert found, parts
    return found[0]


def test_every_guideline_is_in_every_section(page):
    sections = page.split("\n## ")[1:]
    for section in sections:
        for name in available():
            assert (f"`{name}`" in section) == (name != "common"), (section[:40], name)
    assert len(sections) == len(QUESTIONS) + 4


def test_numbers_stand_beside_each_other(page):
    row = line(page, "total B12: deficient below")
    assert "180 ng/L = 133 pmol/L (seen)" in row
    assert "150 ng/L (recalled)" in row
    assert "200 ng/L = 148 pmol/L, *common*" in row


def test_number_of_a_guideline_s_own_is_told_from_a_default(page):
    row = line(page, "active B12: deficient below")
    assert row.split("|")[2].strip() == "25 pmol/L (seen)"
    assert row.split("|")[3].strip() == "25 pmol/L, *common*"


def test_gastritis_parts_nice_from_bc(page):
    section = page.split("## Autoimmune gastritis")[1].split("\n## ")[0]
    assert "| `nice_ng239` | injection, offer |" in section
    assert "| `bc_2023` | tablets" in section or "| `bc_2023` | either" in section


def test_every_row_has_as_many_cells_as_its_head(page):
    for block in page.split("\n\n"):
        rows = [row for row in block.splitlines() if row.startswith("|")]
        assert len({row.replace("\\|", "").count("|") for row in rows}) <= 1


def test_project_s_own_rows_are_left_out_of_the_questions(page):
    for title in QUESTIONS.values():
        section = page.split(f"## {title}\n")[1].split("\n## ")[0]
        assert "| cobalamin clinician" not in section
