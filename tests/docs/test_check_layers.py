"""The layer check sees what it must and nothing else."""

from pathlib import Path

import pytest

from tools.check_layers import LAYERS, problems_in
from tools.problems import PACKAGE


def problems(tmp_path: Path, file: str, code: str) -> list[str]:
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(code, encoding="utf-8")
    return [str(problem) for problem in problems_in(path, tmp_path)]


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("findings/base.py", "from cobalamin.events import Events"),
        ("findings/base.py", "from . import spells\nfrom .spells import long"),
        ("records/sheet/read.py", "from ..ledger import Ledger\nfrom ...errors import CobalaminError"),
        ("cli/main.py", "from datetime import date\nimport typer\ndate.today()"),
        ("engine/spark.py", "from pyspark.sql import DataFrame"),
        ("__init__.py", "from cobalamin.assess import assess"),
    ],
)
def test_import_downwards_is_fine(tmp_path, file, code):
    assert problems(tmp_path, file, code) == []


@pytest.mark.parametrize(
    ("file", "code", "words"),
    [
        ("events/a.py", "from cobalamin.findings import find", "events imports findings, which is above it."),
        ("events/a.py", "from cobalamin import findings", "events imports findings, which is above it."),
        ("events/a.py", "from ..findings import find", "events imports findings, which is above it."),
        ("events/a.py", "def f():\n    import cobalamin.plan", "events imports plan, which is above it."),
        ("records/a.py", "from cobalamin.physiology import model", "which is on its own line."),
        ("findings/a.py", "from cobalamin import __version__", "the package root is for users"),
        ("audit/a.py", "import pyspark", "Only cobalamin/engine/spark.py may."),
        ("assess.py", "from sqlalchemy.orm import Session", "Only cobalamin/store may."),
        ("plan/a.py", "import datetime\ndatetime.date.today()", "reads the clock (datetime.date.today)."),
        ("plan/a.py", "from datetime import datetime\ndatetime.now()", "reads the clock (datetime.now)."),
        ("kitchen/a.py", "import cobalamin.units", "kitchen has no layer."),
    ],
)
def test_import_upwards_names_file_and_remedy(tmp_path, file, code, words):
    found = problems(tmp_path, file, code)
    assert len(found) == 1
    assert words in found[0]


def test_type_checking_import_upwards_counts(tmp_path):
    code = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from cobalamin.assess import Answer"
    assert "report imports assess" in problems(tmp_path, "report/a.py", code)[0]


def test_every_room_of_the_package_has_a_layer():
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert rooms <= {room for line in LAYERS for room in line}
