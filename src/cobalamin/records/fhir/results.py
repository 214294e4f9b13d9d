"""One result: a quantity, words such as "<30" or "positive", or a coded answer; its flag and its range."""

from __future__ import annotations

from dataclasses import dataclass

from cobalamin import units
from cobalamin.records.fhir.elements import Json, code_words, codings, items, mapping, number, text
from cobalamin.records.fhir.meaning import words_of
from cobalamin.records.fhir.outcome import SetAside
from cobalamin.records.wording import printed_result, understood_result
from cobalamin.vocabulary.concepts import concepts

_INTERPRETATIONS = {
    "l": "low", "ll": "low", "lu": "low", "<": "low",
    "h": "high", "hh": "high", "hu": "high", ">": "high",
    "n": "normal",
    "pos": "positive", "det": "positive", "rr": "positive", "wr": "borderline",
    "neg": "negative", "nd": "negative", "nr": "negative",
    "ind": "borderline", "e": "borderline",
}  # fmt: skip
# SNOMED CT and LOINC answers: display beside each.
_ANSWERS = {
    "10828004": "positive",  # Positive
    "260373001": "positive",  # Detected
    "52101004": "positive",  # Present
    "11214006": "positive",  # Reactive
    "260385009": "negative",  # Negative
    "260415000": "negative",  # Not detected
    "2667000": "negative",  # Absent
    "131194007": "negative",  # Non-reactive
    "17621005": "normal",  # Normal
    "75540009": "high",  # High
    "62482003": "low",  # Low
    "280416009": "borderline",  # Indeterminate result
    "la6576-8": "positive",  # Positive
    "la6577-6": "negative",  # Negative
    "la9633-4": "positive",  # Present
    "la9634-2": "negative",  # Absent
    "la11882-0": "positive",  # Detected
    "la11883-8": "negative",  # Not detected
    "la6626-1": "normal",  # Normal
    "la11884-6": "borderline",  # Indeterminate
}
_YES = {
    "373066001",  # Yes
    "la33-6",  # Yes
    "77386006",  # Pregnant
    "la15173-0",  # Pregnant
    "y",
    "yes",
}
_NO = {
    "373067005",  # No
    "la32-8",  # No
    "60001007",  # Not pregnant
    "la26683-5",  # Not pregnant
    "n",
    "no",
}
_UCUM = "http://unitsofmeasure.org"


@dataclass(frozen=True)
class Result:
    """A result on its way into an event; the value in the concept's canonical unit."""

    value: float | None = None
    unit: str | None = None
    comparator: str | None = None
    flag: str | None = None
    text: str | None = None
    note: str = ""


def read_result(holder: dict[str, Json], concept: str) -> Result:
    """The result in `value[x]`, with the laboratory's own interpretation as its flag.

    Raises SetAside where there is none, its unit cannot be used, or no person can have it.
    """
    flag = _interpretation(holder)
    if isinstance(holder.get("valueQuantity"), dict):
        result = _of_quantity(holder["valueQuantity"], concept)
    elif (plain := holder.get("valueInteger", holder.get("valueDecimal"))) is not None:
        result = _of_quantity({"value": plain}, concept)
    elif isinstance(holder.get("valueString"), str):
        result = _of_words(text(holder["valueString"]), concept)
    elif holder.get("valueCodeableConcept") is not None:
        result = _of_answer(holder["valueCodeableConcept"], concept)
    elif isinstance(holder.get("valueBoolean"), bool):
        result = Result(flag="positive" if holder["valueBoolean"] else "negative")
    elif flag:
        result = Result(flag=flag)
    else:
        raise SetAside(_why_absent(holder), concept)
    return Result(**{**result.__dict__, "flag": flag or result.flag})


def printed_range(holder: dict[str, Json], concept: str, unit: str | None) -> tuple[float | None, float | None]:
    """The laboratory's normal range in the canonical unit; nulls where none can be used."""
    ranges = [each for each in items(holder.get("referenceRange")) if _is_normal_for_all(each)]
    if len(ranges) != 1:
        return None, None
    return (
        _bound(ranges[0].get("low"), concept, unit),
        _bound(ranges[0].get("high"), concept, unit),
    )


def yes_or_no(holder: dict[str, Json], concept: str) -> bool:
    """Whether a coded fact is present: no value means that naming it says so."""
    answers = {key: value for key, value in holder.items() if key.startswith("value") and value is not None}
    if not answers:
        if holder.get("dataAbsentReason"):
            raise SetAside(_why_absent(holder), concept)
        return True
    if len(answers) == 1:
        ((_, answer),) = answers.items()
        words = {str(answer).lower()} if isinstance(answer, bool | str) else code_words(answer)
        words |= {display.lower() for _, _, display in codings(answer)} if isinstance(answer, dict) else set()
        positive = words & (_YES | {"true", "present", "pregnant", "positive", "10828004", "52101004"})
        negative = words & (_NO | {"false", "absent", "not pregnant", "negative", "260385009", "2667000"})
        if bool(positive) != bool(negative):
            return bool(positive)
    raise SetAside("an answer that is not understood", concept)


def _interpretation(holder: dict[str, Json]) -> str | None:
    listed = holder.get("interpretation")
    found = {
        _INTERPRETATIONS[word]
        for each in (listed if isinstance(listed, list) else [listed])
        for word in code_words(each)
        if word in _INTERPRETATIONS
    }
    return found.pop() if len(found) == 1 else None


def _of_quantity(quantity: dict[str, Json], concept: str) -> Result:
    value = number(quantity.get("value"))
    if value is None:
        raise SetAside("a quantity without a number", concept)
    coded = text(quantity.get("code")) if quantity.get("system") == _UCUM else ""
    unit = (coded or text(quantity.get("unit")) or text(quantity.get("code"))).replace("(score)", "{score}")
    written = text(quantity.get("comparator"))
    comparator = {"<": "<", "<=": "<", ">": ">", ">=": ">"}.get(written)
    if written and comparator is None:
        raise SetAside("a comparator that is not understood", concept)
    return _measured(value, unit, comparator, concept, text(quantity.get("unit")))


def _measured(value: float, unit: str, comparator: str | None, concept: str, second: str = "") -> Result:
    found = units.convert(concept, value, unit) or (units.convert(concept, value, second) if second else None)
    if found is None and not units.known_units(concept) and not concepts()[concept].unit:
        # Kit-specific results (antibodies) have no conversion; only their flag or range speaks.
        return Result(value=value, unit=unit or None, comparator=comparator)
    if found is None:
        raise SetAside(f'unit "{unit[:20]}" cannot be used' if unit else "a result without a unit", concept)
    reason = units.implausible(concept, found[0])
    if reason:
        raise SetAside(reason, concept)
    return Result(value=found[0], unit=found[1], comparator=comparator)


def _of_words(words: str, concept: str) -> Result:
    printed = printed_result(words)
    if printed is not None and printed.number is not None:
        result = _measured(printed.number, printed.unit, printed.comparator, concept)
        return Result(**{**result.__dict__, "text": words})
    flag = understood_result(words)
    if flag is None:
        raise SetAside("a result in words that are not understood", concept)
    return Result(flag=flag, text=words)


def _of_answer(answer: Json, concept: str) -> Result:
    for word in code_words(answer):
        if word in _ANSWERS:
            return Result(flag=_ANSWERS[word], text=words_of(answer) or None)
    words = [text(mapping(answer).get("text")), *(display for _, _, display in codings(answer))]
    for each in words:
        if each:
            return _of_words(each, concept)
    raise SetAside("a coded result that is not understood", concept)


def _why_absent(holder: dict[str, Json]) -> str:
    words = sorted(word for word in code_words(holder.get("dataAbsentReason")) if word.replace("-", "").isalpha())
    return f"no result: {words[0]}" if words else "no result"


def _is_normal_for_all(each: dict[str, Json]) -> bool:
    kinds = code_words(each.get("type"))
    return not kinds or bool(kinds & {"normal", "n"})


def _bound(quantity: Json, concept: str, unit: str | None) -> float | None:
    value = number(mapping(quantity).get("value"))
    if value is None:
        return None
    own = text(mapping(quantity).get("code")) or text(mapping(quantity).get("unit"))
    for spelling in dict.fromkeys([own, unit or ""]):
        if spelling and (found := units.convert(concept, value, spelling)):
            return found[0]
    return value if not units.known_units(concept) else None
