"""Examination grid: a noun ("vibration sense", "ankle jerks") and its quality ("reduced", "normal", "brisk").

"impaired vibration and proprioception", "vibration, position: lost", "normal strength and reflexes" all
share one quality among several nouns, so the quality of each noun is looked for in its own chunk first.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from cobalamin.vocabulary.concepts import read_csv
from cobalamin.vocabulary.negation import denied
from cobalamin.vocabulary.text import Token, phrase_key, word_class

QUALITIES = ("loss", "normal", "brisk", "ataxic", "extensor")
Hit = tuple[int, int, str, bool]


@cache
def _nouns() -> dict[tuple[str, ...], dict[str, list[tuple[str, bool]]]]:
    nouns: dict[tuple[str, ...], dict[str, list[tuple[str, bool]]]] = {}
    for row in read_csv("words_grid.csv"):
        qualities = nouns.setdefault(phrase_key(row["noun"]), {})
        qualities.setdefault(row["quality"], []).append((row["concept"], row["present"] == "true"))
    return nouns


def read_grid(tokens: list[Token], positions: list[int], used: set[int]) -> list[Hit]:
    """(first token, last token, concept, present) for every noun whose quality is stated."""
    nouns = _find_nouns(tokens, positions, used)
    chunks = _chunks(tokens)
    taken = {position for span, _ in nouns for position in span}
    hits: list[Hit] = []
    for span, key in nouns:
        for concept, present in _judge(tokens, span, key, chunks, used, taken):
            hits.append((span[0], span[-1], concept, present))
    return hits


def _find_nouns(tokens: list[Token], positions: list[int], used: set[int]) -> list[tuple[list[int], tuple[str, ...]]]:
    found: list[tuple[list[int], tuple[str, ...]]] = []
    taken = set(used)
    for length in (3, 2, 1):
        for start in range(len(positions) - length + 1):
            span = positions[start : start + length]
            key = tuple(tokens[position].word for position in span)
            if key in _nouns() and not taken.intersection(span):
                found.append((span, key))
                taken.update(span)
    return sorted(found)


def _chunks(tokens: list[Token]) -> list[int]:
    """Chunk of each token; "and reduced ..." or "with intact ..." opens a new one."""
    numbers, extra = [], 0
    for position, token in enumerate(tokens):
        following = tokens[position + 1].word if position + 1 < len(tokens) else ""
        extra += token.raw in ("and", "with") and _is_quality(following)
        numbers.append(token.chunk * 100 + extra)
    return numbers


def _is_quality(word: str) -> bool:
    return any(word in word_class(quality) for quality in QUALITIES)


def _judge(
    tokens: list[Token],
    span: list[int],
    key: tuple[str, ...],
    chunks: list[int],
    used: set[int],
    nouns: set[int],
) -> list[tuple[str, bool]]:
    known = _nouns()[key]
    place = _quality(tokens, span, known, chunks, nouns)
    if place is None:
        # "no ankle jerks" says that they are lost.
        lost = denied(tokens, span[0], span[-1], used) and "loss" in known
        return known["loss"] if lost else []
    position, quality = place
    if denied(tokens, position, position, used | {position}) and quality != "normal":
        quality = "normal"
    elif tokens[max(0, position - 1)].raw == "not" and quality == "normal":
        quality = "loss"
    return known.get(quality, [])


def _quality(
    tokens: list[Token], span: list[int], known: Mapping[str, object], chunks: list[int], nouns: set[int]
) -> tuple[int, str] | None:
    """The nearest quality in the noun's chunk; else the one shared by the list the noun stands in."""
    sentence = tokens[span[0]].sentence
    places = [
        (position, quality)
        for position, token in enumerate(tokens)
        for quality in QUALITIES
        if quality in known
        and token.word in word_class(quality)
        and token.sentence == sentence
        and position not in nouns
    ]
    own = [p for p in places if chunks[p[0]] == chunks[span[0]]]
    if own:
        return min(own, key=lambda p: min(abs(p[0] - span[0]), abs(p[0] - span[-1])))
    before = [p for p in places if p[0] < span[0] and _heads_its_chunk(p[0], chunks, nouns)]
    after = [p for p in places if p[0] > span[-1]]
    return before[-1] if before else after[0] if after else None


def _heads_its_chunk(position: int, chunks: list[int], nouns: set[int]) -> bool:
    """ "reduced pain, vibration" hands its quality on; "power normal, vibration" does not."""
    return not any(noun < position and chunks[noun] == chunks[position] for noun in nouns)
