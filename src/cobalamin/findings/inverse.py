"""Derived findings read backwards: which base value gives a wanted derived one, all else being as it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cobalamin.findings.derived import (
    CB12_AGE_POWER,
    CB12_AGE_SCALE,
    CB12_AGE_YEARS,
    CB12_SAMPLES_WITHIN_DAYS,
    CKD_EPI,
    CKD_EPI_ABOVE,
    CKD_EPI_AGE,
    CKD_EPI_FEMALE,
    CKD_EPI_FROM_YEARS,
    FOUR_MARKERS,
    UMOL_PER_MG_CREATININE,
)


def base_value(derived: str, wanted: float, base: str, row: Mapping[str, Any]) -> float | None:
    """The value of `base` at which `derived` is `wanted`; None where no value of it gives that.

    `row` holds the person's findings (`finding.x`). Rises and falls are not read backwards here: no rule about
    status, cause, route or urgency reads them.
    """
    if derived == "egfr":
        return _of_egfr(wanted, base, row)
    return _of_indicator(wanted, base, row) if derived == "combined_b12_indicator" else None


def _of_egfr(wanted: float, base: str, row: Mapping[str, Any]) -> float | None:
    """Creatinine [umol/L] or age [years] at which CKD-EPI 2009 gives an eGFR; the reported eGFR is itself."""
    if base == "egfr_reported":
        return wanted
    female, male = row["finding.female"] is True, row["finding.male"] is True
    age, creatinine = row["finding.age_years"], row["finding.creatinine"]
    if row["finding.egfr_reported"] is not None or not (female or male):
        return None
    kappa, alpha = (0.7, -0.329) if female else (0.9, -0.411)
    by_sex = CKD_EPI * (CKD_EPI_FEMALE if female else 1.0)
    if base == "creatinine" and age is not None and age >= CKD_EPI_FROM_YEARS:
        share = wanted / (by_sex * CKD_EPI_AGE**age)
        ratio = share ** (1 / (alpha if share > 1 else CKD_EPI_ABOVE))
        return float(ratio * kappa * UMOL_PER_MG_CREATININE)
    if base == "age_years" and creatinine is not None and creatinine > 0:
        ratio = creatinine / UMOL_PER_MG_CREATININE / kappa
        share = wanted / (by_sex * min(ratio, 1.0) ** alpha * max(ratio, 1.0) ** CKD_EPI_ABOVE)
        years = math.log(share) / math.log(CKD_EPI_AGE)
        return years if years > CKD_EPI_FROM_YEARS else None
    return None


def _of_indicator(wanted: float, base: str, row: Mapping[str, Any]) -> float | None:
    """The marker [canonical unit] or age [years] at which 4cB12 has a value, the other three being as they are."""
    others = [name for name in FOUR_MARKERS if name != base]
    if not _together(others, row, today=len(others) < len(FOUR_MARKERS)):
        return None
    value = {name: row[f"finding.{name}"] for name in others}
    mma = "mma_before_treatment"
    logs = {name: math.log10(value[name] / (1000.0 if name == mma else 1.0)) for name in others}
    falling = FOUR_MARKERS[2:]
    known = sum(logs[name] * (-1 if name in falling else 1) for name in others)
    if base == "age_years":
        share = CB12_AGE_SCALE / (known - wanted) - 1 if known > wanted else -1.0
        return float(CB12_AGE_YEARS * share ** (1 / CB12_AGE_POWER)) if share > 0 else None
    if base not in FOUR_MARKERS or row["finding.age_years"] is None:
        return None
    age_factor = CB12_AGE_SCALE / (1 + (row["finding.age_years"] / CB12_AGE_YEARS) ** CB12_AGE_POWER)
    power = (wanted + age_factor - known) * (-1 if base in falling else 1)
    return float(10**power * (1000.0 if base == mma else 1.0))


def _together(names: list[str], row: Mapping[str, Any], *, today: bool) -> bool:
    """True where all are exact positive numbers, sampled close together (and close to a sample of today)."""
    times = [row[f"finding.{name}.time"] for name in names]
    if any(not row[f"finding.{name}"] or row[f"finding.{name}.cmp"] is not None for name in names) or None in times:
        return False
    times += [datetime.combine(row["on"], datetime.min.time())] if today else []
    return bool((max(times) - min(times)).days <= CB12_SAMPLES_WITHIN_DAYS)
