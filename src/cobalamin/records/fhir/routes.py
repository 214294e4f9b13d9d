"""Ways of giving a medicine: route codes and words, or what the product itself says."""

from __future__ import annotations

import re

from cobalamin.records.fhir.elements import Json, codings, mapping, text
from cobalamin.vocabulary import codes

INJECTED = ("im", "sc", "iv")
# Drops, creams and flushes of a medicine do not act on the whole body.
LOCAL_FORMS = r"\b(topical|ophth|ophthalmic|otic|nasal|eye|ear|cream|ointment|gel|lotion|shampoo|flush|dwell|lock)\b"
_WORDS = (
    (r"intra-?muscular|\bi\.?m\.?\b", "im"),
    (r"sub-?cutaneous|\bs\.?c\.?\b|\bsubcut\b|\bsq\b", "sc"),
    (r"intravenous|\bi\.?v\.?\b", "iv"),
    (r"sub-?lingual|\bs\.?l\.?\b", "sublingual"),
    (r"\bnasal|intranasal", "nasal"),
    (r"\boral|\bby mouth\b|\bp\.?o\.?\b|\bnasogastric\b", "oral"),
)
_FORMS = (
    (r"inject|ampoule|\bvial|syringe|\bamp\b", "im"),
    (r"sublingual|lozenge", "sublingual"),
    (r"nasal|spray", "nasal"),
    (r"tablet|capsule|\boral|\bcap\b|\btab\b|gumm|chew", "oral"),
)


def route_of(route: Json, concept: str, product: str = "") -> str | None:
    """One of the routes of the event table, from the route given, else from the product; None where unknown.

    An injection whose way is not stated counts as intramuscular, the licensed way for B12.
    """
    for system, code, display in codings(route):
        known = codes.route_of(system, code) or _match(_WORDS, display) or _match(_WORDS, code)
        if known:
            return known
    words = text(mapping(route).get("text"))
    if words:
        return _match(_WORDS, words) or "other"
    if concept.endswith(("_injection", "_iv")):
        return "iv" if concept.endswith("_iv") else "im"
    if concept.endswith(("_oral", "_nasal")):
        return concept.rsplit("_", 1)[1]
    return _match(_FORMS, product)


def _match(patterns: tuple[tuple[str, str], ...], words: str) -> str | None:
    lower = words.lower()
    return next((route for pattern, route in patterns if re.search(pattern, lower)), None)
