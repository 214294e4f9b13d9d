"""Is a phrase of a text denied? "no numbness", "denies falls, weakness", "Romberg negative", "non-vegetarian"."""

from __future__ import annotations

from cobalamin.vocabulary.text import Token, word_class

_REACH = 8
_FAR_NEGATORS = {"deny", "denied", "denies", "denie"}
_LISTS = {"or", "nor"}


def denied(tokens: list[Token], first: int, last: int, used: set[int]) -> bool:
    """True where the words `first` to `last` stand under a negation that is not itself part of a phrase."""
    return _before(tokens, first, used) or _inside(tokens, first, last, used) or _after(tokens, last, used)


def _inside(tokens: list[Token], first: int, last: int, used: set[int]) -> bool:
    """A negation between the words of a phrase denies it: "plantars not extensor"."""
    return any(tokens[p].word in word_class("negator") and p not in used for p in range(first + 1, last))


def _before(tokens: list[Token], first: int, used: set[int]) -> bool:
    commas = 0
    for position in range(first - 1, max(-1, first - 1 - _REACH * 2), -1):
        here, later = tokens[position], tokens[position + 1]
        if here.sentence != later.sentence:
            return False
        commas += here.chunk != later.chunk
        if here.word in word_class("negator") and position not in used:
            return _reaches(tokens, position, first, commas)
    return False


def _reaches(tokens: list[Token], negator: int, first: int, commas: int) -> bool:
    """A "no" ends at the comma unless a list with "or" follows; "denies" does not."""
    if not commas:
        return first - negator <= _REACH
    if tokens[negator].word in _FAR_NEGATORS:
        return True
    sentence = tokens[negator].sentence
    rest = (token for token in tokens[negator:] if token.sentence == sentence)
    return any(token.raw in _LISTS for token in rest)


def _after(tokens: list[Token], last: int, used: set[int]) -> bool:
    """Only a negation that closes the chunk counts: "numb feet absent ankle jerks" denies nothing."""
    following = []
    for position in range(last + 1, len(tokens)):
        if tokens[position].sentence != tokens[last].sentence:
            break
        # "falls: none" puts its answer into the next chunk; only a single word may.
        if tokens[position].chunk > tokens[last].chunk + 1:
            break
        following.append(position)
    own = [p for p in following if tokens[p].chunk == tokens[last].chunk]
    if not own:
        own = following if len(following) == 1 else []
    meaning = [p for p in own if tokens[p].word not in word_class("stop")]
    return len(meaning) == 1 and meaning[0] not in used and tokens[meaning[0]].word in word_class("after_negator")
