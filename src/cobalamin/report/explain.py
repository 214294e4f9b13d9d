"""Plain answers to everyday questions. The words are in `explain_topics/`; the numbers come from the guidance."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from cobalamin.errors import CobalaminError
from cobalamin.guidance import DEFAULT, Guideline, load
from cobalamin.guidance.model import Phase
from cobalamin.report.words import interval, number, unit_words

WIDTH = 100
CERTAINTY = {"seen": "", "recalled": "; check the source", "ours": "; our own view"}
PLACEHOLDER = re.compile(r"\{(\w+):([^}:]+)(?::([^}]+))?\}")
# Words that say nothing about what is asked.
EMPTY_WORDS = (
    "a about am an and any are be been can could do does for from get got have how i if in is it many me much my "
    "of on or should so some than that the their them there they this to vitamin want was what when where which "
    "who why will with without work works would you your b12 need"
)
EMPTY = frozenset(EMPTY_WORDS.split())
CLOSING = (
    "This page is general. It cannot see you, and it does not replace your doctor, nurse or pharmacist. "
    "Get help the same day for: weak legs, trouble walking, sudden loss of sight, new trouble with bladder or bowel, "
    "chest pain, fainting, or swelling of face or throat."
)


@dataclass(frozen=True)
class Statement:
    """One thing said, with where it comes from and how sure that is (seen, recalled, ours)."""

    text: str
    source: str
    certainty: str


@dataclass(frozen=True)
class Topic:
    """A page of plain words: statements, and the everyday questions that lead to it."""

    id: str
    title: str
    asks: tuple[str, ...]
    says: tuple[Statement, ...]


@cache
def topics() -> dict[str, Topic]:
    """All topics by id, in the order of their titles."""
    from ruamel.yaml import YAML

    reader = YAML(typ="safe", pure=True)
    folder = files(__package__).joinpath("explain_topics")
    found = []
    for path in sorted(folder.iterdir(), key=lambda one: one.name):
        if path.name.endswith(".yaml"):
            found.append(_topic(path.name.removesuffix(".yaml"), reader.load(path.read_text(encoding="utf-8"))))
    return {topic.id: topic for topic in sorted(found, key=lambda one: one.title)}


def _topic(name: str, raw: dict[str, Any]) -> Topic:
    says = tuple(Statement(one["text"], one["source"], one["certainty"]) for one in raw["says"])
    return Topic(name, raw["title"], tuple(raw["asks"]), says)


def explain(topic: str, guidance: Guideline | str = DEFAULT) -> str:
    """The page for a topic, or for a question in everyday words, with numbers from the guidance.

    Raises CobalaminError where no topic fits, naming them all.
    """
    guideline = load(guidance) if isinstance(guidance, str) else guidance
    found = find_topic(topic)
    lines = [found.title, ""]
    for one in found.says:
        said = f"{filled(one.text, guideline)} [{filled(one.source, guideline)}{CERTAINTY[one.certainty]}]"
        lines += textwrap.wrap(said, WIDTH, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)
    return "\n".join([*lines, "", *textwrap.wrap(CLOSING, WIDTH)]) + "\n"


def find_topic(asked: str) -> Topic:
    """The topic with this id or title, or else the one whose questions share the rarest words with it."""
    every = topics()
    name = _plain_name(asked)
    exact = [topic for topic in every.values() if name in (topic.id, *map(_plain_name, (topic.title, *topic.asks)))]
    if exact:
        return exact[0]
    wanted = set(_tokens(asked))
    scores = {topic.id: _score(wanted, topic) for topic in every.values()}
    best = max(scores, key=lambda one: scores[one])
    if not scores[best]:
        known = ", ".join(plain_id.replace("_", " ") for plain_id in every)
        raise CobalaminError(f"Nothing is written about {asked.strip() or 'an empty question'!r}. Topics: {known}.")
    return every[best]


def _plain_name(text: str) -> str:
    return "_".join(re.findall(r"[a-z0-9]+", text.casefold()))


def _score(wanted: set[str], topic: Topic) -> float:
    """Shared words, each counting less the more topics use it; best over the topic's questions."""
    name = set(_tokens(topic.id.replace("_", " ")))
    best = max((_weight(wanted & set(_tokens(one))) / (1 + len(set(_tokens(one)) - wanted) / 4)) for one in topic.asks)
    return best + _weight(wanted & name)


def _weight(shared: set[str]) -> float:
    return sum(1 / _spread()[word] for word in shared)


@cache
def _spread() -> dict[str, int]:
    """In how many topics each word is asked."""
    counts: dict[str, int] = {}
    for topic in topics().values():
        for word in {token for text in (topic.id.replace("_", " "), *topic.asks) for token in _tokens(text)}:
            counts[word] = counts.get(word, 0) + 1
    return counts


def _tokens(text: str) -> list[str]:
    words = re.findall(r"[a-z0-9]+", text.casefold())
    return [_stem(word) for word in words if word not in EMPTY]


def _stem(word: str) -> str:
    for ending in ("ing", "ies", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) > 2:
            return word[: -len(ending)]
    return word


def filled(text: str, guideline: Guideline) -> str:
    """The text with its placeholders filled from the guidance, so that no number can drift from it.

    {threshold:NAME:UNIT}  {dose:REGIMEN:PHASE}  {every:REGIMEN:PHASE}  {count:REGIMEN:PHASE}  {widest:REGIMEN:PHASE}
    Raises CobalaminError for a name the guidance does not have.
    """
    return PLACEHOLDER.sub(lambda match: _value(guideline, *match.groups()), text)


def _value(guideline: Guideline, kind: str, name: str, part: str | None) -> str:
    if kind == "threshold":
        threshold = guideline.thresholds.get(name)
        values = {unit: value for value, unit in threshold.values} if threshold else {}
        unit = part if part in values else next(iter(values), "")
        if unit:
            return f"{number(values[unit])} {unit_words(unit)}".strip()
    phase = _phase(guideline, name, part)
    if phase is not None:
        return _of_phase(kind, phase)
    raise CobalaminError(f"explain: the guidance {guideline.id} has no {kind} {name!r} {part or ''}.")


def _phase(guideline: Guideline, regimen: str, name: str | None) -> Phase | None:
    found = guideline.regimens.get(regimen)
    return next((phase for phase in found.phases if name in (None, phase.name)), None) if found else None


def _of_phase(kind: str, phase: Phase) -> str:
    if kind == "dose":
        return f"{number(phase.dose)} {phase.dose_unit.replace('ug', 'micrograms')}"
    if kind == "count":
        return str(phase.count or "")
    if kind == "widest":
        return interval(phase.interval_max_days or phase.every_days)
    return interval(phase.every_days)
