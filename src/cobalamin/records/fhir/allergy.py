"""AllergyIntolerance: cobalamin and cobalt, and allergies that narrow the diet."""

from __future__ import annotations

import re

from cobalamin.records.fhir.elements import (
    Json,
    Moment,
    code_words,
    codings,
    items,
    mapping,
    moment,
    period,
    text,
)
from cobalamin.records.fhir.meaning import FACTS_AND_PRODUCTS, meanings, words_of
from cobalamin.records.fhir.outcome import NotRelevant, SetAside
from cobalamin.records.fhir.resource import Resource, Row
from cobalamin.records.wording import is_b12

_ANAPHYLAXIS_SNOMED = {"39579001"}  # Anaphylaxis
_COBALT_WORDS = ("cobalt",)
_ANIMAL_FOODS = re.compile(r"\b(egg|milk|dairy|fish)")
_NOT_ANIMAL = ("eggplant", "coconut milk", "soya milk", "soy milk", "almond milk")


def read_allergy(resource: Resource) -> list[Row]:
    """Allergy to cobalamin (anaphylaxis apart), to cobalt, or to egg, milk or fish."""
    body = resource.body
    concepts = sorted(_concepts(body))
    if not concepts:
        raise NotRelevant("allergy")
    for word in code_words(body.get("verificationStatus")) & {"refuted", "entered-in-error"}:
        raise SetAside(word, concepts[0])
    if code_words(body.get("clinicalStatus")) & {"resolved", "inactive"}:
        # Kept on purpose: a person who once reacted is asked before the next injection.
        resource.note("allergy recorded as over, still used")
    return [resource.row(concept, _when(body), until=None) for concept in concepts]


def _concepts(body: dict[str, Json]) -> set[str]:
    found: set[str] = set()
    substances = [body.get("code"), *(each.get("substance") for each in items(body.get("reaction")))]
    for substance in substances:
        found |= _of_substance(substance)
    if "allergy_cobalamin_adverse_reaction" in found and _anaphylaxis(body):
        found.add("allergy_cobalamin_anaphylaxis")
    return found


def _of_substance(substance: Json) -> set[str]:
    known = meanings(substance, FACTS_AND_PRODUCTS)
    found = {each for each in known if each.startswith("allergy_") or each == "cond_food_allergy_animal"}
    words = words_of(substance).lower()
    if any(is_b12(each) for each in known) or "cobalamin" in words:
        found.add("allergy_cobalamin_adverse_reaction")
    elif any(word in words for word in _COBALT_WORDS):
        found.add("allergy_cobalt")
    plain = words
    for exception in _NOT_ANIMAL:
        plain = plain.replace(exception, "")
    if _ANIMAL_FOODS.search(plain):
        found.add("cond_food_allergy_animal")
    return found


def _anaphylaxis(body: dict[str, Json]) -> bool:
    for reaction in items(body.get("reaction")):
        for manifestation in items(reaction.get("manifestation")):
            if any(code in _ANAPHYLAXIS_SNOMED for _, code, _ in codings(manifestation)):
                return True
            if "anaphyla" in words_of(manifestation).lower():
                return True
        if "anaphyla" in text(reaction.get("description")).lower():
            return True
    return "anaphyla" in words_of(mapping(body.get("code"))).lower()


def _when(body: dict[str, Json]) -> Moment | None:
    onset = moment(body.get("onsetDateTime")) or period(body.get("onsetPeriod"))[0]
    return onset or moment(body.get("recordedDate")) or moment(body.get("assertedDate"))
