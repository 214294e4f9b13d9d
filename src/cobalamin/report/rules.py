"""A guideline as text: thresholds and every rule with its outcome and its source."""

from __future__ import annotations

from collections.abc import Iterator

from cobalamin.errors import CobalaminError
from cobalamin.guidance import Guideline, Table
from cobalamin.guidance.model import Source


def rules_text(guideline: Guideline, table: str | None = None) -> str:
    """The guideline for reading, or one of its tables. Raises CobalaminError for an unknown table."""
    if table is not None and table not in guideline.tables:
        raise CobalaminError(f"{guideline.id} has no table {table!r}. It has: {', '.join(guideline.tables)}.")
    lines = [] if table else list(_head(guideline))
    for one in guideline.tables.values():
        if table in (None, one.name):
            lines += _table(one)
    return "\n".join(lines)


def _head(guideline: Guideline) -> Iterator[str]:
    about = guideline.about
    yield f"{about['title']} ({guideline.id} {guideline.version}), {about['publisher']}, {about['country']}"
    yield f"Valid for: {about['population']['says']}"
    yield f"Review by {about['review_by']}. {about['checked_by'].capitalize()}."
    yield f"SHA-256 {guideline.sha256}"
    yield "\nThresholds"
    for threshold in guideline.thresholds.values():
        values = ", ".join(f"{value:g} {unit}" for value, unit in threshold.values)
        yield f"  {threshold.name:<34} {values:<30} {_cited(threshold.source)}"


def _table(table: Table) -> Iterator[str]:
    policy = "first row that is yes" if table.hit_policy == "first" else "every row that is yes"
    yield f"\n{table.id}: {table.asks} ({policy})"
    for rule in table.rules:
        outcome = ", ".join(f"{name} {value}" for name, value in rule.then.items() if value)
        hold = " [hold]" if rule.hold else ""
        yield f"  {rule.id}{hold} -> {outcome}"
        yield f"      {rule.says} {_cited(rule.source)}"


def _cited(source: Source) -> str:
    return f"[{source.clause}; {source.certainty}]"
