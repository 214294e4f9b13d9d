"""`cobalamin fit`: what it says of the example, in every form, and whom it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path

from typer.testing import CliRunner, Result

from cobalamin.cli.main import app
from cobalamin.errors import CobalaminError

EXAMPLE = str(Path(__file__).parents[2] / "examples" / "injections_with_results.yaml")


def fit(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["fit", *arguments, "--draws", "200"])


def test_the_example_names_the_result_that_surprised_and_no_best_interval():
    said = fit(EXAMPLE)
    assert said.exit_code == 0
    assert "MMA 560 nmol/L on 3 Oct 2025 surprised the model" in said.output
    assert "it overrides no guidance and no clinician" in said.output


def test_json_holds_prior_and_own_bands_and_the_same_seed_repeats_it():
    first, again = (fit(EXAMPLE, "--format", "json", "--seed", "3").output for _ in range(2))
    assert first == again
    said = json.loads(first)
    assert {"parameters", "intervals", "tests", "bands", "warnings"} <= set(said)


def test_the_page_is_whole_in_itself(tmp_path: Path):
    out = tmp_path / "fit.html"
    assert fit(EXAMPLE, "--format", "html", "--out", str(out)).exit_code == 0
    html = out.read_text(encoding="utf-8")
    assert "<svg" in html and "<script" not in html
    assert not re.search(r"""(?:src|href)=["']https?:""", html)


def test_a_person_outside_the_domain_is_refused_with_the_reason(tmp_path: Path):
    sheet = tmp_path / "sheet.yaml"
    text = Path(EXAMPLE).read_text(encoding="utf-8")
    sheet.write_text(text.replace("patient: {", "patient: {pregnant: true, ").replace("age: 71", "age: 30"), "utf-8")
    refused = fit(str(sheet))
    assert isinstance(refused.exception, CobalaminError)
    assert "does not speak about this person" in str(refused.exception)


def test_a_refusal_is_data_where_json_was_asked_for(tmp_path: Path):
    sheet, out = tmp_path / "sheet.yaml", tmp_path / "fit.json"
    text = Path(EXAMPLE).read_text(encoding="utf-8")
    sheet.write_text(text.replace("patient: {", "patient: {pregnant: true, ").replace("age: 71", "age: 30"), "utf-8")
    for arguments in (["--format", "json"], ["--format", "json", "--out", str(out)]):
        refused = fit(str(sheet), *arguments)
        assert isinstance(refused.exception, CobalaminError)
    said = json.loads(out.read_text(encoding="utf-8"))
    assert said["patient_id"] == "injections-with-results"
    assert [one["id"] for one in said["refused"]] == ["pregnancy"]
    assert all(one["reason"] and one["do"] for one in said["refused"])


def test_results_on_treatment_are_enough_to_begin_with_where_the_cause_is_not_on_record(tmp_path: Path):
    sheet = tmp_path / "sheet.yaml"
    text = (
        Path(EXAMPLE).read_text(encoding="utf-8").replace("  conditions: [pernicious anaemia]", "  nitrous_oxide: no")
    )
    before = [line for line in text.splitlines() if "2024-02-05" not in line]
    sheet.write_text("\n".join(before), "utf-8")
    said = json.loads(fit(str(sheet), "--format", "json").output)
    assert sum(one["weight"] > 0 for one in said["results"]) == 4
    nothing = [line for line in before if "day:" in line or "date:" not in line]
    sheet.write_text("\n".join(nothing).replace("labs:", "notes: none"), "utf-8")
    refused = fit(str(sheet), "--format", "json")
    assert [one["id"] for one in json.loads(refused.output)["refused"]] == ["nothing_to_start_from"]


def test_too_few_draws_are_refused_before_anything_is_drawn():
    refused = CliRunner().invoke(app, ["fit", EXAMPLE, "--draws", "0"])
    assert isinstance(refused.exception, CobalaminError)
