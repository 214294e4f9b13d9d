"""Everyday and clinical words → concepts.

Phrases come from `words.csv`; the longest match wins; a phrase listed for the domain asked beats the same
phrase listed for any. What was denied is `present=False`, never the positive. `words_not_relevant.csv` lists
what says nothing about vitamin B12, so that "not understood" means just that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

from cobalamin.vocabulary.concepts import read_csv
from cobalamin.vocabulary.grid import read_grid
from cobalamin.vocabulary.negation import denied
from cobalamin.vocabulary.text import Token, content, phrase_key, tokenise, word_class

_LONGEST = 8
# A domain speaks of itself first: the same word is a complaint in one list and a finding in the other.
_SIGN_OF = {
    "sym_weakness_limb": "sign_weakness",
    "sym_weakness_general": "sign_weakness",
    "sym_balance_ataxia": "sign_ataxia",
    "sym_numbness": "sign_reduced_sensation",
    "sym_sore_tongue": "sign_glossitis",
    "sym_skin_darkening": "sign_hyperpigmentation",
    "sym_visual_loss": "sign_optic_atrophy",
}
_SYMPTOM_OF = {
    "sign_weakness": "sym_weakness_limb",
    "sign_ataxia": "sym_balance_ataxia",
    "sign_reduced_sensation": "sym_numbness",
    "sign_cognitive_test_low": "sym_memory_concentration",
    "sign_optic_atrophy": "sym_visual_loss",
    "sign_fever": "sym_fever",
}
_SENSORY = {"sym_paraesthesia", "sym_numbness", "sym_burning_feet", "sign_reduced_sensation"}
_OPEN_DOMAINS = ("symptoms", "signs", "conditions", "procedures", "laboratory", "medicines", "history")


@dataclass(frozen=True)
class Meaning:
    """One thing a text says: the concept, whether it is present, and for results the flag."""

    concept: str
    present: bool = True
    flag: str | None = None


@dataclass(frozen=True)
class Reading:
    """What a text says. `left`: its parts that were not understood; `relevant` is false where none matters."""

    meanings: tuple[Meaning, ...]
    relevant: bool
    left: tuple[str, ...]


def understand(text: str, domain: str | None = None) -> list[Meaning]:
    """The concepts a text speaks of, denied ones with `present=False`. `domain`: where the text stood."""
    return list(read_text(text, domain).meanings)


@lru_cache(maxsize=10_000)
def read_text(text: str, domain: str | None = None) -> Reading:
    """What a text says, whether that matters, and which of its parts were not understood."""
    tokens = tokenise(text)
    positions = content(tokens)
    used: set[int] = set()
    spans = list(_phrases(tokens, positions, used, domain))
    meanings = [meaning for span, rows in spans for meaning in _mean(tokens, span, rows, used)]
    meanings += _weakness(tokens, used)
    if domain in (None, "signs", "symptoms", "laboratory"):
        hits = read_grid(tokens, positions, used)
        meanings += [Meaning(concept, present) for *_, concept, present in hits]
        used.update(position for first, last, *_ in hits for position in range(first, last + 1))
    passed = set(_not_relevant(tokens, positions, used, domain))
    left = _left(tokens, positions, used | passed)
    return Reading(tuple(_settle(meanings, tokens, domain)), bool(meanings), left)


Rows = tuple[Meaning, ...]
Span = list[int]


@cache
def _lexicon() -> dict[tuple[str, ...], dict[str, Rows]]:
    lexicon: dict[tuple[str, ...], dict[str, Rows]] = {}
    for row in read_csv("words.csv"):
        meaning = Meaning(row["concept"], row["present"] == "true", row["flag"] or None)
        domains = lexicon.setdefault(phrase_key(row["phrase"]), {})
        if meaning not in domains.get(row["domain"], ()):
            domains[row["domain"]] = (*domains.get(row["domain"], ()), meaning)
    for key in [key for key in lexicon if len(key) == 2]:
        lexicon.setdefault((key[1], key[0]), lexicon[key])
    return lexicon


def _rows(key: tuple[str, ...], domain: str | None) -> Rows:
    domains = _lexicon().get(key)
    if not domains:
        return ()
    if domain in domains:
        return domains[domain]
    if domain == "family":
        return ()
    if "" in domains or domain is not None:
        return domains.get("", ())
    return next((domains[name] for name in _OPEN_DOMAINS if name in domains), ())


def _phrases(
    tokens: list[Token], positions: list[int], used: set[int], domain: str | None
) -> Iterator[tuple[Span, Rows]]:
    """Spans of phrases, longest first; a second look steps over words of degree, side and number."""
    close = [p for p in positions if tokens[p].word not in word_class("gap") and not tokens[p].word[0].isdigit()]
    for length in range(_LONGEST, 0, -1):
        for order in (positions, close) if length > 1 else (positions,):
            for start in range(len(order) - length + 1):
                span = order[start : start + length]
                if used.intersection(span) or not _together(tokens, span):
                    continue
                rows = _rows(tuple(tokens[p].word for p in span), domain)
                if rows:
                    used.update(span)
                    yield span, rows
                elif length > 1 and _is_passed_over(tuple(tokens[p].word for p in span), domain):
                    # The longest phrase wins here too: "vitamin d" is not "vitamins".
                    used.update(span)


def _together(tokens: list[Token], span: Span) -> bool:
    """A phrase may not cross a full stop; only one of three words or more may cross a comma."""
    first, last = tokens[span[0]], tokens[span[-1]]
    return first.sentence == last.sentence and (first.chunk == last.chunk or len(span) > 2)


def _mean(tokens: list[Token], span: Span, rows: Rows, used: set[int]) -> list[Meaning]:
    no = denied(tokens, span[0], span[-1], used)
    return [_deny(row) if no else row for row in rows]


def _deny(meaning: Meaning) -> Meaning:
    """A denied word result is the opposite result; a denied fact is a recorded negative."""
    if meaning.flag:
        opposite = "negative" if meaning.flag == "positive" else "normal"
        return Meaning(meaning.concept, True, opposite)
    return Meaning(meaning.concept, not meaning.present)


def _weakness(tokens: list[Token], used: set[int]) -> list[Meaning]:
    """ "weak" is a limb's weakness only where a limb is named; a weak face is neither."""
    found = []
    for position, token in enumerate(tokens):
        if token.word not in ("weak", "weakness") or position in used:
            continue
        near = {other.word for other in tokens if other.chunk == token.chunk}
        used.add(position)
        if near & {"face", "facial"}:
            continue
        limb = bool(near & (word_class("limb") | {"sided"}))
        present = not denied(tokens, position, position, used)
        # Whoever denies weakness denies it of the limbs too.
        kinds = ["sym_weakness_limb"] if limb else ["sym_weakness_general"]
        kinds += ["sym_weakness_limb"] if not present and not limb else []
        found += [Meaning(concept, present) for concept in kinds]
    return found


def _settle(meanings: list[Meaning], tokens: list[Token], domain: str | None) -> list[Meaning]:
    """Each thing once, in the words of its domain; a one-sided sensory complaint is told from a symmetrical one."""
    swap = {"signs": _SIGN_OF, "symptoms": _SYMPTOM_OF}.get(domain or "", {})
    focal = _one_sided(tokens)
    settled: dict[tuple[str, bool, str | None], Meaning] = {}
    for meaning in meanings:
        concept = swap.get(meaning.concept, meaning.concept)
        if focal and concept in _SENSORY and meaning.present:
            concept = "sym_unilateral_or_focal_sensory"
        settled.setdefault((concept, meaning.present, meaning.flag), Meaning(concept, meaning.present, meaning.flag))
    positives = {meaning.concept for meaning in settled.values() if meaning.present}
    kept = [m for m in settled.values() if m.present or m.concept not in positives]
    return [m for m in kept if m.concept != "sym_none" or len(kept) == 1]


def _one_sided(tokens: list[Token]) -> bool:
    raw = [token.raw for token in tokens]
    if {"left", "right"} <= set(raw) or {"both", "bilateral", "bilaterally", "symmetrical"} & set(raw):
        return False
    one_part = any(a in ("one", "single") and b in word_class("body_part") for a, b in pairwise(raw))
    return one_part or bool(set(raw) & {"left", "right", "unilateral", "thumb", "ulnar", "median"})


@cache
def _passed_over() -> dict[tuple[str, ...], set[str]]:
    keys: dict[tuple[str, ...], set[str]] = {}
    for row in read_csv("words_not_relevant.csv"):
        keys.setdefault(phrase_key(row["phrase"]), set()).add(row["domain"])
    return keys


def _is_passed_over(key: tuple[str, ...], domain: str | None) -> bool:
    listed = _passed_over().get(key, set())
    if any(word in word_class("negator") for word in key):  # it may deny what follows
        return False
    asked = "medicines" if domain == "treatment" else domain
    return bool(listed) if asked is None else asked in listed


def _not_relevant(tokens: list[Token], positions: list[int], used: set[int], domain: str | None) -> Iterator[int]:
    filler = word_class("filler")
    free = [p for p in positions if p not in used]
    if all(tokens[p].word in filler for p in free) and used:
        return
    for length in range(_LONGEST, 0, -1):
        for start in range(len(free) - length + 1):
            span = free[start : start + length]
            key = tuple(tokens[p].word for p in span)
            if key in _passed_over() or (domain == "family" and key in _lexicon()):
                yield from span


def _left(tokens: list[Token], positions: list[int], known: set[int]) -> tuple[str, ...]:
    """Chunks in which nothing was known and more than words of degree, time or place remains."""
    filler = word_class("filler") | word_class("negator") | word_class("normal")
    left = []
    for chunk in sorted({tokens[p].chunk for p in positions}):
        here = [p for p in positions if tokens[p].chunk == chunk]
        rest = [p for p in here if tokens[p].word not in filler and not tokens[p].word[0].isdigit()]
        if rest and not known.intersection(here):
            left.append(" ".join(token.raw for token in tokens if token.chunk == chunk))
    if not known and not left and positions:
        left.append(" ".join(token.raw for token in tokens))
    return tuple(left)
