"""Free text → tokens: one spelling for British and American, singular and plural, with and without accents."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

from cobalamin.vocabulary.concepts import read_csv

_TOKEN = re.compile(r"[a-z0-9]+(?:[./][0-9]+)?\+?|[,;.:()/]")
_COLOUR = re.compile(r"(col|behavi|tum|lab|od|fav|vig)our")
_SPELLINGS = {"grey": "gray", "fibre": "fiber", "disk": "disc", "hb": "hemoglobin", "oestrogen": "estrogen"}
_FULL_STOPS = {";", "."}
_BUT = {"but", "however", "although", "except", "though", "yet", "despite", "then"}


_ASCII = str.maketrans({"'": "", "&": " and ", "-": " ", "_": " "})


@dataclass(frozen=True)
class Token:
    """A word of a text. `raw` as written, `word` folded; `chunk` counts commas, `sentence` full stops and buts."""

    raw: str
    word: str
    chunk: int
    sentence: int


def plain(text: str) -> str:
    """Lower case, no accents, no apostrophes, blanks for hyphens."""
    if text.isascii():
        return text.lower().translate(_ASCII)
    apart = unicodedata.normalize("NFKD", text.replace("’", "'").replace("ß", "ss")).casefold()
    letters = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return letters.replace("'", "").replace("&", " and ").replace("-", " ").replace("–", " ").replace("_", " ")


@lru_cache(maxsize=20_000)
def fold(word: str) -> str:
    """One spelling for haem/hem, oedema/edema, colour/color, -ise/-ize and for the plural."""
    word = _SPELLINGS.get(word, word)
    word = word.replace("ae", "e").replace("oe", "e").replace("sulph", "sulf").replace("leuco", "leuko")
    word = _COLOUR.sub(r"\1or", word).replace("ised", "ized").replace("ising", "izing").replace("isation", "ization")
    return _singular(word)


def _singular(word: str) -> str:
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-2] if word.endswith(("xes", "sses")) else word[:-1]


def tokenise(text: str) -> list[Token]:
    """The words of a text with the chunk and the sentence each belongs to."""
    tokens: list[Token] = []
    chunk = sentence = 0
    raws = _TOKEN.findall(_without_abbreviation_stops(plain(_written_out(text))))
    for before, raw, after in zip(["", *raws], raws, [*raws[1:], ""], strict=False):
        if raw in _FULL_STOPS:
            sentence, chunk = sentence + 1, chunk + 1
        elif raw in ",:()/":
            chunk += 1
        else:
            if raw in _BUT and not _is_of_time(before, raw, after):
                sentence, chunk = sentence + 1, chunk + 1
            tokens.append(Token(raw, fold(raw), chunk, sentence))
    return tokens


def _is_of_time(before: str, raw: str, after: str) -> bool:
    """ "not yet resolved" and "yet to resolve" hold no but."""
    return raw == "yet" and (after == "to" or before in word_class("negator"))


# Shorthand whose signs would be lost: "-ve" must not become a mere "ve".
_SHORTHAND = (
    (re.compile(r"(?<!\w)[-−–](?:ve\b|(?=\s*$))|\(\s*[-−–](?:ve)?\s*\)|\bneg\b", re.IGNORECASE), " negative "),
    (re.compile(r"(?<!\w)\+(?:ve\b)|\(\s*\+(?:ve)?\s*\)|\bpos\b", re.IGNORECASE), " positive "),
    (re.compile(r"\bnot positive\b", re.IGNORECASE), "negative"),
    (re.compile(r"(?<=[a-z])\+{1,4}(?!\w)", re.IGNORECASE), " "),  # "tiredness+" is tiredness
    (re.compile(r"\bruled out\b", re.IGNORECASE), "excluded"),
    (re.compile(r"\bh/o\b", re.IGNORECASE), "history of"),
    (re.compile(r"\bc/o\b", re.IGNORECASE), "complains of"),
    (re.compile(r"\bw/o\b", re.IGNORECASE), "without"),
    (re.compile(r"\bs/p\b", re.IGNORECASE), "after"),
    # The article is a word that is left out; the vitamin is not.
    (re.compile(r"\bvit(?:amin)?s?\.? a\b(?! day| each| daily)", re.IGNORECASE), "retinol"),
    (re.compile(r"\bo/e\b", re.IGNORECASE), "on examination"),
)


def _written_out(text: str) -> str:
    for pattern, words in _SHORTHAND:
        text = pattern.sub(words, text)
    return text


def _without_abbreviation_stops(text: str) -> str:
    """ "h. pylori", "i.m." and "approx. 3" hold no full stop."""
    return re.sub(r"\b([a-z]{1,2})\.(?=\s|[a-z]|$)", r"\1 ", text)


@cache
def word_class(name: str) -> frozenset[str]:
    """The folded words of one class of `words_classes.csv` ("stop", "negator", "loss", ...)."""
    rows = read_csv("words_classes.csv")
    words = {fold(part) for row in rows if row["class"] == name for part in plain(row["word"]).split()}
    if name in ("loss", "normal", "brisk"):
        words |= {row["word"] for row in rows if row["class"] == name and not row["word"].isalpha()}
    return frozenset(words)


def content(tokens: list[Token]) -> list[int]:
    """Positions of the tokens that carry meaning."""
    stop = word_class("stop")
    return [position for position, token in enumerate(tokens) if token.word not in stop]


@lru_cache(maxsize=20_000)
def phrase_key(phrase: str) -> tuple[str, ...]:
    """The folded content words of a phrase, the form in which phrases are compared."""
    text = plain(phrase)
    letters = text.replace(" ", "")
    words = text.split() if letters.isalnum() and letters.isascii() else [token.raw for token in tokenise(phrase)]
    stop = word_class("stop")
    return tuple([folded for word in words if (folded := fold(word)) not in stop])
