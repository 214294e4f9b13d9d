"""A fit on one screen: what it rests on, what the results say, surprises, the intervals, the next test, the limits."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from cobalamin.report.outlook_fit_words import (
    CANNOT,
    absorption_words,
    best_tests,
    course_words,
    dose_words,
    interval_label,
    learned,
    learned_words,
    limit_long,
    limit_short,
    marker_unit,
    marker_words,
    percent,
    person_words,
    regimen_words,
    spread,
    surprise_words,
    test_words,
)
from cobalamin.report.words import short_date

if TYPE_CHECKING:
    from cobalamin.outlook.fit_said import FitSaid, IntervalSaid

WIDTH, LABEL = 110, 11
LEARNED_SHOWN = 3


def text(said: FitSaid) -> str:
    """The screen."""
    lines = [*textwrap.wrap(headline(said), WIDTH), ""]
    for label, sentences in (
        ("Rests on", rests_on(said)),
        ("Take care", said.warnings),
        ("Left out", left_out(said)),
        ("Learned", results_say(said)),
        ("Surprise", [surprise_words(one, said) for one in said.results if one.surprising]),
    ):
        lines += _labelled(label, sentences)
    lines += ["", *_grid(said), ""] if said.intervals else []
    lines += _labelled("Next test", [test_words(*best, said) for best in best_tests(said)])
    return "\n".join([*lines, *_labelled("Never says", ["; ".join(CANNOT) + "."])])


def headline(said: FitSaid) -> str:
    """The first line: what this is, and whether it may be relied on."""
    if not said.trusted:
        return f"{said.patient_id}: the results and the model do not fit together. Do not use the numbers below."
    used = sum(one.weight > 0 for one in said.results)
    if not used:
        return (
            f"{said.patient_id}: no usable result, so this is what the model expects of people like this one, not more."
        )
    count = "one result" if used == 1 else f"{used} results"
    return (
        f"{said.patient_id}: what {count} say about B12 in this person's blood. An expectation of markers, no advice."
    )


def rests_on(said: FitSaid) -> list[str]:
    """What went in: doses, present regimen, the person as recorded, and the stand-ins."""
    lines = ["; ".join(course_words(one, said) for one in said.courses)] if said.courses else ["No B12 given so far"]
    lines[0] += f"; {regimen_words(said.regimen, said)}." if said.regimen else "."
    return [*lines, *person_words(said.basis, "taken as uncertain around")]


def left_out(said: FitSaid) -> list[str]:
    """Results that do not count, or count less, each with the reason."""
    return [
        f"{marker_words(one.marker)} {one.printed} on {short_date(one.date, said.on)}: {one.why}."
        for one in said.results
        if one.why
    ]


def results_say(said: FitSaid) -> list[str]:
    """What was learned, most first; and of the class of absorption where it was open."""
    lines = [learned_words(one) for one in learned(said)[:LEARNED_SHOWN]]
    if any(one.weight > 0 for one in said.results) and not lines:
        lines = ["The results agree with what is usual and narrow nothing by a tenth or more."]
    if len(said.classes) > 1:
        shares = ", ".join(
            f"{absorption_words(one.absorption)} {percent(one.own)} (before {percent(one.usual)})"
            for one in said.classes
        )
        lines.append(f"Absorption: {shares}.")
    return lines


def grid_heading(said: FitSaid) -> str:
    """What the table of intervals shows."""
    one = said.regimen
    what = f" of {dose_words(one.form, one.route, one.dose_ug)}" if one else ""
    return (
        f"Levels just before an injection, after about a year at each interval{what}: median (9 in 10), "
        "and the chance of being beyond the limit"
    )


def notes_on_grid(said: FitSaid) -> list[str]:
    """Why some intervals have no numbers, and which numbers reach beyond the results."""
    reasons = list(dict.fromkeys(one.why for one in said.intervals if not one.shown))
    notes = [f"{_named(said, reason)}: not shown. {reason}" for reason in reasons]
    if any(one.beyond_follow_up and one.shown for one in said.intervals):
        notes.append("* beyond twice the time that the results cover: an extrapolation.")
    return notes


def _named(said: FitSaid, reason: str) -> str:
    return ", ".join(interval_label(one) for one in said.intervals if one.why == reason and not one.shown)


def _grid(said: FitSaid) -> list[str]:
    shown = [one for one in said.intervals if one.shown]
    lines = textwrap.wrap(f"{grid_heading(said)}.", WIDTH)
    if shown:
        rows = [_heads(said), *(_row(one) for one in shown)]
        widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
        lines += [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
        ]
    for note in notes_on_grid(said):
        lines += textwrap.wrap(note, WIDTH)
    return [*lines, *textwrap.wrap("Limits: " + "; ".join(_limit_words(said)) + ".", WIDTH)] if said.limits else lines


def _heads(said: FitSaid) -> list[str]:
    markers = list(next(one for one in said.intervals if one.shown).troughs)
    levels = [f"{marker_words(marker)}, {marker_unit(marker)}" for marker in markers]
    return ["every", *levels, *(limit_short(one) for one in said.limits)]


def _row(one: IntervalSaid) -> list[str]:
    label = interval_label(one) + (" *" if one.beyond_follow_up else "")
    return [label, *(spread(level) for level in one.troughs.values()), *(percent(chance) for chance in one.chances)]


def _limit_words(said: FitSaid) -> list[str]:
    return [f"{limit_long(one)} ({one.source})" for one in said.limits]


def _labelled(label: str, sentences: list[str]) -> list[str]:
    lines: list[str] = []
    for sentence in sentences:
        lines += textwrap.wrap(
            sentence,
            WIDTH,
            initial_indent=(label if not lines else "").ljust(LABEL),
            subsequent_indent=" " * LABEL,
        )
    return lines
