"""What a user installs is whole: guidance and vocabulary travel in the wheel and work from there."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tools.problems import PACKAGE, ROOT

pytestmark = pytest.mark.shipped


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(target.glob("*.whl"))


def test_wheel_holds_every_file_of_the_package(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    files = [path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    missing = [path.name for path in files if f"cobalamin/{path.relative_to(PACKAGE).as_posix()}" not in names]
    assert missing == []


def test_wheel_holds_licence_and_notice(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = [Path(name).name for name in archive.namelist() if "dist-info/licenses" in name]
    assert sorted(names) == ["LICENSE", "NOTICE"]


def test_program_runs_from_the_wheel_alone(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    program = "from cobalamin.cli.main import app_entry; app_entry()"
    command = [sys.executable, "-c", program, "guidance", "list"]
    alone = os.environ | {"PYTHONPATH": str(tmp_path / "site")}
    run = subprocess.run(command, cwd=tmp_path, env=alone, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert "nice_ng239" in run.stdout
