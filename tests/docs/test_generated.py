"""What is generated can be generated, and marked blocks hold real output."""

import pytest

from cobalamin.guidance.conditions import parse
from tools import run_blocks
from tools.generate_docs import findings_page
from tools.rule_book import in_words


def test_findings_page_has_a_row_for_each_finding():
    from cobalamin.vocabulary.catalogue import catalogue

    text = findings_page()
    assert all(f"| `{name}` |" in text for name in catalogue())


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"pregnant": True, "vegan": False}, "`pregnant` and not `vegan`"),
        ({"mcv": {"above": "macrocytosis"}}, "`mcv` above `macrocytosis`"),
        ({"any": [{"vegan": True}, {"mcv": "missing"}]}, "`vegan` or `mcv` missing"),
        ({"not": {"any": [{"vegan": True}, {"ppi": True}]}}, "not (`vegan` or `ppi`)"),
        ({"at_least": {"count": 2, "of": [{"vegan": True}, {"ppi": True}]}}, "at least 2 of: `vegan`, `ppi`"),
        ({"status": ["deficient", "unlikely"]}, "`status` is deficient or unlikely"),
        ({"mcv": {"flag": "high"}}, "`mcv` reported high"),
        ({"always": True}, "always"),
    ],
)
def test_condition_reads_as_words(raw, words):
    assert in_words(parse(raw, "test")) == words


def test_marked_block_is_replaced_by_real_output(monkeypatch):
    monkeypatch.setattr(run_blocks, "output_of", lambda command: f"ran {command}")
    text = "a\n<!-- output of: cobalamin x -->\n```text\nold\n```\nb\n"
    assert run_blocks.with_real_output(text) == text.replace("old", "ran cobalamin x")
    empty = text.replace("old\n", "")
    assert run_blocks.with_real_output(empty) == text.replace("old", "ran cobalamin x")


def test_only_cobalamin_is_run():
    with pytest.raises(run_blocks.CommandFailedError, match="only cobalamin commands"):
        run_blocks.output_of("rm -r nothing")
