"""The plan of one patient: the doses of the chosen regimen, then what the rules that fired ask for."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from cobalamin.guidance.model import Guideline, Phase, PlanItem, Regimen, Rule, Table

DATES = ("first_b12_dose", "next_injection_due", "course_start", "last_injection", "first_injection")
KINDS = ("stop", "dose", "referral", "test", "review", "advice")
EMPTY = dict.fromkeys(
    [
        "kind",
        "what",
        "product",
        "dose",
        "dose_unit",
        "route",
        "earliest",
        "due",
        "overdue",
        "every_days",
        "until",
        "count",
        "says",
        "rule",
    ]
)


def plan_one(findings: dict[str, Any], trace: dict[str, Any], guideline: Guideline) -> list[dict[str, Any]]:
    """Dated items: regimen first, then stops, doses, referrals, tests, reviews and advice, each by date."""
    anchors = _anchors(findings)
    chosen = guideline.regimens.get(trace.get("output.regimen") or "")
    items = []
    if chosen:
        items += _doses(chosen, anchors, f"regimen.{trace['table.regimen']}")
    asked = [item for table in guideline.tables.values() for item in _asked(table, trace, anchors)]
    asked.sort(key=lambda item: (KINDS.index(item["kind"]), item["due"] is None, item["due"] or date.min))
    return [{"patient_id": findings["patient_id"]} | item for item in items + asked]


def _anchors(findings: dict[str, Any]) -> dict[str, Any]:
    """Days that items count from. A dose that is overdue is given today; the day it was due is kept beside it."""
    on = findings["on"]
    due = findings["finding.next_injection_due"] if findings["finding.on_injections"] else None
    days = {name: findings[f"finding.{name}"] for name in DATES}
    return days | {"on": on, "was_due": due, "first_dose": max(due or on, on)}


def _doses(regimen: Regimen, anchors: dict[str, Any], rule: str) -> list[dict[str, Any]]:
    start: date | None = anchors["first_dose"]
    opening = regimen.phases[0]
    if opening.name == "loading" and (anchors["first_dose"] - anchors["on"]).days > opening.every_days:
        start = anchors["on"]  # loading does not wait for a maintenance dose that lies ahead
    items = []
    for place, phase in enumerate(regimen.phases):
        early, late = _tolerance(phase)
        first = place == 0
        item = {
            "kind": "dose", "what": phase.name, "product": regimen.product, "dose": phase.dose,
            "dose_unit": phase.dose_unit, "route": regimen.route, "every_days": phase.every_days,
            "until": phase.until or None, "count": phase.count, "says": regimen.says, "rule": rule,
            "earliest": start if first else _shifted(start, -early),
            "due": min(anchors["was_due"] or start, start) if first else start,
            "overdue": _shifted(start, late),
        }  # fmt: skip
        items.append(EMPTY | item)
        following = regimen.phases[place + 1 :]
        start = _next_start(start, phase, following[0]) if following else None
    return items


def _tolerance(phase: Phase) -> tuple[int, int]:
    """Days early and late a dose may be given."""
    if phase.name == "loading":
        return 1, 7
    return (0, 1) if phase.every_days <= 1 else (14, 28)


def _next_start(start: date | None, phase: Phase, following: Phase) -> date | None:
    """The next phase begins one of its intervals after the last dose of this one, if that has a fixed end."""
    if phase.count is None:
        return None
    return _shifted(start, round((phase.count - 1) * phase.every_days + following.every_days))


def _asked(table: Table, trace: dict[str, Any], anchors: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for rule in table.rules:
        first = table.hit_policy == "first"
        fired = trace[f"table.{table.name}"] == rule.id if first else trace[f"rule.{table.name}.{rule.id}"]
        if fired:
            found += [_item(table, rule, item, anchors) for item in rule.plan]
    return found


def _item(table: Table, rule: Rule, item: PlanItem, anchors: dict[str, Any]) -> dict[str, Any]:
    day = anchors[item.after]
    return EMPTY | {
        "kind": item.kind, "what": item.what, "every_days": item.every_days, "count": item.count,
        "says": rule.says, "rule": f"{table.name}.{rule.id}",
        "earliest": _shifted(day, item.earliest_days),
        "due": _shifted(day, item.due_days),
        "overdue": _shifted(day, item.overdue_days),
    }  # fmt: skip


def _shifted(day: date | None, days: int | None) -> date | None:
    return None if day is None or days is None else day + timedelta(days=days)
