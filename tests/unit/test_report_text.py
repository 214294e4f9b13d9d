"""The note: twelve lines, in the order it is read, nothing cut in silence."""

from __future__ import annotations

import pytest

from cobalamin.records.ledger import Ledger
from cobalamin.report.answer import answer
from cobalamin.report.lines import Block, Group
from cobalamin.report.text import text
from cobalamin.report.words import brief, interval, short_date
from tests.unit.report_sample import ON, assessed, event, injection, result

LOW = result("lab_b12_total", 128.0, "pmol/L")
COUNT = [result("lab_mcv", 103.0, "fL"), result("lab_haemoglobin", 121.0, "g/L")]
NERVES = event("sym_paraesthesia", -90)
CALM = [event("sym_paraesthesia", None, present=False), event("sym_numbness", None, present=False)]
SITUATIONS = {
    "nerves": [LOW, *COUNT, NERVES],
    "diet": [LOW, *COUNT, event("diet_vegan", None), *CALM],
    "open": [LOW, event("diet_vegan", None)],
    "between": [result("lab_b12_total", 155.0, "pmol/L")],
    "enough": [result("lab_b12_total", 442.68, "ng/L")],
    "nothing": [],
    "severe": [LOW, result("lab_haemoglobin", 60.0, "g/L"), NERVES],
    "treated": [result("lab_b12_total", 128.0, "pmol/L", -420), NERVES, *map(injection, (-400, -300, -200, -100))],
}


def note(*rows, **more):
    return text(answer(assessed(*rows)), **more)


@pytest.mark.parametrize("name", SITUATIONS)
def test_note_is_at_most_twelve_lines_of_readable_width(name):
    lines = note(*SITUATIONS[name]).splitlines()
    assert len(lines) <= 12
    assert max(map(len, lines)) <= 110


def test_urgent_note_says_verdict_number_threshold_and_dose():
    said = note(*SITUATIONS["nerves"])
    assert said.startswith("URGENT: B12 deficiency with nerve symptoms. Start injections now")
    assert "B12 128 pmol/L before treatment, 5 Jan (below 133, Sample table 1)" in said
    assert "hydroxocobalamin 1 mg IM 15 Jan, on alternate days until no further improvement" in said
    assert "Not tablets." in said


def test_danger_is_the_first_line_after_the_headline_and_only_where_there_is_any():
    assert note(*SITUATIONS["severe"]).splitlines()[1].startswith("Danger   Potassium before the first dose")
    assert "Danger" not in note(*SITUATIONS["nerves"])


def test_undecided_route_says_what_it_becomes():
    said = note(*SITUATIONS["open"])
    assert "not yet decided: injections if tingling" in said


def test_no_b12_is_said_where_it_would_not_help():
    said = note(*SITUATIONS["enough"])
    assert said.startswith("NO B12: B12 deficiency is unlikely. No B12; look for another cause.")
    assert "above 350" in said


def test_note_never_prescribes_and_says_so():
    assert "does not prescribe" in note(*SITUATIONS["diet"])


def test_review_past_due_is_in_the_note():
    said = text(answer(assessed(LOW, review_by="2025-01-01")))
    assert "due for review" in " ".join(said.split())


def test_what_was_not_understood_is_named():
    ledger = Ledger()
    ledger.put_aside("purple spots", "not understood", "sheet")
    said = text(answer(assessed(LOW), ledger=ledger))
    assert "Not used: purple spots" in said
    assert said.rstrip().endswith("Set aside: 1 item (--reasons shows it)")


def test_reasons_and_ledger_only_on_request():
    ledger = Ledger()
    ledger.use(2)
    found = answer(assessed(LOW, NERVES, event("covers_symptoms", 0)), ledger=ledger)
    assert "Reasons" not in text(found)
    long = text(found, reasons=True)
    assert "[Sample 5] <- sheet:sym_paraesthesia" in long
    assert "Record: 2 items; 2 used" in long
    assert "Taken as absent" in long and "sha256" in long


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (1, "daily"),
        (2, "on alternate days"),
        (2.333, "3 times a week"),
        (60.875, "every 2 months"),
        (63, "every 9 weeks"),
    ],
)
def test_schedule_in_words(days, words):
    assert interval(days) == words


def test_date_has_its_year_where_it_is_not_this_year():
    assert short_date("2026-04-05", ON) == "5 Apr"
    assert short_date("2024-04-05", ON) == "5 Apr 2024"


def test_list_that_does_not_fit_says_how_many_more():
    block = Block("Next", (Group(tuple(f"item number {n}" for n in range(40))),))
    lines, whole = block.lines(1)
    assert not whole and len(lines) == 1 and "and 3" in lines[0] and lines[0].endswith("more.")


def test_long_text_loses_its_brackets_first():
    assert brief("Cord sign (as in a long disease); go", 24) == "Cord sign; go"
