"""A comparison of two ways of deciding as plain data for the page: in full, and as it may be shared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from cobalamin.audit.adopt import Adopted
from cobalamin.audit.adopt_amounts import APPOINTMENTS, PLAN_UNITS
from cobalamin.audit.adopt_costs import Costs
from cobalamin.audit.adopt_people import NERVES_UNKNOWN, bands
from cobalamin.audit.disclosure import shared_count, shown

Count = Callable[[int], int | None]
SHOWN_FIELDS = ("status", "route", "advice", "urgency")
LEDGER_SHOWN = 12


def adopt_data(found: Adopted, costs: Costs, *, shared: bool) -> dict[str, Any]:
    """Everything the page says. Shared: counts of 1 to 7 suppressed, all others rounded to 5. Nobody is listed."""
    count: Count = shared_count if shared else int
    return {
        "shared": shared,
        "on": found.on,
        "a": found.a.as_dict(),
        "b": found.b.as_dict(),
        "people": _both(found.people, count),
        "population": _both(found.population, count),
        "changed": _both(int(found.persons["changed"].sum()), count),
        "status_changed": _both(_differ(found.persons, "status"), count),
        "harmed": _named(found, "harmed", count),
        "gains": _named(found, "gains", count),
        "flows": {field: _flow(found, field, count) for field in SHOWN_FIELDS},
        "tablets": _tablets(found, count),
        "ages": [_age(found, name, count) for name in bands()],
        "amounts": amounts_data(found, costs, count),
        "costs": _costs(found, costs, count),
        "ledger": _ledger(found, count),
    }


def _both(number: int, count: Count) -> dict[str, Any]:
    made = count(number)
    return {"count": made, "shown": shown(made)}


def _differ(frame: pl.DataFrame, field: str) -> int:
    return int(frame[f"{field}_a"].ne_missing(frame[f"{field}_b"]).sum())


def _named(found: Adopted, kind: str, count: Count) -> dict[str, Any]:
    """Who would be harmed (or gains), by group and by what is lost (or gained); counts only."""
    people = found.named_first(kind)
    grouped = people.group_by(f"{kind}_rank", f"{kind}_group", f"{kind}_loses").agg(people=pl.len())
    grouped = grouped.sort(f"{kind}_rank", "people", f"{kind}_loses", descending=[False, True, False])
    rows = [{"group": group, "what": what, **_both(number, count)} for _, group, what, number in grouped.iter_rows()]
    unknown = int((people[f"{kind}_group"] == NERVES_UNKNOWN).sum())
    return {
        **_both(people.height, count),
        "known": _both(people.height - unknown, count),
        "unknown": _both(unknown, count),
        "rows": rows,
    }


def _flow(found: Adopted, field: str, count: Count) -> list[dict[str, Any]]:
    return [
        {"from": old, "to": new, "same": old == new, **_both(number, count)}
        for old, new, number in found.flow(field).iter_rows()
    ]


def _tablets(found: Adopted, count: Count) -> list[dict[str, Any]]:
    """People on injections by whether tablets would do under B."""
    counted = found.persons["tablets_b"].drop_nulls().value_counts(sort=True)
    return [{"words": words, **_both(number, count)} for words, number in counted.iter_rows()]


def _age(found: Adopted, name: str, count: Count) -> dict[str, Any]:
    people = found.persons.filter(pl.col("band") == name)

    def pair(*units: str) -> dict[str, Any]:
        sums = [sum(int(people[f"{unit}_{side}"].sum()) for unit in units) for side in ("a", "b")]
        return _pair(sums[0], sums[1], count)

    return {
        "band": name,
        "people": _both(people.height, count),
        "status_changed": _both(_differ(people, "status"), count),
        "route_changed": _both(_differ(people, "route"), count),
        "harmed": _both(int(people["harmed_rank"].is_not_null().sum()), count),
        "tests": pair("tests"),
        "injections": pair("injection"),
        "appointments": pair(*APPOINTMENTS),
    }


def _pair(old: int, new: int, count: Count) -> dict[str, Any]:
    """Two counts and their difference; the difference of what is shown, so that it gives nothing away."""
    was, now = count(old), count(new)
    more = None if was is None or now is None else now - was
    return {"a": was, "b": now, "a_shown": shown(was), "b_shown": shown(now), "more": more, "more_shown": signed(more)}


def signed(number: float | None, digits: int = 0) -> str:
    """A difference with its sign; a dash where it cannot be told."""
    if number is None:
        return "not shown"
    return "0" if round(number, digits) == 0 else f"{number:+,.{digits}f}".replace("-", "\u2212")


def amounts_data(found: Adopted, costs: Costs, count: Count) -> list[dict[str, Any]]:
    """Each unit under A and B with its price and what the difference costs; no price is said, not guessed."""
    rows = []
    for unit, (old, new) in found.amounts().items():
        if not (old or new):
            continue
        price = costs.of(unit)
        row = {
            "unit": unit,
            "is_test": unit not in PLAN_UNITS,
            **_pair(old, new, count),
            "price": price.amount,
            "year": price.year,
            "clause": price.clause,
            "certainty": price.certainty,
            "note": price.note,
        }
        known = price.amount is not None and row["more"] is not None
        row["cost"] = row["more"] * price.amount if known else None
        rows.append(row)
    return rows


def _costs(found: Adopted, costs: Costs, count: Count) -> dict[str, Any]:
    rows = amounts_data(found, costs, count)
    priced = [row for row in rows if row["price"] is not None]
    unpriced = [row for row in rows if row["price"] is None and row["more"] != 0]
    appointments = sum(found.amounts()[unit][1] - found.amounts()[unit][0] for unit in APPOINTMENTS)
    return {
        "currency": costs.currency,
        "says": costs.says,
        "total": sum(row["cost"] for row in priced if row["cost"] is not None) if priced else None,
        "priced": [row["unit"] for row in priced],
        "unpriced": [row["unit"] for row in unpriced],
        "appointments": signed(None if count(abs(appointments)) is None else _rounded(appointments, count)),
    }


def _rounded(number: int, count: Count) -> int:
    size = count(abs(number)) or 0
    return size if number >= 0 else -size


def _ledger(found: Adopted, count: Count) -> dict[str, Any]:
    ledger = found.ledger
    return {
        "items": shown(count(ledger.items_in)),
        "used": shown(count(ledger.used)),
        "not_relevant": shown(count(ledger.not_relevant.total())),
        "set_aside": shown(count(ledger.set_aside.total())),
        "reasons": [
            {"reason": reason, "count": shown(count(number))}
            for reason, number in ledger.set_aside.most_common(LEDGER_SHOWN)
        ],
    }
