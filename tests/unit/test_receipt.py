"""A receipt tells the same answer from another one, and says why it is another."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import date

import pytest

from cobalamin.assess import assess
from cobalamin.audit import receipt as receipts
from cobalamin.audit.receipt import changes, check_receipt, content_hash, reasons, receipt
from cobalamin.errors import CobalaminError
from cobalamin.events import Events
from cobalamin.guidance import load
from tests.unit.audit_people import ON, fact, guideline, lasting, person

BATH = {"total_b12_deficient": {"values": [{"value": 145, "unit": "ng/L"}],
                                "source": {"clause": "pathology test 316", "certainty": "seen"}}}  # fmt: skip


def made(*more, name="p", b12=110.0, guidance=None, on=ON, rows=None):
    rows = rows or person(name, fact("lab_b12_total", -10, b12), lasting("sym_fatigue", -90), *more)
    return receipt(assess(Events.of(rows), guidance or guideline("nice_ng239", ON), on=on))


@pytest.fixture(scope="module")
def old():
    return made()


def sealed(one, **changed):
    """The receipt changed and sealed again, as a forger would."""
    found = copy.deepcopy(one) | changed
    return found | {"sha256": content_hash(found)}


def test_same_input_gives_the_same_receipt(old):
    assert made() == old
    assert reasons(old, made()) == changes(old, made()) == []


def test_receipt_holds_no_value_of_the_record(old):
    assert "110" not in json.dumps({**old, "sha256": "", "plan": "", "record": "", "guidance": ""})
    assert '"p"' not in json.dumps(old)


def test_one_changed_lab_value_is_told_with_what_it_changed(old):
    new = made(b12=400.0)
    assert reasons(old, new) == ["the record says something else about the time up to 2026-01-15 (9 facts then, 9 now)"]
    assert "status: deficient then, unlikely now" in changes(old, new)
    assert "rule status.total_b12_low fired then and does not now" in changes(old, new)


def test_changed_guidance_is_told(old):
    new = made(guidance=replace(guideline("nice_ng239", ON), sha256="0" * 64))
    assert reasons(old, new)[0].startswith("the guidance is changed within its edition: nice_ng239 2024-03-06 (")
    assert changes(old, new) == []


def test_other_software_is_told_though_the_answer_is_the_same(old, monkeypatch):
    monkeypatch.setattr(receipts, "software_version", lambda: "99.0")
    assert reasons(old, made()) == [f"the software is newer: {old['software']} then, 99.0 now"]
    assert changes(old, made()) == []


@pytest.mark.parametrize(("then", "now", "kind"), [
    ("0.9.0", "0.10.0", "newer"), ("2024-03-06", "2023-07-01", "older"), ("not installed", "a tree", "another one"),
])  # fmt: skip
def test_which_version_came_later(old, then, now, kind):
    new = sealed(old, software=now)
    assert reasons(sealed(old, software=then), new) == [f"the software is {kind}: {then} then, {now} now"]


def test_other_edition_is_told_as_newer(old):
    later = replace(guideline("nice_ng239", ON), version="2027-01-01", sha256="1" * 64)
    assert reasons(old, made(guidance=later))[0].startswith(
        "the guidance is of another edition, newer: nice_ng239 2024"
    )


def test_other_person_with_the_same_facts_is_told(old):
    assert reasons(old, made(name="q")) == ["the record is of another person"]


def test_facts_learnt_after_the_day_do_not_count(old):
    grown = made(fact("lab_b12_total", 30, 900.0), fact("lab_b12_total", -5, 900.0, known_at=date(2026, 2, 1)))
    assert (reasons(old, grown), changes(old, grown)) == ([], [])


def test_another_day_is_another_record_of_what_was_known(old):
    early = made(on=date(2026, 1, 1))
    assert early["outcomes"]["status"] == "not_established"
    assert reasons(old, early)[0].startswith("the record holds less about the time up to 2026-01-15")


def test_laboratory_s_numbers_travel_with_the_receipt(old):
    bath = made(guidance=load("nice_ng239", ON, BATH))
    assert bath["guidance"]["overrides"] == {
        "total_b12_deficient": {
            "values": [{"value": 145.0, "unit": "ng/L"}],
            "source": {"clause": "pathology test 316", "certainty": "seen"},
        }
    }
    again = made(guidance=load("nice_ng239", ON, check_receipt(bath, "r")["guidance"]["overrides"]))
    assert again == bath


def test_receipt_as_written_is_accepted(old):
    assert check_receipt(json.loads(json.dumps(old)), "r.json") == old


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"on": "2026-13-01"}, "r.json: on: .*month"),
        ({"on": 7.5}, "r.json: on: "),
        ({"outcomes": {"status": ["deficient"]}}, "r.json: outcomes.status: "),
        ({"rules": "all"}, "r.json: rules: "),
        ({"plan": "x"}, "r.json: plan: "),
        ({"record": None}, "r.json: record: "),
        ({"more": 1}, "r.json: more: Extra"),
        ({"guidance": {"id": "../x", "version": "1", "sha256": "0" * 64, "overrides": {}}}, "which is not at hand"),
        ({"guidance": {"id": "nice_ng239", "version": "1", "sha256": "0" * 64, "overrides": {"x": 5}}}, "overrides.x"),
    ],
)  # fmt: skip
def test_hostile_receipt_is_refused_with_the_place(old, change, says):
    with pytest.raises(CobalaminError, match=says):
        check_receipt(sealed(old, **change), "r.json")


@pytest.mark.parametrize("raw", [None, [], "receipt", 3, {}, {"format": "cobalamin receipt 2"}])
def test_what_is_no_receipt_is_refused(raw):
    with pytest.raises(CobalaminError, match="not a receipt"):
        check_receipt(raw, "r.json")


def test_receipt_changed_without_its_hash_is_refused(old):
    with pytest.raises(CobalaminError, match="changed after it was written"):
        check_receipt(old | {"on": "2026-01-16"}, "r.json")


def test_receipt_is_for_one_person():
    with pytest.raises(CobalaminError, match="for one person; this assessment holds 2"):
        made(rows=[*person("p"), *person("q")])
