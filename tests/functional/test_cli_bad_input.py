"""Bad input at the command line: a message that says what, where and what to do; exit code 2; nothing half done."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cobalamin.cli.main import app_entry

EXAMPLE = Path(__file__).parents[2] / "examples" / "worked_patient.yaml"
PROGRAM = Path(sys.executable).parent / "cobalamin"
GOOD = "on: 2026-01-15\npatient: {id: p1, age: 60, sex: female}\n"


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """The program as a user starts it, in this process and in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def start(*arguments: str, typed: bytes = b"") -> Ended:
        monkeypatch.setattr(sys, "argv", ["cobalamin", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed)))
        code: object = 0
        try:
            app_entry()
        except SystemExit as end:
            code = end.code or 0
        said = capsys.readouterr()
        return Ended(int(str(code)), said.out, said.err)

    return start


def put(name: str, content: str | bytes) -> str:
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return name


def refused(ended: Ended, *words: str) -> None:
    """Exit code 2, nothing on standard output, one line on standard error with these words."""
    assert ended.code == 2
    assert ended.out == ""
    assert ended.err.startswith("cobalamin: ") and ended.err.count("\n") == 1
    assert "Traceback" not in ended.err
    missing = [word for word in words if word not in ended.err]
    assert not missing, ended.err


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefghi", "bcdefghij", strict=True)
)
UNREADABLE: dict[str, tuple[str | bytes, tuple[str, ...]]] = {
    "cut.json": ('{"patient": ', ("line 1", "not JSON")),
    "cut_fhir.json": ('{"resourceType": "Bundle", "entry": [', ("not JSON", "Give a Bundle")),
    "cut.json.gz": (gzip.compress(b'{"resourceType": "Patient", "id": "a"}')[:30], ("ends early or is damaged",)),
    "zipped.yaml.gz": (gzip.compress(GOOD.encode()), ("Expected FHIR",)),
    "latin.yaml": ("patient: {name: Müller}".encode("latin-1"), ("not UTF-8", "byte 18", "Save it as UTF-8")),
    "utf16.yaml": (GOOD.encode("utf-16"), ("not UTF-8",)),
    "binary.yaml": (bytes(range(256)) * 50, ("not UTF-8",)),
    "empty.yaml": ("", ("the sheet is empty", "keys on, patient")),
    "empty.json": ("", ("the sheet is empty",)),
    "blank.yaml": (" \n\n", ("the sheet is empty",)),
    "text.yaml": ("only text\n", ("line 1", "this is plain text")),
    "list.yaml": ("- a\n- b\n", ("this is a list",)),
    "tabs.yaml": ("patient:\n\tage: 60\n", ("line 2", "a tab where blanks are needed")),
    "twice.yaml": ("patient:\n  age: 61\n  age: 83\n", ("line 3", '"age" stands twice')),
    "twice.json": ('{"patient": {"age": 61, "age": 83}}', ("'age' stands twice",)),
    "bomb.yaml": (BOMB, ("line 2", "anchors and aliases")),
    "tag.yaml": ("patient: !!python/object:os.system {}\n", ("not valid YAML",)),
    "deep.yaml": ("[" * 20_000, ("nested too deeply",)),
    "deep.json": ('{"a":' * 100_000, ("nested too deeply",)),
    "large.yaml": (b"nonsense %$ blah\n" * 100_000, ("larger than 1 MB", "cobalamin audit")),
    "no_day.yaml": ("on: someday\npatient: {age: 60}\n", ("is not a day", "YYYY-MM-DD")),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_record_that_cannot_be_read_is_refused_with_place_and_remedy(run: Run, name: str) -> None:
    content, words = UNREADABLE[name]
    refused(run("assess", put(name, content)), name, *words)


@pytest.mark.parametrize("name", ["twice.yaml", "twice.json"])
def test_no_value_of_the_person_stands_in_an_error_message(run: Run, name: str) -> None:
    ended = run("assess", put(name, UNREADABLE[name][0]))
    assert "61" not in ended.err and "83" not in ended.err


def test_fifty_megabytes_of_nonsense_are_refused_at_once(run: Run) -> None:
    name = put("huge.yaml", b"nonsense %$ blah\n" * 3_000_000)
    start = time.perf_counter()
    refused(run("assess", name), "larger than 1 MB")
    assert time.perf_counter() - start < 5


def test_a_file_that_is_not_there_is_named(run: Run) -> None:
    refused(run("assess", "nowhere.yaml"), "nowhere.yaml", "no such file")


def test_an_empty_folder_is_refused_and_a_folder_of_sheets_is_explained(run: Run) -> None:
    Path("folder").mkdir()
    refused(run("assess", "folder"), "folder: no record here", "Expected FHIR")
    put("folder/sheet.yaml", GOOD)
    refused(run("assess", "folder"), "It holds: sheet.yaml")


def test_standard_input_is_named_as_such(run: Run) -> None:
    refused(run("assess", "-"), "standard input: the sheet is empty")
    refused(run("assess", "-", typed=b'{"a": '), "standard input, line", "not JSON")
    refused(run("assess", "-", typed=b"name: M\xfcller"), "standard input: not UTF-8", "byte 8")
    cut = run("assess", "-", typed=b'{"resourceType": "Bundle", ')
    refused(cut, "standard input: no FHIR resource could be read")
    assert "/tmp" not in cut.err


def bundle(*resources: dict[str, Any]) -> str:
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]})


def person(name: str, born: str = "1950-01-01") -> dict[str, Any]:
    return {"resourceType": "Patient", "id": name, "birthDate": born, "gender": "female"}


def b12(
    name: str, value: object = 100, unit: str | None = "pg/mL", day: str = "2025-01-01", **more: Any
) -> dict[str, Any]:
    quantity = {"value": value} | ({"code": unit} if unit else {})
    code = {"coding": [{"system": more.pop("system", "http://loinc.org"), "code": "2132-9"}]}
    subject = {"subject": {"reference": more.pop("of", "Patient/a")}} if more.pop("named", True) else {}
    about = {"resourceType": "Observation", "id": name, "status": "final", "code": code}
    return about | subject | {"valueQuantity": quantity, "effectiveDateTime": day} | more


SLIPS: dict[str, tuple[dict[str, Any], str]] = {
    "a resource without a subject": (b12("x", named=False), "no subject"),
    "a result without a unit": (b12("x", unit=None), "without a unit"),
    "an impossible result": (b12("x", value=-4), "impossible value"),
    "a result of the future": (b12("x", day="2035-01-01"), "dated in the future"),
    "a result before birth": (b12("x", day="1935-01-01"), "dated before birth"),
    "a code under another system": (b12("x", system="http://snomed.info/sct"), "under another system"),
    "a second birth date": (person("a", "1960-01-01"), "two birth dates"),
    "an observation entered in error": (b12("x", status="entered-in-error"), "entered-in-error"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_one_bad_entry_is_in_the_ledger_and_all_others_are_used(run: Run, slip: str) -> None:
    entry, reason = SLIPS[slip]
    put("record.json", bundle(person("a"), entry, b12("good", value=80)))
    ended = run("assess", "record.json", "--on", "2026-01-15", "--reasons")
    assert ended.code == 0 and ended.err == ""
    assert reason in ended.out and "Set aside: " in ended.out
    assert "B12 80" in ended.out


SHEET_SLIPS = {
    "no unit": "labs: [{name: B12, value: 99, day: -1}]",
    "no test": "labs: [{value: 99, unit: ng/L, day: -1}]",
    "impossible": "labs: [{name: B12, value: 99999999, unit: ng/L, day: -1}]",
    "negative": "labs: [{name: B12, value: -99, unit: ng/L, day: -1}]",
    "future": "labs: [{name: B12, value: 99, unit: ng/L, date: 2031-01-01}]",
    "before birth": "labs: [{name: B12, value: 99, unit: ng/L, date: 1931-01-01}]",
    "a dose of one gram": "treatment_so_far: [{drug: hydroxocobalamin, dose: 1 g, route: im, start_day: -9}]",
    "an unknown key": "bananas: 99",
    "a part of the wrong kind": "history: [99]",
}


@pytest.mark.parametrize("slip", SHEET_SLIPS)
def test_a_slip_in_a_sheet_is_set_aside_and_the_answer_still_comes(run: Run, slip: str) -> None:
    ended = run("assess", put("sheet.yaml", f"{GOOD}{SHEET_SLIPS[slip]}\n"))
    assert ended.code == 0 and ended.err == ""
    assert ended.out.rstrip().endswith("Set aside: 1 item (--reasons shows it)")
    assert len(ended.out.rstrip("\n").split("\n")) <= 12


def test_a_record_of_several_people_asks_for_one_and_names_them(run: Run) -> None:
    put("two.json", bundle(person("anna"), person("bert")))
    refused(run("assess", "two.json"), "holds 2 people (anna, bert)", "--patient")
    refused(run("assess", "two.json", "--patient", "ana"), "no person 'ana'", "Did you mean 'anna'?")
    assert run("assess", "two.json", "--patient", "bert").code == 0


@pytest.mark.parametrize("command", [("assess", "good.yaml", "-g"), ("guidance", "show"), ("guidance", "check")])
def test_an_unknown_guideline_brings_the_nearest_one_and_all(run: Run, command: tuple[str, ...]) -> None:
    put("good.yaml", GOOD)
    refused(run(*command, "nice_ng329"), "Did you mean 'nice_ng239'?", "Available: ")


def test_an_unknown_table_topic_and_command_name_what_there_is(run: Run) -> None:
    refused(run("guidance", "show", "nice_ng239", "--table", "sttus"), "Did you mean 'status'?")
    refused(run("explain", "xyzzy"), "Topics: ")
    assert run("asess", "good.yaml").code == 2


@pytest.mark.parametrize("day", ["tomorrow", "2026-02-30", "15/01/2026"])
def test_a_day_that_is_none_is_refused_with_its_form(run: Run, day: str) -> None:
    ended = run("assess", put("good.yaml", GOOD), "--on", day)
    assert ended.code == 2 and "%Y-%m-%d" in ended.err and ended.out == ""


LABORATORIES = {
    "thresholds: [\n": ("not valid YAML",),
    "": ("keys laboratory, source and thresholds",),
    "thresholds: {total_b12_deficient: 145}\nsource: {clause: local, certainty: seen}\n": ("threshold", "Write: "),
    "thresholds: {total_b12_deficient: {values: []}}\n": ("source", "Write: "),
    "source: {clause: Bath, certainty: seen}\n"
    "thresholds: {total_b12_deficent: {values: [{value: 145, unit: ng/L}]}}\n": (
        "no threshold 'total_b12_deficent'",
        "Did you mean 'total_b12_deficient'?",
    ),
}


@pytest.mark.parametrize("content", LABORATORIES)
def test_a_laboratory_file_that_is_wrong_is_refused_with_place_and_form(run: Run, content: str) -> None:
    put("good.yaml", GOOD)
    refused(run("assess", "good.yaml", "-l", put("lab.yaml", content)), "lab.yaml", *LABORATORIES[content])


@pytest.mark.parametrize("out", ["nowhere/answer.txt", "folder"])
def test_an_answer_that_cannot_be_written_leaves_nothing_behind(run: Run, out: str) -> None:
    Path("folder").mkdir()
    put("good.yaml", GOOD)
    refused(run("assess", "good.yaml", "--out", out), "cannot be written", "Name a file in a folder")
    assert sorted(each.name for each in Path().iterdir()) == ["folder", "good.yaml"]


def test_a_written_answer_is_the_printed_one(run: Run) -> None:
    printed = run("assess", put("good.yaml", GOOD)).out
    assert run("assess", "good.yaml", "--out", "answer.txt").out == ""
    assert Path("answer.txt").read_text(encoding="utf-8").rstrip("\n") == printed.rstrip("\n")


HOSTILE = (
    "on: 2026-01-15\n"
    'patient: {id: "p\\e[31m\\u202e<script>alert(1)</script>", age: 60}\n'
    'symptoms: ["\\e]0;owned\\a <img src=x onerror=alert(1)> zzglorb"]\n'
    '"key\\e[2J<b>": 1\n'
)
ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.mark.parametrize("form", ["text", "json", "html"])
def test_no_sign_in_a_record_acts_on_the_terminal_or_the_page(run: Run, form: str) -> None:
    ended = run("assess", put("hostile.yaml", HOSTILE), "--format", form, "--reasons")
    assert ended.code == 0
    assert not ACTING.search(ended.out)
    assert form != "html" or not re.search(r"<script>alert|<img src=x|<b>\": ", ended.out)
    assert form != "json" or json.loads(ended.out)["patient_id"].startswith("p\x1b[31m")


def test_no_sign_in_a_name_acts_through_an_error_message(run: Run) -> None:
    refused(run("assess", "no\x1b[31mwhere\u202e.yaml"), "no such file")
    assert not ACTING.search(run("assess", "no\x1b[31mwhere\u202e.yaml").err)


# Through the real program: what depends on processes and pipes.


def test_a_reader_that_goes_away_is_no_error() -> None:
    program = subprocess.Popen(
        [PROGRAM, "guidance", "show", "nice_ng239"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert program.stdout is not None and program.stderr is not None
    program.stdout.close()
    said = program.stderr.read()
    program.stderr.close()
    assert program.wait(60) == 0 and said == b""


def test_an_interrupted_run_says_so_and_writes_nothing(tmp_path: Path) -> None:
    program = subprocess.Popen(
        [PROGRAM, "assess", "-", "--out", tmp_path / "answer.txt"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    _until_it_reads(program.pid)
    program.send_signal(signal.SIGINT)
    out, err = program.communicate(timeout=60)
    assert program.returncode == 2
    assert (out, err.decode().strip()) == (b"", "cobalamin: stopped; nothing was written.")
    assert not list(tmp_path.iterdir())


def _until_it_reads(process: int) -> None:
    """Wait until the program waits for its standard input."""
    for _ in range(300):
        time.sleep(0.1)
        try:
            waits = Path(f"/proc/{process}/wchan").read_text(encoding="ascii")
        except OSError:
            waits = ""
        if "pipe" in waits:
            return
    time.sleep(3)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_read_once_and_whole(tmp_path: Path) -> None:
    pipe = tmp_path / "sheet"
    os.mkfifo(pipe)
    program = subprocess.Popen([PROGRAM, "assess", pipe], stdout=subprocess.PIPE)
    pipe.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    out, _ = program.communicate(timeout=60)
    assert program.returncode == 0 and b"Verdict" in out
