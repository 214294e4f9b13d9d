"""Doses, reviews and prices: counted over a year, with a source or not at all."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from cobalamin.audit.adopt_amounts import plan_amounts
from cobalamin.audit.adopt_costs import read_costs
from cobalamin.errors import CobalaminError
from cobalamin.plan import PLAN_SCHEMA

ON = date(2026, 1, 15)


def counted(unit: str, **item) -> int:
    row = {"patient_id": "p", "kind": "dose", "what": "maintenance", "route": "im", "due": ON} | item
    return plan_amounts(pl.DataFrame([row], schema=PLAN_SCHEMA), ON)[unit].item()


@pytest.mark.parametrize(
    ("item", "number"),
    [
        ({"every_days": 91.3125}, 4),
        ({"every_days": 60.875}, 6),
        ({"every_days": 91.3125, "due": ON - timedelta(days=50)}, 4),  # overdue is due now
        ({"every_days": 91.3125, "due": ON + timedelta(days=90)}, 4),
        ({"every_days": 91.3125, "due": ON + timedelta(days=92)}, 3),
        ({"every_days": 2.333, "count": 6, "what": "loading"}, 6),
        ({"every_days": 2, "count": None, "what": "loading", "until": "no further improvement"}, 1),
        ({"every_days": 91.3125, "due": None}, 0),
        ({"every_days": 91.3125, "due": ON + timedelta(days=400)}, 0),
    ],
)
def test_injections_within_a_year(item, number):
    assert counted("injection", **item) == number


def test_tablets_count_by_day_and_reviews_once():
    assert counted("tablet_day", route="oral", every_days=1) == 365
    assert counted("injection", route="oral", every_days=1) == 0
    assert counted("review", kind="review", route=None, due=ON + timedelta(days=91)) == 1
    assert counted("review", kind="review", route=None, due=ON + timedelta(days=30), every_days=182.625) == 2
    assert counted("planned_test", kind="test", route=None) == 1
    assert counted("referral", kind="advice", route=None) == 0


def test_every_shipped_price_has_a_source_and_a_year():
    costs = read_costs()
    assert costs.currency == "CAD"
    for price in costs.prices.values():
        assert (price.amount is None) == (price.clause == "")
        assert price.amount is None or price.year
        assert price.clause or price.note
    assert costs.of("a test nobody listed").amount is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("units: {}", "currency: Field required"),
        ("currency: GBP\nunits: {injection: {amount: 12}}", "an amount needs its year and its source"),
        ("currency: GBP\nunits: {injection: {amount: -1, year: 2025}}", "units.injection.amount"),
        ("currency: GBP\nunits: {injection: {amount: .inf}}", "units.injection.amount"),
        ("currency: pounds\nunits: {}", "currency: "),
        ("- a", "the file: "),
        ("a: [", "not valid YAML"),
        ("currency: GBP\nunits: {injection: {amount: 1, yaer: 2025}}", "yaer"),
    ],
)
def test_prices_that_cannot_be_read_are_refused_with_the_place(tmp_path, text, says):
    file = tmp_path / "costs.yaml"
    file.write_text(text)
    with pytest.raises(CobalaminError, match=f"costs.yaml: .*{says}"):
        read_costs(file)


def test_missing_file_of_prices_is_named():
    with pytest.raises(CobalaminError, match="no such file"):
        read_costs(Path("nothing.yaml"))
