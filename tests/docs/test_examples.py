"""Every example runs: sheets and records are assessed, programs end well."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cobalamin.cli.main import app

EXAMPLES = Path(__file__).parents[2] / "examples"
RECORDS = sorted(
    path for path in EXAMPLES.iterdir() if path.suffix in (".yaml", ".json") and "laboratory" not in path.name
)


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_example_record_is_assessed_and_everything_in_it_is_understood(record: Path) -> None:
    result = CliRunner().invoke(app, ["assess", str(record), "--on", "2026-01-15", "--format", "json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["ledger"]["used"] > 0
    assert told["ledger"]["set_aside"] == []


@pytest.mark.parametrize("program", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_example_program_ends_well(program: Path) -> None:
    run = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
