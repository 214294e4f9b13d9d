"""Written pages keep their promises: links lead somewhere, terms are defined once, cautions stand on top."""

import re
from pathlib import Path

import pytest

from tools.problems import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page: Path):
    broken = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()]
    assert broken == []


def test_glossary_defines_each_term_once():
    rows = [line.split("|")[1].strip() for line in _lines("GLOSSARY.md") if line.startswith("| ")]
    terms = [term.strip() for row in rows if row not in ("term", "---") for term in row.split(",")]
    assert sorted({term for term in terms if terms.count(term) > 1}) == []


def test_changelog_puts_guidance_first():
    parts = [line for line in _lines("CHANGELOG.md") if line.startswith(("## ", "### "))]
    for at, line in enumerate(parts):
        if line.startswith("## "):
            assert parts[at + 1] == "### Guidance"


def test_decisions_are_numbered_and_listed():
    pages = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    listed = (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    assert [page.name[:4] for page in pages] == [f"{number:04}" for number in range(1, len(pages) + 1)]
    for page in pages:
        assert page.name in listed
        assert page.read_text(encoding="utf-8").startswith(f"# {page.name[:4]} ")


def test_intended_use_opens_with_the_caution():
    first = next(line for line in _lines("docs/safety/intended_use.md") if line and not line.startswith("#"))
    assert "not to be used for the care of patients" in first


@pytest.mark.parametrize("body", ["LOINC", "SNOMED CT", "UCUM", "CPT", "NHANES", "ODbL", "Synthea"])
def test_notice_names_whose_material_is_shipped(body):
    assert body in (ROOT / "NOTICE").read_text(encoding="utf-8")


def test_licence_is_whole():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


def _lines(name: str) -> list[str]:
    return (ROOT / name).read_text(encoding="utf-8").splitlines()
