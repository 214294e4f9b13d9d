"""The audit as plain data for the report: the same shape in full and as it may be shared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import polars as pl

from cobalamin.audit.disclosure import share, shared_count, shown
from cobalamin.audit.result import EXCLUDED, UNJUDGED, AuditResult, MeasureResult
from cobalamin.audit.truth_present import truth_data

WORKLIST_SHOWN = 200
LEDGER_SHOWN = 25
Count = Callable[[int], int | None]


def page_data(result: AuditResult, *, shared: bool) -> dict[str, Any]:
    """Everything the page says. Shared: counts suppressed and rounded, no list of people."""
    count: Count = shared_count if shared else int
    return {
        "shared": shared,
        "on": result.on,
        "guideline": result.guideline,
        "out_of_date": str(result.on) > (result.guideline["review_by"] or "9999"),
        "virtual": result.virtual,
        "people": shown(count(result.people)),
        "who": [{"what": name, "count": shown(count(number))} for name, number in result.who.items()],
        "ages": [
            {"band": band, "sex": sex, "count": count(number) or 0}
            for (band, sex), number in sorted(result.ages.items())
        ],
        "measures": [measure_data(one, count) for one in result.measures],
        "outcomes": _outcomes(result, count),
        "forecast": forecast_data(result, count),
        "worklist": None if shared else _worklist(result.worklist),
        "priorities": _priorities(result.worklist, count),
        "ledger": _ledger(result, count),
        "truth": truth_data(result.truth) if result.truth is not None and not shared else None,
    }


def measure_data(one: MeasureResult, count: Count) -> dict[str, Any]:
    """One measure with its counts as they may be shown."""
    measure, numerator, denominator = one.measure, count(one.numerator), count(one.denominator)

    def reasons(outcome: str) -> list[dict[str, str]]:
        return [
            {"reason": reason, "count": shown(count(number))} for reason, number in one.tally.reasons(outcome).items()
        ]

    return {
        "id": measure.id,
        "number": measure.number,
        "title": measure.title,
        "counts": measure.counts,
        "asks": measure.asks,
        "why": measure.why,
        "action": measure.action,
        "source": measure.source,
        "bad": measure.bad,
        "good": measure.good,
        "numerator": numerator,
        "denominator": denominator,
        "numerator_shown": shown(numerator),
        "denominator_shown": shown(denominator),
        "percent": share(numerator, denominator) if one.fed else None,
        "applies": one.fed and one.denominator > 0,
        "note": one.note,
        "found": reasons("numerator"),
        "excluded": reasons(EXCLUDED),
        "cannot_judge": reasons(UNJUDGED),
    }


def forecast_data(result: AuditResult, count: Count) -> dict[str, Any]:
    """The forecast by week, and its totals by kind."""
    rows = [
        {"week": week, "kind": kind, "appointments": count(number) or 0}
        for week, kind, number in result.forecast.iter_rows()
    ]
    totals = result.forecast.group_by("kind").agg(pl.col("appointments").sum()).sort("kind")
    by_kind = {kind: shown(count(number)) for kind, number in totals.iter_rows()}
    return {"weeks": rows, "totals": by_kind, "any": any(row["appointments"] for row in rows)}


def _outcomes(result: AuditResult, count: Count) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for (field, value), number in result.outcomes.most_common():
        if value:
            found.setdefault(field, []).append({"value": value, "count": count(number), "shown": shown(count(number))})
    return found


def _worklist(frame: pl.DataFrame) -> dict[str, Any]:
    return {
        "rows": frame.head(WORKLIST_SHOWN).to_dicts(),
        "total": frame.height,
        "shown": min(frame.height, WORKLIST_SHOWN),
    }


def _priorities(frame: pl.DataFrame, count: Count) -> list[dict[str, Any]]:
    counted = frame.group_by("rank", "priority").len().sort("rank")
    return [{"priority": name, "count": shown(count(number))} for _, name, number in counted.iter_rows()]


def _ledger(result: AuditResult, count: Count) -> dict[str, Any]:
    ledger = result.ledger

    def line(counter: Counter[str]) -> list[dict[str, str]]:
        return [
            {"reason": reason, "count": shown(count(number))} for reason, number in counter.most_common(LEDGER_SHOWN)
        ]

    return {
        "items": shown(count(ledger.items_in)),
        "used": shown(count(ledger.used)),
        "not_relevant_total": shown(count(ledger.not_relevant.total())),
        "set_aside_total": shown(count(ledger.set_aside.total())),
        "not_relevant": line(ledger.not_relevant),
        "set_aside": line(ledger.set_aside),
        "notes": line(ledger.notes),
    }
