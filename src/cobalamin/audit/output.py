"""The audit on disk: one folder that appears whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl

from cobalamin.audit.disclosure import shared_count
from cobalamin.audit.present import forecast_data, measure_data, page_data
from cobalamin.audit.result import AuditResult
from cobalamin.audit.truth_present import truth_frame
from cobalamin.engine.folder import write_whole
from cobalamin.report.audit_page import audit_page

MARK = "summary.json"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
READ_ME = """What is in this folder

report.html          for the practice: measures, worklist, forecast, ledger. It names people: do not pass it on.
worklist.csv         one row a person, most urgent first, with reasons.
summary.json         the counts as data.
shared/              what may be passed on: counts of 1 to 7 suppressed, all others rounded to 5, nobody listed.
analyst/             everything, by person, as Parquet and CSV. It names people: do not pass it on.
"""


def write(result: AuditResult, out: Path, *, force: bool = False) -> Path:
    """Write report, worklist, shared and analyst files; the folder appears when all of them are complete.

    Raises CobalaminError where the folder is in the way or cannot be written; nothing partial is left.
    """
    return write_whole(out, MARK, lambda folder: _fill(result, folder), force=force)


def _fill(result: AuditResult, folder: Path) -> None:
    (folder / "README.txt").write_text(READ_ME, encoding="utf-8")
    full = page_data(result, shared=False)
    (folder / "report.html").write_text(audit_page(full), encoding="utf-8")
    safe_csv(result.worklist.drop("rank"), folder / "worklist.csv")
    (folder / MARK).write_text(json.dumps(_summary(full), indent=2, default=str), encoding="utf-8")
    shared = folder / "shared"
    shared.mkdir()
    (shared / "report.html").write_text(audit_page(page_data(result, shared=True)), encoding="utf-8")
    _measures(result, shared_count).write_csv(shared / "measures.csv")
    weeks = forecast_data(result, shared_count)["weeks"]
    pl.DataFrame(weeks, schema=result.forecast.schema).write_csv(shared / "forecast.csv")
    _analyst(result, folder / "analyst")


def _summary(data: dict[str, Any]) -> dict[str, Any]:
    names = ("on", "guideline", "virtual", "who", "measures", "outcomes", "priorities", "ledger", "truth")
    return {name: data[name] for name in names}


def _analyst(result: AuditResult, folder: Path) -> None:
    folder.mkdir()
    frames = {
        "measures": _measures(result, int),
        "units": result.units,
        "decisions": result.decisions,
        "worklist": result.worklist,
        "forecast": result.forecast,
    }
    for name, frame in frames.items():
        frame.write_parquet(folder / f"{name}.parquet")
        safe_csv(frame, folder / f"{name}.csv")
    if result.truth is not None:
        frames = {"truth": truth_frame(result.truth), "false_answers": result.truth.false}
        for name, frame in frames.items():
            frame.write_parquet(folder / f"{name}.parquet")
            lists = [column for column, kind in frame.schema.items() if isinstance(kind, pl.List)]
            safe_csv(frame.with_columns(pl.col(lists).list.join("; ")), folder / f"{name}.csv")
    (folder / "ledger.json").write_text(json.dumps(result.ledger.as_dict(), indent=2), encoding="utf-8")


def _measures(result: AuditResult, count: Any) -> pl.DataFrame:
    """One row a measure and reason; suppressed counts are empty."""
    rows = []
    for one in result.measures:
        data = measure_data(one, count)
        base = {
            name: data[name]
            for name in ("number", "id", "title", "counts", "numerator", "denominator", "percent", "note")
        }
        rows.append(base)
    return pl.DataFrame(
        rows,
        schema_overrides={"numerator": pl.Int64, "denominator": pl.Int64, "percent": pl.Float64},
        infer_schema_length=None,
    )


def safe_csv(frame: pl.DataFrame, path: Path) -> None:
    """CSV in which no cell can act as a formula when a spreadsheet opens it: such text gets an apostrophe."""
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    begins = "^[" + "".join(f"\\{start}" for start in FORMULA_STARTS[:4]) + "\t\r]"
    guarded = [
        pl.when(pl.col(name).str.contains(begins))
        .then(pl.concat_str(pl.lit("'"), name))
        .otherwise(pl.col(name))
        .alias(name)
        for name in texts
    ]
    frame.with_columns(guarded).write_csv(path)
