"""What is expected, as one self-contained page that a patient and a clinician can look at together. No script."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from cobalamin.report import outlook_expect as words
from cobalamin.report import outlook_expect_charts as charts
from cobalamin.report.outlook_fit_page import environment
from cobalamin.report.words import short_date

if TYPE_CHECKING:
    from cobalamin.outlook.expect import Expected


def page(said: Expected) -> str:
    """The page; every word from the record is escaped."""
    tables = [
        {
            "heading": words.course_heading(course),
            "colour": colour,
            "name": "" if len(said.courses) == 1 else "AB"[place],
            "markers": [words.marker_words(one) for one in course.series],
            "rows": words.rows(said, course),
        }
        for place, (colour, course) in enumerate(zip(charts.COLOURS, said.courses, strict=False))
    ]
    made: str = (
        environment()
        .get_template("expect.html")
        .render(
            said=said,
            day=short_date(said.on, date(1, 1, 1)),
            headline=words.headline(said),
            rests_on=words.rests_on(said),
            wide=charts.levels_svg(said, charts.WIDE),
            narrow=charts.levels_svg(said, charts.NARROW),
            tables=tables,
            says_not=words.SAYS_NOT,
        )
    )
    return made
