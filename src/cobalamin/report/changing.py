"""What would change an answer, in words: for each outcome it may come to, the smallest things that would bring it."""

from __future__ import annotations

from typing import Any

from cobalamin.report.words import listed, word
from cobalamin.vocabulary.catalogue import catalogue

URGENCIES = ("emergency", "urgent", "routine", "none", "undecided")
DECISIVE = ("urgency", "route", "status", "causes")
# Shown for one outcome; the rest is counted.
SHOWN, PAIRS_SHOWN = 8, 2
MALABSORPTION = "malabsorption_other"


def changing(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Outcomes in words, most decisive first, each with what would bring it (`then`, `if`: a list, `more`)."""
    grouped: dict[str, list[dict[str, Any]]] = {}
    for change in answer["would_change"]:
        said = _outcome(change, answer)
        if said:
            grouped.setdefault(said, []).append(change)
    ordered = sorted(grouped.items(), key=lambda one: _decisive(one[1][0]["then"]))
    return [{"then": said, **_told(changes)} for said, changes in ordered]


def _decisive(then: dict[str, Any]) -> tuple[int, int]:
    """The most decisive field first; of the urgencies, the worst first."""
    name = next(one for one in DECISIVE if one in then)
    return DECISIVE.index(name), URGENCIES.index(then[name]) if name == "urgency" else 0


def change_lines(answer: dict[str, Any]) -> list[str]:
    """One line for each outcome: deficient if MMA above 2000 nmol/L, or active B12 below 25 pmol/L."""
    return [f"{one['then']} if {_listed(one['if'], one['more'])}." for one in changing(answer)]


def _told(changes: list[dict[str, Any]]) -> dict[str, Any]:
    alone = [_if(change) for change in changes if len(change["if"]) == 1]
    pairs = [_if(change) for change in changes if len(change["if"]) > 1][: PAIRS_SHOWN if alone else SHOWN]
    told = list(dict.fromkeys([*alone[: SHOWN - len(pairs)], *pairs]))
    return {"if": told, "more": len(changes) - len(told)}


def _listed(items: list[str], more: int) -> str:
    said = [*items, f"{more} more"] if more > 0 else items
    *first, last = said
    return f"{'; '.join(first)}; or {last}" if first else last


def _outcome(change: dict[str, Any], answer: dict[str, Any]) -> str:
    """The most decisive field that changes, in words."""
    then: dict[str, Any] = change["then"]
    name = next(one for one in DECISIVE if one in then)
    value = then[name]
    if name == "urgency" and value == "none":
        status = f"B12 status {word('status', then['status'])}, and " if "status" in then else ""
        return f"{status}nothing about B12 is due"
    if name == "urgency":
        return str(value)
    if name == "route":
        return "route open again" if value == "undecided" else word(name, value)
    if name == "status":
        return f"B12 status {word(name, value)}"
    # Several diseases are asked about in one breath; which of them it is would be the cause.
    asked = any(part["finding"] == MALABSORPTION for part in change["if"])
    return "another cause" if asked else _causes(value, answer)


def _causes(then: list[str], answer: dict[str, Any]) -> str:
    """The causes that come and those that go."""
    now = [one["cause"] for one in answer["causes"] if one["certainty"] in ("confirmed", "probable")]
    come = [word("cause", one) for one in then if one not in now and one != "unknown"]
    gone = [word("cause", one) for one in now if one not in then and one != "unknown"]
    said = [f"cause {' and '.join(come)}"] if come else []
    return ", ".join([*said, *(f"no longer {one}" for one in gone)])


def _if(change: dict[str, Any]) -> str:
    return " with ".join(_found(part) for part in change["if"])


def _found(part: dict[str, Any]) -> str:
    """One thing found out: cord or eye signs; IFA positive; B12 below 180 ng/L on repeat."""
    name, said = part["finding"], part["is"]
    if said in ("yes", "no"):
        return _yes_or_no(name, said)
    return f"{listed('is', name) or word('finding', name)} {said}{_open_for(part)}"


def _yes_or_no(name: str, said: str) -> str:
    finding, words = catalogue().get(name), word("finding", name)
    if finding is not None and finding.selector.startswith("flag"):
        return f"{words} {'positive' if said == 'yes' else 'negative'}"
    return (listed("is", name) or words) if said == "yes" else (listed("is_not", name) or f"no {words}")


def _open_for(part: dict[str, Any]) -> str:
    """Why a number may be another one, where it is not simply unknown."""
    if part["why"] == "within its error":
        return " (it is within the error of the result)" if part["cost"] == "cannot" else " on repeat"
    return {"not on record": " (in old letters)", "date in doubt": " (the date is not exact)"}.get(part["why"], "")


def unhelpful(answer: dict[str, Any]) -> list[str]:
    """Usual tests that would change nothing, but for those wanted for another reason."""
    wanted = {word("test", test) for test in answer["testing"]["tests"]}
    wanted |= {word("test", "fbc")} if word("test", "fbc_and_film") in wanted else set()
    return [name for name in (word("test", test) for test in answer["would_not_change"]) if name not in wanted]
