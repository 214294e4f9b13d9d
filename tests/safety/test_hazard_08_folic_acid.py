"""H08: folic acid masks deficiency, or its prophylaxis is wrongly stopped."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.safety.broken import with_term
from tests.safety.coded import answered, low_b12, medicine, person
from tests.safety.people import Row, adult, assessed, default, fact, lab, one, outcomes, tablets, told

DOSES_MG = (0.2, 0.4, 0.99, 1.0, 5.0)
INDICATIONS: dict[str, list[Row]] = {
    "none": [],
    "pregnancy": [fact("status_pregnancy")],
    "methotrexate": [fact("drug_methotrexate", -60)],
    "pemetrexed": [fact("drug_pemetrexed", -60)],
}
B12: dict[str, list[Row]] = {
    "unknown": [],
    "low": [lab("lab_b12_total", 90.0, "pmol/L")],
    "indeterminate": [lab("lab_b12_total", 200.0, "pmol/L")],
    "adequate": [lab("lab_b12_total", 500.0, "pmol/L")],
    "low, on B12": [lab("lab_b12_total", 90.0, "pmol/L", -100), tablets(-60)],
}


def folic_acid(dose_mg: float | None, days: int = -40) -> Row:
    return fact("tx_folic_acid", days, value=dose_mg, unit="mg", every_days=1.0, route="oral")


@cache
def rows() -> dict[tuple[float, str, str], dict[str, Any]]:
    cells = [(dose, why, level) for dose in DOSES_MG for why in INDICATIONS for level in B12]
    people = {
        f"{dose}|{why}|{level}": adult(folic_acid(dose), *INDICATIONS[why], *B12[level], age_years=34)
        for dose, why, level in cells
    }
    found = outcomes(assessed(people))
    return {cell: found["|".join(map(str, cell))] for cell in cells}


@pytest.mark.parametrize("level", B12)
@pytest.mark.parametrize("why", INDICATIONS)
@pytest.mark.parametrize("dose", DOSES_MG)
def test_dose_by_indication_by_b12(dose: float, why: str, level: str) -> None:
    found = rows()[dose, why, level]
    masks = dose >= 1.0 and why == "none" and level in ("unknown", "low", "indeterminate")
    assert (found["alert.folic_acid_alone"] == "critical") is masks
    assert (found["alert.folic_acid_keep"] is not None) is (why != "none")


def test_no_stop_of_folic_acid_is_ever_planned() -> None:
    cells = {
        f"{dose}|{why}|{level}": adult(folic_acid(dose), *INDICATIONS[why], *B12[level], age_years=34)
        for dose in DOSES_MG
        for why in INDICATIONS
        for level in B12
    }
    plan = assessed(cells).plan
    stops = plan.filter(plan["kind"] == "stop", plan["what"].str.to_lowercase().str.contains("fol"))
    assert stops.rows() == []


def test_an_exemption_that_reaches_everybody_is_caught() -> None:
    """The control broken: everyone counts as exempt."""
    broken = with_term(default(), "folic_acid_exempt", {"always": True})
    found = outcomes(assessed({"p": adult(folic_acid(5.0), *B12["low"], age_years=34)}, broken))["p"]
    assert found["alert.folic_acid_alone"] is None


@pytest.mark.parametrize("level", ["unknown", "low", "indeterminate"])
def test_a_dose_that_is_not_known_warns(level: str) -> None:
    found = outcomes(assessed({"p": adult(folic_acid(None), *B12[level], age_years=34)}))["p"]
    assert found["alert.folic_acid_alone"] == "warning"


def test_low_folate_and_low_b12_say_b12_first() -> None:
    found = one(adult(*B12["low"], lab("lab_folate_serum", 3.0, "nmol/L"), lab("lab_mcv", 110.0, "fL")))
    assert {"folate_low_b12_first"} <= {alert["id"] for alert in found["alerts"]}
    assert any("folic acid only with or after B12" in item["what"] for item in found["plan"])


def test_coded_folic_acid_of_5_mg_with_low_b12_is_critical(tmp_path: Path) -> None:
    daily = [
        {
            "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
            "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}],
        }
    ]
    folic = medicine({"text": "Folic acid 5mg tablets"}, dosageInstruction=daily)
    found = answered(tmp_path, person(), low_b12(), folic)
    severity = {alert["id"]: alert["severity"] for alert in found["alerts"]}
    assert severity.get("folic_acid_alone") == "critical"
    assert any("B12 before or together with folic acid" in item["what"] for item in found["plan"])


@pytest.mark.parametrize("words, alert", [("5 mg daily", "folic_acid_alone"), ("400 micrograms daily", "")])
def test_the_typed_sheet_says_it_too(words: str, alert: str) -> None:
    found = told(
        {
            "patient": {"age": 61, "sex": "female"},
            "history": {"medicines": [{"name": "folic acid", "dose": words}]},
            "labs": [{"name": "Vitamin B12", "value": 150, "unit": "ng/L", "day": -2}],
        }
    )
    critical = {one["id"] for one in found["alerts"] if one["severity"] == "critical"}
    assert ("folic_acid_alone" in critical) is bool(alert)
