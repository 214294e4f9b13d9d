"""An audit as one self-contained page: pictures, measures, worklist, ledger. No script, no request."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

from cobalamin.report.words import short_date, word

STATUS_COLOURS = {
    "deficient": "#b3402a",
    "indeterminate": "#d9a036",
    "unlikely": "#5d9c78",
    "not_established": "#9aa5b1",
}
STATUS_ORDER = tuple(STATUS_COLOURS)
CAUSES_SHOWN = 8


def audit_page(data: dict[str, Any]) -> str:
    """The page of an audit; `data` as `audit.present.page_data` gives it, in full or as it may be shared."""
    from cobalamin.report import audit_charts as charts

    on = data["on"]
    pictures = {
        "measures": charts.measures_svg(data["measures"]),
        "forecast": charts.forecast_svg(data["forecast"]["weeks"], on) if data["forecast"]["any"] else "",
        "truth_forecast": charts.truth_forecast_svg(data["truth"]["forecast"]["weeks"], on)
        if data.get("truth")
        else "",
        "ages": charts.ages_svg(data["ages"]),
        "status": charts.bars_svg(_status(data), STATUS_COLOURS),
        "causes": charts.bars_svg(_named(data, "cause", "cause")[:CAUSES_SHOWN], {}),
        "advice": charts.bars_svg(_named(data, "advice", "advice"), {}),
    }
    page: str = (
        _environment()
        .get_template("audit.html")
        .render(data=data, pictures=pictures, day=short_date(on, date(1, 1, 1)), headline=headline(data))
    )
    return page


def headline(data: dict[str, Any]) -> str:
    """The page in one sentence."""
    soon = [row for row in data["priorities"] if row["priority"] in ("emergency", "urgent", "critical alert")]
    if soon:
        said = ", ".join(f"{row['count']} {_people_of(row['priority'])}" for row in soon)
        return f"Look at these people first: {said}."
    if data["priorities"]:
        return "Nobody is urgent on record; the worklist holds what can be planned."
    return "Nobody on record needs anything to be done."


def _people_of(priority: str) -> str:
    return {"emergency": "emergencies", "urgent": "urgent", "critical alert": "with a critical alert"}[priority]


def _named(data: dict[str, Any], field: str, kind: str) -> list[dict[str, Any]]:
    """Values of an outcome with their words and counts, the most frequent first."""
    return [row | {"words": word(kind, row["value"])} for row in data["outcomes"].get(field, [])]


def _status(data: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [row for row in _named(data, "status", "status") if row["value"] in STATUS_ORDER]
    return sorted(rows, key=lambda row: STATUS_ORDER.index(row["value"]))


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


@cache
def _environment() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("cobalamin.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {"lower_first": _lower_first}
    return made
