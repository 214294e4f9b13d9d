"""The page is one file: nothing is fetched, nothing runs, nothing from a record becomes markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from cobalamin.errors import CobalaminError
from cobalamin.records.ledger import Ledger
from cobalamin.report.answer import answer
from cobalamin.report.chart import described, time_line
from cobalamin.report.html import html
from tests.unit.report_sample import assessed, event, injection, result

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{7*7}}"
VOID = {"meta", "br", "link", "img", "hr", "input"}


class Page(HTMLParser):
    """Collects tags, attributes and ids, and checks that every element is closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.open, self.attributes = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes another element"


@pytest.fixture(scope="module")
def treated():
    rows = [
        result("lab_b12_total", 128.0, "pmol/L", -420, source=HOSTILE),
        result("lab_b12_total", 600 * 0.7378, "ng/L", -60),
        result("lab_haemoglobin", 90.0, "g/L", -420),
        result("lab_haemoglobin", 130.0, "g/L", -60),
        event("sym_paraesthesia", -500, source=HOSTILE, text=HOSTILE),
        *map(injection, (-400, -398, -300, -200, -40)),
    ]
    return assessed(*rows)


@pytest.fixture(scope="module")
def page(treated):
    ledger = Ledger()
    ledger.use(9)
    ledger.put_aside(HOSTILE, HOSTILE, HOSTILE)
    return html(answer(treated, ledger=ledger), treated)


def test_page_is_whole_and_well_formed(page):
    assert Page(page).open == []
    assert page.rstrip().endswith("</html>")


def test_nothing_is_fetched_and_nothing_runs(page):
    found = Page(page)
    assert not {"script", "link", "iframe", "img", "object"} & set(found.tags)
    names = {name for name, _ in found.attributes}
    assert not {name for name in names if name.startswith("on")}
    assert not re.findall(r"(?:src|href)=\"(?!#)", page)
    assert "url(" not in page and "@import" not in page
    assert "default-src 'none'" in page


def test_hostile_text_stays_text(page):
    assert "<script>alert(1)" not in page and "onerror=alert(2)>" not in page.replace("&gt;", "")
    assert "&lt;script&gt;alert(1)" in page
    assert "{{7*7}}" in page


def test_page_has_its_parts_in_reading_order(page):
    places = [
        page.index(f'id="{name}"') for name in ("verdict", "today", "time", "plan", "missing", "reasons", "ledger")
    ]
    assert places == sorted(places)
    assert "never prescribes" in page and 'class="verdict urgent"' in page


def test_picture_has_words_for_those_who_do_not_see_it(page):
    assert page.count('role="img"') == 2
    assert "treatment began 11 Dec 2024" in page
    assert "5 injections given" in page


def test_picture_shows_results_in_the_reported_unit_against_the_published_bands(treated):
    from cobalamin.plan import judged_doses
    from cobalamin.report.answer import person_at

    doses = judged_doses(treated.events, treated.findings, treated.on)
    line = time_line(person_at(treated, 0, doses))
    b12 = line.panels[0]
    assert b12.unit == "ng/L" and b12.edges == [180.0, 350.0]
    assert [point["label"] for point in b12.points] == ["128 pmol/L", "600"]
    assert "limits 180 and 350" in described(line)
    assert {mark["lane"] for mark in line.marks} == {"Injections given", "Planned"}


def test_picture_keeps_to_the_schema_of_its_grammar(treated):
    import altair as alt

    from cobalamin.report.answer import person_at
    from cobalamin.report.draw import drawn

    spec = drawn(time_line(person_at(treated, 0)), 600)
    assert alt.Chart.from_dict(spec) is not None


def test_page_without_dated_facts_has_no_picture():
    nothing = assessed()
    assert 'role="img"' not in html(answer(nothing), nothing)


def test_page_can_be_made_from_the_answer_alone(treated):
    assert 'role="img"' not in html(answer(treated))


def test_assessment_of_another_person_is_refused(treated):
    found = answer(treated) | {"patient_id": "someone else"}
    with pytest.raises(CobalaminError, match="holds no 'someone else'"):
        html(found, treated)
