"""The answer as a clinician's note: danger, verdict, today, give, cause, next, not known. Twelve lines at most."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cobalamin.report.changing import change_lines, unhelpful
from cobalamin.report.give import course_words
from cobalamin.report.lines import WIDTH, Block, Group, fitted_blocks
from cobalamin.report.phrases import (
    advice,
    alerts,
    asked,
    basis_words,
    cause_items,
    check_words,
    counts_words,
    found,
    guideline_words,
    headline,
    lasting_words,
    may_stop,
    named,
    no_dose,
    not_known,
    open_questions,
    other_items,
    reason_says,
    response_words,
    tablets_words,
    when_words,
)
from cobalamin.report.words import plain, readable, sentence, short_date, shortened, word

LINES = 12
# The score belongs to every start; it would crowd out what is particular to this person.
SCORE = "symptom score"
SYMPTOMS_GONE = "symptoms gone?"
TODAY_KINDS = ("referral", "stop", "test", "review")
# Where a line has no room for all tests, these are said: they decide, or guard the first dose.
FIRST_TESTS = ("mma", "total_b12", "active_b12", "potassium", "magnesium", "if_antibody", "u_and_e")
LATER_KINDS = ("test", "review", "referral", "stop")
DISCLAIMER = "supports a professional's decision, does not prescribe"


def text(answer: dict[str, Any], reasons: bool = False) -> str:
    """The answer in at most twelve lines; with `reasons` also every rule, what was taken as absent, the ledger."""
    blocks = [block for block in _blocks(answer) if any(group.items for group in block.groups)]
    aside = _aside(answer)
    lines = [shortened(headline(answer), WIDTH), *fitted_blocks(blocks, LINES - 1 - len(aside)), *aside]
    if reasons:
        lines += ["", *_reasons(answer), *_absent(answer), *_ledger(answer)]
    return "\n".join(lines) + "\n"


def _aside(answer: dict[str, Any]) -> list[str]:
    """The last line where part of the record could not be used: an answer that looks complete may not be."""
    total = sum(((answer["ledger"] or {}).get("set_aside_counts") or {}).values())
    return (
        [f"Set aside: {total} item{'s' if total != 1 else ''} (--reasons shows {'them' if total != 1 else 'it'})"]
        if total
        else []
    )


def _blocks(answer: dict[str, Any]) -> Iterator[Block]:
    yield _danger(answer)
    if not answer["scope"]["in"]:
        yield Block("Scope", (Group((answer["scope"]["why"],)),))
        yield _today(answer)
    else:
        yield _verdict(answer)
        yield _today(answer)
        yield _bloods(answer)
        yield Block("Give", _sentences(course_words(answer)), weight=9)
        yield Block("Tablets", tuple(Group((one,)) for one in tablets_words(answer)), weight=2)
        yield _cause(answer)
        yield _next(answer)
        yield _not_known(answer)
    yield _basis(answer)


def _danger(answer: dict[str, Any]) -> Block:
    """The most severe alert whole, the rest by name."""
    severe = alerts(answer)
    rest = Group(tuple(word("alert", one["id"]) for one in severe[1:]), lead="Also: ")
    return Block("Danger", (Group(tuple(one["says"] for one in severe[:1])), rest), weight=10)


def _verdict(answer: dict[str, Any]) -> Block:
    basis = basis_words(answer)
    parts = [
        f"{sentence(word('status', answer['status']))} {basis or reason_says(answer, 'status')}",
        check_words(answer, "status") if basis else "",
        response_words(answer),
        counts_words(answer),
    ]
    if answer["status"] != "deficient":
        parts += [reason_says(answer, "interpretation"), reason_says(answer, "suspicion")]
    return Block("Verdict", _sentences([one.strip() for one in parts if one.strip()]), weight=8)


def _sentences(parts: list[str]) -> tuple[Group, ...]:
    """Sentences in order of weight: the first stays, the others are said where they fit."""
    return tuple(Group((one,), least=int(not place)) for place, one in enumerate(parts))


def _today(answer: dict[str, Any]) -> Block:
    due = [item["what"] for item in sorted(_due_today(answer), key=_soonest)]
    checks = [plain(one["check"]) for one in answer["response_checklist"]]
    questions = [word("ask", one["finding"]) for one in asked(answer)]
    groups = (
        Group(_unique(due), joiner="; "),
        Group(tuple(checks), lead="Check "),
        Group(_unique(questions), lead="Ask: " if due or checks else ""),
    )
    return Block("Today" if due or checks else "Ask", groups, weight=9 if answer["urgency"] == "emergency" else 6)


def _soonest(item: dict[str, Any]) -> tuple[bool, str, int]:
    """What may not wait a day stands first."""
    kind = TODAY_KINDS.index(item["kind"])
    return item["kind"] != "stop", str(item["overdue"] or "9999"), kind


def _due_today(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """What the plan wants now, but for blood tests that another line names already."""
    planned = [word("test", test).lower() for test in answer["testing"]["tests"]]
    return [
        item for item in answer["plan"]
        if item["kind"] in TODAY_KINDS and _is_due(item, answer) and not item["what"].startswith(SCORE)
        and not (item["what"].startswith(SYMPTOMS_GONE) and may_stop(answer))
        and (item["kind"] != "test" or item["every_days"] or not any(test in item["what"].lower() for test in planned))
    ]  # fmt: skip


def _is_due(item: dict[str, Any], answer: dict[str, Any]) -> bool:
    return bool(item["due"] is not None and item["due"] <= answer["on"])


def _bloods(answer: dict[str, Any]) -> Block:
    testing = answer["testing"]
    groups: dict[str, list[str]] = {}
    for test in sorted(testing["tests"], key=lambda test: FIRST_TESTS.index(test) if test in FIRST_TESTS else LINES):
        when = testing["when"].get(test, "")
        when = "now" if when == "before_first_dose" and no_dose(answer) else when
        groups.setdefault(when, []).append(word("test", test))
    if not groups:
        return Block("Bloods", (Group((word("advice", testing["advice"]),) if testing["advice"] != "done" else ()),))
    order = [when for when in ("now", "before_first_dose", "if_available", "") if when in groups]
    leads = {when: f"{when_words(when, answer).capitalize()}: " if when else "" for when in order}
    said = [Group(tuple(groups[when]), lead=leads[when]) for when in order]
    return Block("Bloods", (*said, Group(tuple(_in_vain(answer)), least=0)), weight=3)


def _in_vain(answer: dict[str, Any]) -> Iterator[str]:
    """That repeating B12 decides nothing, where it was measured and the plan does not speak of it."""
    repeated = any("repeat" in one.lower() for one in advice(answer, negative=True))
    if answer["status_basis"] and word("test", "total_b12") in unhelpful(answer) and not repeated:
        yield "Repeating B12 will not help"


def _cause(answer: dict[str, Any]) -> Block:
    causes = Group(tuple(cause_items(answer)))
    others = Group(tuple(other_items(answer)), lead="Also think of " if causes.items else "")
    lasting = tuple(Group((one,), least=0) for one in lasting_words(answer))
    return Block("Cause" if causes.items else "Instead", (causes, *lasting, others), weight=7)


def _next(answer: dict[str, Any]) -> Block:
    later = [item for item in answer["plan"] if item["kind"] in LATER_KINDS and (item["due"] or "") > answer["on"]]
    days: dict[str, list[str]] = {}
    for item in sorted(later, key=lambda item: item["due"]):
        days.setdefault(item["due"], []).append(item["what"])
    dated = [f"{short_date(day, answer['on'])} {', '.join(_unique(what))}" for day, what in days.items()]
    do_not = [one[:1].upper() + one[1:] for one in advice(answer, negative=True)]
    later_too = bool(dated or do_not)
    standing = Group(
        tuple(advice(answer, negative=False)),
        joiner="; ",
        lead="Always: " if later_too else "",
        least=int(not later_too),
    )
    avoid = Group(tuple(do_not), joiner=". ", counted=False, least=int(not dated))
    return Block("Next" if dated or do_not else "Always", (Group(tuple(dated), joiner="; "), avoid, standing), weight=8)


def _not_known(answer: dict[str, Any]) -> Block:
    ledger = answer["ledger"] or {}
    aside = [str(one["item"]) for one in ledger.get("set_aside") or []]
    unused = Group(_unique(aside), lead="Not used: ")
    return Block("Not known", (Group(tuple(not_known(answer)), counted=False), unused), weight=1)


def _basis(answer: dict[str, Any]) -> Block:
    banner = answer["guidance"]["banner"]
    whose = Group((f"{guideline_words(answer)}; {DISCLAIMER}",))
    return Block("Basis", (*((Group((banner,)),) if banner else ()), whose), weight=11 if banner else 0)


def _reasons(answer: dict[str, Any]) -> Iterator[str]:
    yield "Reasons"
    for one in answer["reasons"]:
        clause = one["clause"] if one["certainty"] != "ours" else f"{one['clause']}: {word('certainty', 'ours')}"
        evidence = f" <- {', '.join(one['evidence'])}" if one["evidence"] else ""
        yield f"  {plain(one['table'])}: {one['says']} [{clause}]{evidence}"
    yield from dict.fromkeys(
        readable(f"  open: {question['ask']} {change['if']}: {found(change['then'])}.")
        for question in open_questions(answer)
        for change in question["would_change"]
    )
    yield from (readable(f"  would change: {line}") for line in change_lines(answer))
    if unhelpful(answer):
        yield f"  would not change it: {', '.join(unhelpful(answer))}."
    if answer["silent"]:
        yield f"  The guideline is silent on: {', '.join(plain(one) for one in answer['silent'])}."


def _absent(answer: dict[str, Any]) -> Iterator[str]:
    if answer["taken_as_absent"]:
        names = ", ".join(named(answer["taken_as_absent"]))
        yield f"Taken as absent, because the record lists its kind and does not name it: {names}."


def _ledger(answer: dict[str, Any]) -> Iterator[str]:
    ledger = answer["ledger"]
    if ledger is not None:
        passed, aside = sum(ledger["not_relevant"].values()), sum(ledger["set_aside_counts"].values())
        yield f"Record: {ledger['items']} items; {ledger['used']} used, {passed} not relevant, {aside} set aside."
        yield from (f"  {one['source']}: {one['item']}: {one['reason']}" for one in ledger["set_aside"])
        yield from (f"  note: {note} ({count})" for note, count in ledger["notes"].items())
    guidance = answer["guidance"]
    yield f"Guidance: {guidance['id']} {guidance['version']}, sha256 {guidance['sha256'][:12]}."


def _unique(items: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))
