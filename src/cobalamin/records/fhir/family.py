"""FamilyMemberHistory: what relatives had. It never becomes a fact about the patient."""

from __future__ import annotations

from cobalamin.records.fhir.elements import code_words, items, moment
from cobalamin.records.fhir.meaning import FACTS, meanings
from cobalamin.records.fhir.outcome import NotRelevant, SetAside
from cobalamin.records.fhir.resource import Resource, Row

_FAMILY = {
    "family_b12_deficiency": (
        "cond_pernicious_anaemia", "cond_b12_deficiency", "cond_b12_deficiency_anaemia", "cond_sacd",
        "hist_b12_deficiency_anaemia", "family_b12_deficiency",
    ),
    "family_autoimmune": (
        "cond_autoimmune_thyroid", "cond_t1dm", "cond_vitiligo", "cond_addisons", "cond_coeliac",
        "cond_sjogren", "cond_rheumatoid_arthritis", "cond_lupus", "cond_autoimmune_other",
        "family_autoimmune",
    ),
    "family_leber": ("cond_leber_optic_neuropathy", "family_leber"),
    "family_inborn_error": (
        "cond_inborn_cobalamin_disorder", "cond_imerslund_grasbeck", "cond_congenital_if_deficiency",
        "cond_transcobalamin_deficiency", "family_inborn_error",
    ),
}  # fmt: skip


def read_family(resource: Resource) -> list[Row]:
    """Relatives' conditions that matter, as family history of the patient."""
    body = resource.body
    when = moment(body.get("date"))
    found: set[str] = set()
    for condition in items(body.get("condition")):
        concepts = set(meanings(condition.get("code"), FACTS))
        found |= {family for family, members in _FAMILY.items() if concepts & set(members)}
    if not found:
        raise NotRelevant("family history")
    status = next(iter(code_words(body.get("status"))), "")
    if status not in ("partial", "completed"):
        raise SetAside(f"status {status or 'missing'}", min(found))
    return [resource.row(family, when, until=None) for family in sorted(found)]
