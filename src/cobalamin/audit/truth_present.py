"""The truth about an audit as plain data, for the page, the summary and the analyst."""

from __future__ import annotations

from collections import Counter
from typing import Any

import polars as pl

from cobalamin.audit.truth import Judged, Share, TruthReport

REASONS_SHOWN = 4
QUALITIES = ("sensitivity", "specificity", "predictive_value")


def truth_data(truth: TruthReport) -> dict[str, Any]:
    """Everything the page says about how right the audit is."""
    said = sum(said for _, said, _ in truth.forecast)
    due = sum(true for *_, true in truth.forecast)
    apart = sum(abs(said - true) for _, said, true in truth.forecast)
    return {
        "people": f"{truth.people:,}",
        "groups": [
            {"title": "The ten measures", "rows": [_row(one) for one in truth.measures]},
            {"title": "Status, among people tested before treatment", "rows": [_row(one) for one in truth.statuses]},
            {"title": "Cause, among people truly deficient", "rows": [_row(one) for one in truth.causes]},
        ],
        "status_shares": [
            {"status": status.replace("_", " "), "share": share_data(share)} for status, share in truth.status_shares
        ],
        "never_tested": share_data(truth.never_tested),
        "forecast": {
            "said": said, "due": due, "apart": apart, "due_right": share_data(truth.due_right),
            "weeks": [{"week": week, "said": told, "true": true} for week, told, true in truth.forecast],
        },
    }  # fmt: skip


def share_data(share: Share) -> dict[str, Any]:
    """A share with its interval in per cent, and as words."""
    if share.value is None or share.interval is None:
        return {"numerator": 0, "denominator": 0, "percent": None, "low": None, "high": None, "words": "nobody"}
    low, high = (100 * each for each in share.interval)
    return {
        "numerator": share.numerator, "denominator": share.denominator, "percent": 100 * share.value, "low": low,
        "high": high, "words": f"{share.numerator:,} of {share.denominator:,}",
    }  # fmt: skip


def _row(one: Judged) -> dict[str, Any]:
    shares = {name: share_data(getattr(one, name)) for name in QUALITIES}
    return {
        "name": one.name, "title": one.title, **shares,
        "missed": _told(one.missed), "wrongly": _told(one.wrongly),
        "missed_dirt": _told(one.missed_dirt), "wrongly_dirt": _told(one.wrongly_dirt),
    }  # fmt: skip


def _told(counter: Counter[str]) -> list[dict[str, Any]]:
    rows = sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))
    return [{"reason": reason, "count": count} for reason, count in rows[:REASONS_SHOWN]]


def truth_frame(truth: TruthReport) -> pl.DataFrame:
    """One row a measure, status or cause, with numerators, denominators and intervals, for the analyst."""
    rows = []
    for group, members in (("measure", truth.measures), ("status", truth.statuses), ("cause", truth.causes)):
        for one in members:
            row: dict[str, Any] = {"group": group, "name": one.name, "title": one.title}
            for quality in QUALITIES:
                share: Share = getattr(one, quality)
                low, high = share.interval or (None, None)
                row |= {
                    f"{quality}_numerator": share.numerator, f"{quality}_denominator": share.denominator,
                    quality: share.value, f"{quality}_low": low, f"{quality}_high": high,
                }  # fmt: skip
            rows.append(row)
    return pl.DataFrame(rows, infer_schema_length=None)
