"""The conditions of decision tables: from YAML to nested tuples, and what names they use.

{a: true, b: false}                      all of them            ("all", (...))
{any: [...]}, {all: [...]}, {not: ...}   Kleene logic           ("any", (...)), ("not", c)
{at_least: {count: 2, of: [...]}}        at least two of them   ("count", 2, (...))
{mcv: {above: macrocytosis}}             a number               ("above", name, threshold)
{mcv: {flag: high}}                      the laboratory's word  ("flag", name, "high")
{mcv: missing}, {mcv: known}             no data, any data      ("missing", name), ("known", name)
{status: deficient}, {status: [a, b]}    an outcome             ("output", name, (values))
{cause.dietary: true}                    a collected outcome    ("yes", name)
{always: true}                           every row              ("always",)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cobalamin.errors import CobalaminError
from cobalamin.guidance.model import Condition

COMPARISONS = ("below", "above", "at_least", "at_most")


def parse(raw: Any, where: str) -> Condition:
    """A condition as written in YAML, as nested tuples. Raises CobalaminError naming `where`."""
    if isinstance(raw, list):
        return _joined("all", [parse(part, where) for part in raw])
    if not isinstance(raw, dict) or not raw:
        raise CobalaminError(f"{where}: a condition is a mapping such as {{pregnant: true}}, not {raw!r}.")
    return _joined("all", [_one(str(key), value, where) for key, value in raw.items()])


def _joined(kind: str, parts: list[Condition]) -> Condition:
    return parts[0] if len(parts) == 1 else (kind, tuple(parts))


def _one(key: str, value: Any, where: str) -> Condition:
    if key in ("all", "any"):
        return _joined(key, [parse(part, where) for part in value])
    if key == "not":
        return ("not", parse(value, where))
    if key == "at_least" and isinstance(value, dict):
        return ("count", int(value["count"]), tuple(parse(part, where) for part in value["of"]))
    if key == "always":
        return ("always",)
    return _atom(key, value, where)


def _atom(name: str, value: Any, where: str) -> Condition:
    if value is True:
        return ("yes", name)
    if value is False:
        return ("not", ("yes", name))
    if value in ("missing", "known"):
        return (str(value), name)
    if isinstance(value, str):
        return ("output", name, (value,))
    if isinstance(value, list):
        return ("output", name, tuple(str(one) for one in value))
    if isinstance(value, dict) and len(value) == 1:
        operator, operand = next(iter(value.items()))
        if operator in COMPARISONS or operator == "flag":
            return (operator, name, str(operand))
    raise CobalaminError(
        f"{where}: {name}: {value!r} is not a condition. Possible: true, false, missing, known, an outcome, "
        f"a list of outcomes, or one of {', '.join(COMPARISONS)}, flag with a name."
    )


def atoms(condition: Condition) -> Iterator[Condition]:
    """The innermost conditions, in order."""
    kind = condition[0]
    if kind in ("all", "any"):
        for part in condition[1]:
            yield from atoms(part)
    elif kind == "not":
        yield from atoms(condition[1])
    elif kind == "count":
        for part in condition[2]:
            yield from atoms(part)
    else:
        yield condition


def names(condition: Condition) -> list[str]:
    """Names of findings, terms and outputs a condition uses, each once, in order."""
    return list(dict.fromkeys(atom[1] for atom in atoms(condition) if len(atom) > 1))


def from_json(raw: Any) -> Condition:
    """A condition read back from JSON lists."""
    return tuple(from_json(part) if isinstance(part, list) else part for part in raw)
