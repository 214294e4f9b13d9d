"""What is expected under a regimen, on one screen: what it rests on, a table at named times, and its limits."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from cobalamin.report.give import course_words
from cobalamin.report.outlook_expect_table import Table, tables
from cobalamin.report.outlook_fit_words import person_words
from cobalamin.report.phrases import guideline_words
from cobalamin.report.phrases import headline as phrased
from cobalamin.report.words import sentence

if TYPE_CHECKING:
    from cobalamin.outlook.expect import Course, Expected

WIDTH, LABEL = 110, 11
CAPTIONS = {
    "serum_b12_pmol_l": "All B12 in the blood. High on treatment is expected and shows only that it was given.",
    "active_b12_pmol_l": "The part of it that cells can take up.",
    "mma_nmol_l": "Rises when cells lack B12, and when the kidneys fail.",
    "homocysteine_umol_l": "Rises when cells lack B12 or folate.",
    "haemoglobin_g_dl": "Carries oxygen; low is anaemia.",
    "mcv_fl": "Size of the red cells; it falls as new cells replace the large ones.",
    "reticulocyte_percent": "Young red cells; they rise within days of treatment that works.",
}
SAYS_NOT = (
    "Serum B12 on treatment is expected to be high and proves only that it was given.",
    "No marker tells how somebody feels: treatment follows symptoms, cause and guidance, and nothing here overrides "
    "them. Potassium is never predicted.",
)


def text(said: Expected) -> str:
    """The screen."""
    lines = [*textwrap.wrap(headline(said), WIDTH), ""]
    for label, sentences in (
        ("Rests on", rests_on(said)),
        ("Take care", list(said.warnings)),
        ("Not shown", not_shown(said)),
        ("Guidance", [said.planned] if said.planned else []),
    ):
        lines += _labelled(label, sentences)
    for course in said.courses:
        lines += ["", *textwrap.wrap(course_heading(course), WIDTH)]
        lines += [line for table in tables(said, course) for line in (*_lines(table), "")][:-1]
    return "\n".join([*lines, "", *_labelled("Says not", list(SAYS_NOT))])


def guidance_line(answer: dict[str, Any]) -> str:
    """What the guidance says and gives, so that it stands beside the picture."""
    gives = [sentence(f"{words[:1].upper()}{words[1:]}") for words in course_words(answer)]
    return " ".join([f"{guideline_words(answer)}:", phrased(answer), *gives])


def headline(said: Expected) -> str:
    """What this is."""
    return (
        f"{said.patient_id}: what is usual under a regimen in people like this one, from {said.on:%d %b %Y}. "
        "An expectation of markers, no advice."
    )


def rests_on(said: Expected) -> list[str]:
    """The person as recorded, the stand-ins, and how many bodies were drawn."""
    drawn = (
        f"{said.people} bodies that this person may have (seed {said.seed}); no result on treatment is used: "
        "`cobalamin fit` uses those."
    )
    return [*person_words(said.basis, "spread around"), drawn]


def not_shown(said: Expected) -> list[str]:
    """Regimens that were asked for and are not shown, with the reason and what to do."""
    return [f"{one.regimen}: {one.reason} {one.do}" for one in said.not_shown]


def course_heading(course: Course) -> str:
    """The regimen in its own words, with how they were taken."""
    notes = f" ({'; '.join(course.notes)})" if course.notes else ""
    return f"{course.regimen[:1].upper()}{course.regimen[1:]}{notes}: median (9 in 10)"


def _lines(table: Table) -> list[str]:
    rows = [["", *table.heads], *([time, *cells] for time, cells in table.rows)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _labelled(label: str, sentences: list[str]) -> list[str]:
    lines: list[str] = []
    for one in sentences:
        lines += textwrap.wrap(
            one, WIDTH, initial_indent=(label if not lines else "").ljust(LABEL), subsequent_indent=" " * LABEL
        )
    return lines
