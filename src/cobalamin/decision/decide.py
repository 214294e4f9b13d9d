"""Findings and a guideline to the trace: one nullable Boolean a rule, and the outcome of each table."""

from __future__ import annotations

import polars as pl

from cobalamin.decision.compile import Program, compile_guideline
from cobalamin.guidance import Guideline

_PROGRAMS: dict[int, Program] = {}


def program(guideline: Guideline) -> Program:
    """The compiled guideline; compiled once for each guideline object."""
    key = id(guideline)
    if key not in _PROGRAMS or _PROGRAMS[key].guideline is not guideline:
        _PROGRAMS[key] = compile_guideline(guideline)
    return _PROGRAMS[key]


def decide(findings: pl.DataFrame, guideline: Guideline) -> pl.DataFrame:
    """The trace: `patient_id, on`, `term.*`, `rule.*`, `table.*`, `output.*` and the collected columns.

    One row for each row of `findings`, in order. It is the only account of the decision: everything said of it
    later is read from here.
    """
    compiled = program(guideline)
    frame = findings
    for stage in compiled.stages:
        frame = frame.with_columns(stage)
    return frame.select("patient_id", "on", *compiled.columns)
