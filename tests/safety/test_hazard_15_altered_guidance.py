"""H15: the guidance that runs is not the guidance that was reviewed."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cobalamin.assess import assess
from cobalamin.errors import CobalaminError
from cobalamin.events import Events
from cobalamin.guidance.build import GUIDANCE, SHIPPED
from cobalamin.guidance.laboratory import read_laboratory
from cobalamin.guidance.load import available, content_hash, load, use_folder
from cobalamin.report.answer import answer
from cobalamin.report.text import text
from tests.safety.people import ON, adult, default, lab, one


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the shipped guidance that may be spoilt."""
    from importlib import import_module

    module = import_module("cobalamin.guidance.load")
    folder = tmp_path / "shipped"
    shutil.copytree(SHIPPED, folder)
    monkeypatch.setattr(module, "_shipped", lambda: folder)
    caches = (module._content, module._edition, module._turning_days)
    for kept in caches:
        kept.cache_clear()
    yield folder
    for kept in caches:
        kept.cache_clear()


def test_the_copy_as_it_ships_is_accepted(shipped: Path) -> None:
    assert load("nice_ng239", ON).sha256 == default().sha256


@pytest.mark.parametrize("name", ["common", "nice_ng239"])
@pytest.mark.parametrize(
    "old, new", [('"value": 133', '"value": 33'), ("deficient", "unlikely"), ('"dose": 1', '"dose": 10'), ("not", "so")]
)
def test_any_changed_byte_of_content_is_refused(shipped: Path, name: str, old: str, new: str) -> None:
    path = shipped / f"{name}.json"
    text = path.read_text(encoding="utf-8")
    if old not in text:
        pytest.skip("this file does not hold it")
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CobalaminError, match="changed after it was checked"):
        load("nice_ng239", ON)


def test_a_half_written_file_is_refused_in_words(shipped: Path) -> None:
    path = shipped / "nice_ng239.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: len(text) // 2], encoding="utf-8")
    with pytest.raises(CobalaminError):
        load("nice_ng239", ON)


@pytest.mark.parametrize("name", available())
def test_each_file_carries_the_hash_of_what_it_holds(name: str) -> None:
    held = json.loads((SHIPPED / f"{name}.json").read_text(encoding="utf-8"))
    assert content_hash(held["content"]) == held["sha256"]


def test_the_answer_prints_id_version_and_hash() -> None:
    guidance = one(adult(lab("lab_b12_total", 90.0, "pmol/L")))["guidance"]
    assert guidance["id"] == "nice_ng239" and guidance["version"]
    parts = [
        json.loads((SHIPPED / f"{name}.json").read_text(encoding="utf-8"))["sha256"]
        for name in ("common", "nice_ng239")
    ]
    assert guidance["sha256"] == hashlib.sha256("".join(parts).encode()).hexdigest()


def test_a_local_override_is_named_in_every_answer(tmp_path: Path) -> None:
    path = tmp_path / "laboratory.yaml"
    path.write_text(
        'laboratory: one\nsource: {clause: "its handbook", certainty: seen}\n'
        "thresholds:\n  total_b12_deficient: {values: [{value: 145, unit: ng/L}]}\n",
        encoding="utf-8",
    )
    local = load("nice_ng239", ON, read_laboratory(path))
    assert one(adult(lab("lab_b12_total", 90.0, "pmol/L")), local)["guidance"]["overrides"] == ["total_b12_deficient"]
    assert one(adult(lab("lab_b12_total", 90.0, "pmol/L")))["guidance"]["overrides"] == []


def test_an_override_of_something_unknown_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CobalaminError, match="No threshold named"):
        load("nice_ng239", ON, {"total_b12_deficent": {"values": [{"value": 1, "unit": "ng/L"}], "source": {}}})


def test_an_unknown_guideline_is_refused_with_what_there_is() -> None:
    with pytest.raises(CobalaminError, match="nice_ng239"):
        load("nice_ng240", ON)


def test_own_guidance_says_so_in_every_answer_and_never_stands_in_for_what_ships(tmp_path: Path) -> None:
    folder = tmp_path / "nice_ng239"
    shutil.copytree(GUIDANCE / "nice_ng239", folder)
    own = use_folder(folder)
    assert own not in available() and load("nice_ng239", ON).about.get("own") is None
    rows = adult(lab("lab_b12_total", 110.0, "pmol/L"))
    events = Events.of([{"patient_id": "p"} | row for row in rows])
    told = [text(answer(assess(events, name, on=ON))) for name in ("nice_ng239", own)]
    assert ["folder of your own" in one for one in told] == [False, True]
