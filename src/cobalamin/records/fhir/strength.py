"""How much of a substance a dose holds: a mass as written, or tablets or millilitres of a known product."""

from __future__ import annotations

import re

from cobalamin.records.fhir.outcome import SetAside
from cobalamin.records.wording import is_b12

# Highest single dose of B12 that is replacement; 5 g of hydroxocobalamin is the antidote to cyanide.
MOST_B12_UG = 5000.0
_MICROGRAMS = {
    "ug": 1.0, "mcg": 1.0, "µg": 1.0, "microgram": 1.0, "micrograms": 1.0, "mg": 1e3, "milligram": 1e3,
    "milligrams": 1e3, "g": 1e6, "gram": 1e6, "grams": 1e6,
}  # fmt: skip
_PIECES = {
    "", "1", "tablet", "tablets", "tab", "tabs", "{tbl}", "capsule", "capsules", "cap", "caps", "ampoule",
    "ampoules", "amp", "vial", "vials", "each", "ea", "dose", "doses", "{dose}", "unit", "{tablet}",
    "{capsule}",
}  # fmt: skip
_VOLUMES = {"ml": 1.0, "milliliter": 1.0, "millilitre": 1.0, "cc": 1.0}
_STRENGTH = r"(\d+(?:[.,]\d+)?)\s*(mg|mcg|micrograms?|ug|µg|g)\b(?:\s*/\s*(\d+(?:\.\d+)?)?\s*(ml|tablet|tab)\b)?"
_NAMES = {"tx_folic": r"folic acid|folate", "drug_metformin": r"metformin"}
_B12_NAME = r"cobalamin|b\s*-?\s*12|cyano"


def dose_in_canonical(concept: str, quantity: float | None, unit: str, product: str, words: str) -> float | None:
    """The amount of one dose in the concept's unit (ug for B12, mg for folic acid, g for metformin).

    Null where the record does not say. Raises SetAside for a B12 dose that is no replacement.
    """
    micrograms = _micrograms(concept, quantity, unit, product, words)
    if micrograms is None:
        return None
    if is_b12(concept):
        if micrograms > MOST_B12_UG:
            raise SetAside("a B12 dose over 5 mg: is the unit right?", concept)
        return micrograms
    if concept == "tx_folic_acid":
        return micrograms / 1e3
    return micrograms / 1e6 if concept.startswith("drug_metformin") else None


def _micrograms(concept: str, quantity: float | None, unit: str, product: str, words: str) -> float | None:
    if quantity is not None and quantity <= 0:
        return None
    plain = unit.strip().lower().rstrip(".")
    if quantity is not None and plain in _MICROGRAMS:
        return quantity * _MICROGRAMS[plain]
    per, volume_ml = _strength(concept, product)
    if quantity is not None and plain in _VOLUMES:
        return quantity * per / volume_ml if per and volume_ml else None
    if quantity is not None and plain in _PIECES:
        # "1" of a solution may be a millilitre, an ampoule or a course: only pieces of known strength count.
        return quantity * per if per and (volume_ml is None or plain.startswith(("amp", "vial"))) else None
    if quantity is None and words and (match := re.search(_STRENGTH, words.lower())) and not match[4]:
        return float(match[1].replace(",", ".")) * _MICROGRAMS[match[2]]
    return None


def _strength(concept: str, product: str) -> tuple[float | None, float | None]:
    """Micrograms of the substance in one piece or volume of the product, and that volume in mL."""
    name = next((pattern for prefix, pattern in _NAMES.items() if concept.startswith(prefix)), _B12_NAME)
    lower = product.lower()
    match = re.search(rf"(?:{name})[^\d]*?(?:12[^\d]+)?{_STRENGTH}", lower)
    if match is None:
        return None, None
    volume = float(match[3] or 1) if match[4] == "ml" else None
    return float(match[1].replace(",", ".")) * _MICROGRAMS[match[2]], volume
