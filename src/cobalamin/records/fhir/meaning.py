"""What a CodeableConcept means: codes first, then words; never a guess from a code in the wrong system."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from cobalamin.records.fhir.elements import Json, codings, mapping, text
from cobalamin.records.fhir.outcome import SetAside
from cobalamin.records.wording import TOLD_OTHERWISE, kind_of, understood
from cobalamin.vocabulary.codes import codes_frame, concept_of, system_name
from cobalamin.vocabulary.concepts import concepts

Coding = tuple[str, str, str]
FACTS = frozenset({
    "condition", "symptom", "sign", "status", "diet", "history", "procedure", "allergy", "care", "finding",
})  # fmt: skip
PRODUCTS = frozenset({"treatment", "medicine"})
FACTS_AND_PRODUCTS = FACTS | PRODUCTS
RESULTS = frozenset({"lab"})

_GENERAL = re.compile(r"_(any|class|nonspecific|unspecified|other)$|_class_may_")
_REVERSING = re.compile(
    r"^\W*(no|not|non|never|denies|denied|without|negative for|absence of|absent|excluded?|"
    r"ruled? out|unlikely|refuted|r/o|query|possible|suspected|probable|"
    r"family history|fh|father|mother|sister|brother|relative)\b"
    r"|^\s*\?|\b(ruled out|excluded|was not|not given|not done|not confirmed|unconfirmed|not present)\b"
    r"|\bfamily history of\b|\bno (evidence|sign|history) of\b",
    re.IGNORECASE,
)
_STANDARD = {"loinc", "snomed"}
_SHAPES = {
    "loinc": re.compile(r"\d{1,7}-\d"),
    "snomed": re.compile(r"\d{7,18}"),
    "atc": re.compile(r"[A-Z]\d\d[A-Z]{2}\d\d"),
}
# Other names of the same systems: OIDs, and the names that published data sets gave them.
_SYSTEM_ALIASES = {
    "urn:oid:2.16.840.1.113883.6.96": "snomed",
    "urn:oid:2.16.840.1.113883.6.1": "loinc",
    "urn:oid:2.16.840.1.113883.6.88": "rxnorm",
    "urn:oid:2.16.840.1.113883.6.90": "icd10cm",
    "urn:oid:2.16.840.1.113883.6.3": "icd10",
    "urn:oid:2.16.840.1.113883.6.73": "atc",
    "urn:oid:2.16.840.1.113883.6.69": "ndc",
    "urn:oid:2.16.840.1.113883.6.12": "cpt",
    "http://fhir.mimic.mit.edu/CodeSystem/diagnosis-icd10": "icd10cm",
    "http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-diagnosis-icd10": "icd10cm",
    "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets": "hcpcs",
}


def meanings(concept: Json, kinds: frozenset[str]) -> list[str]:
    """Project concepts of a CodeableConcept, only those of the kinds wanted, the specific ones first.

    Raises SetAside where words turn the meaning round, or a known code stands under another system.
    """
    coded = tuple(coding for coding in codings(concept) if coding[1])
    found, doubt, item = _meant(text(mapping(concept).get("text")), coded, kinds)
    if doubt:
        raise SetAside(doubt, item)
    return list(found)


@lru_cache(maxsize=65536)
def _meant(words: str, coded: tuple[Coding, ...], kinds: frozenset[str]) -> tuple[tuple[str, ...], str, str]:
    """Concepts, and why they may not be used with the item in doubt. Cached: a record says the same often."""
    found = {known for system, code, _ in coded if (known := known_concept(system, code, kinds))}
    if not found:
        return _by_words(words, coded, kinds)
    if words and words not in {display for _, _, display in coded} and _REVERSING.search(words):
        return (), TOLD_OTHERWISE, min(found)
    return tuple(specific_first(found)), "", ""


@lru_cache(maxsize=65536)
def known_concept(system: str, code: str, kinds: frozenset[str]) -> str | None:
    """The concept of a code if it is of a wanted kind."""
    found = concept_of(_SYSTEM_ALIASES.get(system, system), code)
    return found if found in concepts() and kind_of(found) in kinds else None


def specific_first(found: set[str]) -> list[str]:
    """Without general concepts where a specific one is there too."""
    specific = sorted(each for each in found if not _GENERAL.search(each))
    return specific or sorted(found)


def words_of(concept: Json) -> str:
    """Text and displays of a CodeableConcept together."""
    displays = [display for _, _, display in codings(concept) if display]
    return " ".join(dict.fromkeys([text(mapping(concept).get("text")), *displays])).strip()


def _by_words(text_: str, coded: tuple[Coding, ...], kinds: frozenset[str]) -> tuple[tuple[str, ...], str, str]:
    """Words decide only where no code does; a test whose standard code is not listed is another test."""
    if "lab" in kinds and any(system_name(_SYSTEM_ALIASES.get(s, s)) in _STANDARD for s, _, _ in coded):
        kinds -= {"lab"}
    for words in dict.fromkeys(each for each in (text_, *(display for _, _, display in coded)) if each):
        said = understood(words, kinds)
        if said.concepts:
            return tuple(specific_first(set(said.concepts))), said.doubt, min(said.concepts)
    for system, code, _ in coded:
        if elsewhere := _wrong_system(system, code, kinds | {"lab"}):
            return (), f"a code of {elsewhere} under another system", code
    return (), "", ""


@lru_cache(maxsize=65536)
def _wrong_system(system: str, code: str, kinds: frozenset[str]) -> str:
    """The system a distinctive code really belongs to, "" where it is simply unknown."""
    own = system_name(_SYSTEM_ALIASES.get(system, system))
    if system and not own:
        return ""  # a local system may number its codes as it likes
    for name, shape in _SHAPES.items():
        meant = _distinctive()[name].get(code) if shape.fullmatch(code) and name != own else None
        if meant and kind_of(meant) in kinds:
            return name
    return ""


@cache
def _distinctive() -> dict[str, dict[str, str]]:
    frame = codes_frame()
    rows = zip(frame["system"].to_list(), frame["code"].to_list(), frame["concept"].to_list(), strict=True)
    found: dict[str, dict[str, str]] = {name: {} for name in _SHAPES}
    for system, code, concept in rows:
        if system in found:
            found[system][code] = concept
    return found
