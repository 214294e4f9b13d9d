"""What is expected, as one self-contained page that a patient and a clinician can look at together. No script."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from cobalamin.report import outlook_expect as words
from cobalamin.report import outlook_expect_charts as charts
from cobalamin.report.outlook_expect_table import tables as levels_at_times
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
            "name": charts.letter(said, place),
            "tables": list(levels_at_times(said, course)),
        }
        for place, (colour, course) in enumerate(zip(charts.COLOURS, said.courses, strict=False))
    ]
    made: str = (
        environment()
        .get_template("expect.html")
        .render(
            said=said,
            day=short_date(said.on, date(1, 1, 1)),
            rests_on=words.rests_on(said),
            not_shown=words.not_shown(said),
            wide=charts.levels_svg(said, charts.WIDE),
            narrow=charts.levels_svg(said, charts.NARROW),
            tables=tables,
            thinned=any(charts.is_thinned(course) for course in said.courses),
            says_not=words.SAYS_NOT,
        )
    )
    return made
