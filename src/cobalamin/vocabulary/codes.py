"""Clinical codes → the project's concepts, from `codes.csv`.

Exact codes first. Then, for ICD and ATC only, the longest listed prefix: their codes are trees, the others'
are not. SNOMED descendants are not expanded. Rows whose evidence is "recalled" were written from memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import polars as pl

from cobalamin.vocabulary.concepts import concept_type, read_csv

SYSTEM_URIS = {
    "http://loinc.org": "loinc",
    "http://snomed.info/sct": "snomed",
    "https://dmd.nhs.uk": "dmd",
    "http://hl7.org/fhir/sid/icd-10-cm": "icd10cm",
    "http://hl7.org/fhir/sid/icd-10": "icd10",
    "http://hl7.org/fhir/sid/icd-10-uk": "icd10",
    "http://fhir.de/codesystem/bfarm/icd-10-gm": "icd10",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "rxnorm",
    "http://www.whocc.no/atc": "atc",
    "http://fhir.de/codesystem/bfarm/atc": "atc",
    "http://www.ama-assn.org/go/cpt": "cpt",
    "http://terminology.hl7.org/codesystem/hcpcs-all-codes": "hcpcs",
    "https://www.cms.gov/medicare/coding/hcpcsreleasecodesets": "hcpcs",
    "http://hl7.org/fhir/sid/ndc": "ndc",
    "http://terminology.hl7.org/codesystem/diet": "hl7_diet",
    "https://fhir.hl7.org.uk/id/opcs-4": "opcs4",
    "http://read.info/readv2": "readv2",
}
# Ways of giving stand in `codes.csv` beside the concepts and never become events themselves.
ROUTES = {
    "route_intramuscular": "im",
    "route_subcutaneous": "sc",
    "route_intravenous": "iv",
    "route_oral": "oral",
    "route_sublingual": "sublingual",
    "route_nasal": "nasal",
}
_TREES = {"icd10", "icd10cm", "atc"}
_SHORTEST_PREFIX = 3  # an ICD category, an ATC subgroup


@dataclass(frozen=True)
class Coded:
    """A code that was found; `exact` is false where only a listed prefix of it was."""

    concept: str
    display: str
    recalled: bool
    exact: bool


def system_name(system: str | None) -> str:
    """The short name of a code system given by its FHIR URI, OID-free, or by its short name; else ""."""
    text = (system or "").strip().rstrip("/").casefold()
    if text.startswith("http://snomed.info/sct"):
        return "snomed"
    return SYSTEM_URIS.get(text, text if text in _by_system() else "")


def canonical_code(system: str, code: str) -> str:
    """A code as the lists compare it: no blanks, ICD and OPCS without the dot, BNF cut to the substance."""
    text = code.strip()
    if system in ("icd10", "icd10cm", "opcs4"):
        return text.replace(".", "").upper()
    if system == "bnf":
        return text[:9]
    if system == "ndc":
        return _ndc(text)
    return text.upper() if system in ("atc", "hcpcs") else text


def _ndc(code: str) -> str:
    """Labeler and product without leading zeros: the package segment and the padding vary by source."""
    return "-".join(part.lstrip("0") for part in code.split("-")[:2])


def concept_of(system: str | None, code: str | None) -> str | None:
    """The concept of a code, or None where the code is not listed. `system` is a FHIR URI or a short name."""
    found = look_up(system, code)
    return found.concept if found else None


def look_up(system: str | None, code: str | None) -> Coded | None:
    """What the lists know of a code, with its display and whether the match is exact."""
    name = system_name(system)
    if not name or not code:
        return None
    # dm+d identifiers are SNOMED identifiers and arrive under either URI.
    names = ("snomed", "dmd") if name in ("snomed", "dmd") else (name,)
    for candidate in names:
        found = _exact(candidate, canonical_code(candidate, code))
        if found:
            return found
    return _by_prefix(name, canonical_code(name, code)) if name in _TREES else None


def _exact(system: str, code: str) -> Coded | None:
    listed = _by_system().get(system, {})
    if code in listed:
        return listed[code]
    if system == "readv2":
        return listed.get(code[:7]) or _read_five().get(code[:5])
    return None


def _by_prefix(system: str, code: str) -> Coded | None:
    listed = _by_system()[system]
    for length in range(len(code) - 1, _SHORTEST_PREFIX - 1, -1):
        found = listed.get(code[:length])
        if found:
            return Coded(found.concept, found.display, found.recalled, exact=False)
    return None


@cache
def _by_system() -> dict[str, dict[str, Coded]]:
    tables: dict[str, dict[str, Coded]] = {}
    for row in read_csv("codes.csv"):
        code = canonical_code(row["system"], row["code"])
        coded = Coded(row["concept"], row["display"], row["evidence"].startswith("recalled"), exact=True)
        tables.setdefault(row["system"], {}).setdefault(code, coded)
    return tables


@cache
def _read_five() -> dict[str, Coded]:
    return {code[:5]: coded for code, coded in reversed(_by_system().get("readv2", {}).items())}


@cache
def codes_frame() -> pl.DataFrame:
    """system, code (as `canonical_code` gives it), concept, display, recalled, tree: for readers in bulk.

    Where `tree` is true a longer code also matches; join exact codes first, then shorten the rest.
    """
    rows = [
        (system, code, coded.concept, coded.display, coded.recalled, system in _TREES)
        for system, listed in _by_system().items()
        for code, coded in listed.items()
        if coded.concept not in ROUTES
    ]
    names = ["system", "code", "concept", "display", "recalled", "tree"]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    return frame.with_columns(pl.col("concept").cast(concept_type()))


def route_of(system: str | None, code: str | None) -> str | None:
    """The event route ("im", "oral", ...) of a coded route of administration, or None."""
    return ROUTES.get(concept_of(system, code) or "")
