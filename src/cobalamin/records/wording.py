"""Words in a coded record, read with the vocabulary's everyday words, more strictly than a person's sheet.

A sheet is typed about one patient. The displays of a record also name diseases in screening, tests, histories
and relatives: "standard pregnancy test", "pulmonary hypertension". A fact is therefore read only where its
words say it and nothing more; a medicine's name may stand among strengths and forms.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from cobalamin.events import FLAGS
from cobalamin.vocabulary.concepts import concepts, read_csv
from cobalamin.vocabulary.results import Printed, flag_of, read_result, test_of
from cobalamin.vocabulary.text import fold, phrase_key
from cobalamin.vocabulary.words import read_text

PRODUCTS = frozenset({"treatment", "medicine"})
TOLD_OTHERWISE = "words that could reverse the meaning"
PARTLY = "words that are only partly understood"
_NOT_B12 = ("tx_folic", "tx_iron", "tx_hydroxocobalamin_cyanide_antidote", "tx_multivitamin_class")
_SINGLE_VITAMIN = re.compile(r"\bvitamins? ?(a|c|d ?\d?|e|k ?\d?)\b", re.IGNORECASE)
_DOMAINS = {"", "conditions", "procedures", "diet", "symptoms", "allergies"}
# Words that add nothing to what a display names.
_EMPTY = frozenset(
    fold(word)
    for word in (
        *("unspecified", "specified", "nos", "other", "type", "essential", "mellitus", "disease", "syndrome"),
        *("disorder", "finding", "procedure", "situation", "diagnosis", "product", "substance"),
    )
)
# Where words of these are not wholly understood, a person must see them; elsewhere they are passed over.
_WEIGHTY = re.compile(
    r"b12|pernicious|sacd|gastrect|gastric_bypass|sleeve|bariatric|ileal|ileocaecal|coeliac|crohn|atrophic_gastritis|"
    r"inborn|leber|imerslund|transcobalamin|diet_vegan|nitrous"
)


@dataclass(frozen=True)
class Wording:
    """Concepts that words name; `doubt` says why they may not be used as facts ("" where they may)."""

    concepts: tuple[str, ...] = ()
    doubt: str = ""


@lru_cache(maxsize=65536)
def understood(words: str, kinds: frozenset[str]) -> Wording:
    """What words name, of the kinds wanted: a test or a fact as a whole, a product among its strengths."""
    if "lab" in kinds and (test := test_of(words)) and len(test.concepts) == 1:
        return Wording(test.concepts)
    whole = tuple(each for each in _facts().get(_key(words), ()) if kind_of(each) in kinds - PRODUCTS)
    if whole:
        return Wording(whole)
    reading = read_text(words, "medicines" if kinds == PRODUCTS else None)
    single = _SINGLE_VITAMIN.search(words)
    wanted = [
        m for m in reading.meanings
        if kind_of(m.concept) in kinds and m.flag is None
        and not (single and m.concept == "tx_multivitamin_b12")
    ]  # fmt: skip
    denied = any(not m.present for m in wanted)
    products = tuple(dict.fromkeys(m.concept for m in wanted if kind_of(m.concept) in PRODUCTS))
    if products and (kinds == PRODUCTS or all("_b12" in each or "cobalamin" in each for each in products)):
        return Wording(products, TOLD_OTHERWISE if denied else "")
    weighty = tuple(m.concept for m in wanted if _WEIGHTY.search(m.concept))
    return Wording(weighty, TOLD_OTHERWISE if denied else PARTLY) if weighty else Wording()


@cache
def _facts() -> dict[frozenset[str], tuple[str, ...]]:
    """Phrases that state a fact, by their words in any order."""
    found: dict[frozenset[str], tuple[str, ...]] = {}
    for row in read_csv("words.csv"):
        if row["present"] == "true" and not row["flag"] and row["domain"] in _DOMAINS:
            key = _key(row["phrase"])
            if key and row["concept"] not in found.get(key, ()):
                found[key] = (*found.get(key, ()), row["concept"])
    return found


def _key(words: str) -> frozenset[str]:
    return frozenset(word for word in phrase_key(words) if word not in _EMPTY)


def products_of(found: Iterable[str]) -> list[str]:
    """Of the concepts named for one product, one for each substance: the one that names most."""
    best: dict[str, str] = {}
    for concept in sorted(found):
        substance = "b12" if is_b12(concept) else "_".join(concept.split("_")[:2])
        best[substance] = max(best.get(substance, concept), concept, key=lambda each: (each.count("_"), each))
    return sorted(best.values())


def is_b12(concept: str) -> bool:
    """Whether a product's concept is treatment that holds B12."""
    return concept.startswith("tx_") and not concept.startswith(_NOT_B12)


def kind_of(concept: str) -> str:
    """The kind of a concept; coded findings of the laboratory ("below reference range") are facts."""
    return "finding" if concept.startswith("finding_") else concepts()[concept].kind


@lru_cache(maxsize=4096)
def understood_result(words: str) -> str | None:
    """The flag that a result in words stands for ("low", "not detected"); None where not understood."""
    flag = flag_of(words)
    return flag if flag in FLAGS else None


@lru_cache(maxsize=4096)
def printed_result(words: str) -> Printed | None:
    """A number with comparator and unit, or a word, as printed; None where neither."""
    return read_result(words)


@lru_cache(maxsize=4096)
def understood_report(words: str) -> tuple[tuple[str, str], ...]:
    """Results of the laboratory that a report in words states: concept and flag."""
    meanings = read_text(words, "laboratory").meanings
    return tuple((m.concept, m.flag) for m in meanings if m.flag and kind_of(m.concept) == "lab")
