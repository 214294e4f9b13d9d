"""One person under every guideline as a small self-contained page. No script, no request."""

from __future__ import annotations

from functools import cache
from typing import Any

from cobalamin.report.words import plain, word

KINDS = {"tests": "test", "cause": "cause", "status": "status", "route": "route", "response": "response"}


def compare_page(found: dict[str, Any]) -> str:
    """The page of a comparison; `found` as `audit.compare.Comparison.as_dict` gives it."""
    rows = [
        {
            "question": question,
            "parts": question in found["parts"],
            "cells": [_cell(question, position) for position in positions],
        }
        for question, positions in found["positions"].items()
    ]
    page: str = _environment().get_template("compare.html").render(found=found, rows=rows)
    return page


def _cell(question: str, position: dict[str, Any]) -> dict[str, Any]:
    kind = KINDS.get(question)
    values = position["value"].split(", ")
    words = [word(kind, value) if kind and value != "silent" else plain(value) for value in values]
    return {"words": words, "reasons": position["reasons"] if position["value"] != "silent" else []}


@cache
def _environment() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("cobalamin.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
