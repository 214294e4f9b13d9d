"""A comparison on disk: one folder that appears whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl

from cobalamin.audit.adopt import Adopted
from cobalamin.audit.adopt_costs import Costs
from cobalamin.audit.adopt_people import FIELDS
from cobalamin.audit.adopt_present import adopt_data
from cobalamin.audit.output import safe_csv
from cobalamin.engine.folder import write_whole
from cobalamin.report.adopt_page import adopt_page

MARK = "adopt.json"
READ_ME = """What is in this folder

report.html          the comparison in exact numbers. It lists nobody, but small numbers can point at a person.
adopt.json           the same as data.
shared/              what may be passed on: counts of 1 to 7 suppressed, all others rounded to 5.
analyst/             every person under A and under B (changes), and those harmed by the change, first things first.
                     It names people: do not pass it on.

Nobody's treatment is changed by any of this. It shows what another guidance would say.
"""


def write(found: Adopted, costs: Costs, out: Path, *, force: bool = False) -> Path:
    """Write page, data, shared and analyst files; the folder appears when all of them are complete.

    Raises CobalaminError where the folder is in the way or cannot be written; nothing partial is left.
    """
    return write_whole(out, MARK, lambda folder: _fill(found, costs, folder), force=force)


def _fill(found: Adopted, costs: Costs, folder: Path) -> None:
    (folder / "README.txt").write_text(READ_ME, encoding="utf-8")
    full, shared = adopt_data(found, costs, shared=False), adopt_data(found, costs, shared=True)
    (folder / "report.html").write_text(adopt_page(full), encoding="utf-8")
    (folder / MARK).write_text(_json(full), encoding="utf-8")
    (folder / "shared").mkdir()
    (folder / "shared" / "report.html").write_text(adopt_page(shared), encoding="utf-8")
    (folder / "shared" / MARK).write_text(_json(shared), encoding="utf-8")
    analyst = folder / "analyst"
    analyst.mkdir()
    frames = {"changes": found.persons, "harmed": found.named_first(), "flows": flows(found)}
    for name, frame in frames.items():
        frame.write_parquet(analyst / f"{name}.parquet")
        safe_csv(frame, analyst / f"{name}.csv")


def flows(found: Adopted) -> pl.DataFrame:
    """Every flow of every field by age group: `field, band, from, to, people`."""
    parts = [found.flow(field, "band").with_columns(field=pl.lit(field)) for field in FIELDS]
    return pl.concat(parts).select("field", "band", "from", "to", pl.col("people").cast(pl.Int64))


def _json(data: dict[str, Any]) -> str:
    return json.dumps(data, indent=2, default=str, ensure_ascii=False)
