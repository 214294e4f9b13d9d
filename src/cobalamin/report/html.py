"""The answer as one self-contained page: no script, no request, every word from the record escaped."""

from __future__ import annotations

from functools import cache
from typing import Any

from cobalamin.errors import CobalaminError
from cobalamin.report.answer import CHECK_THE_SOURCE, Assessed, person_at
from cobalamin.report.changing import changing, unhelpful
from cobalamin.report.chart import SYMPTOM, described, svgs, time_line
from cobalamin.report.give import becomes, dose_words
from cobalamin.report.phrases import (
    asked,
    basis_words,
    check_words,
    counts_words,
    found,
    guideline_words,
    headline,
    lasting_words,
    named,
    open_questions,
    reason_says,
    response_words,
    when_words,
)
from cobalamin.report.words import amount, interval, plain, readable, sentence, short_date, until_words, word

SHADES = {"emergency": "emergency", "urgent": "urgent", "routine": "routine", "none": "calm"}
KIND_WORDS = {
    "dose": "Dose", "test": "Test", "review": "Review", "referral": "Refer", "advice": "Advice", "stop": "Stop",
}  # fmt: skip
SEVERITY_WORDS = {"critical": "Danger", "warning": "Take care", "info": "Good to know"}


def html(answer: dict[str, Any], assessment: Assessed | None = None) -> str:
    """The page for one person. With the assessment it holds the time line as a picture.

    Raises CobalaminError where the assessment does not hold the answer's person.
    """
    picture = _picture(answer, assessment) if assessment is not None else None
    page: str = _environment().get_template("page.html").render(view=view(answer), answer=answer, picture=picture)
    return page


@cache
def _environment() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    # Escaped everywhere, whatever the file is called: a record may hold any text.
    made = Environment(
        loader=PackageLoader("cobalamin.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {"plain": plain, "sentence": sentence}
    return made


def _picture(answer: dict[str, Any], assessment: Assessed) -> dict[str, Any] | None:
    from cobalamin.plan import judged_doses

    ids = assessment.findings["patient_id"].to_list()
    if answer["patient_id"] not in ids:
        raise CobalaminError(f"The assessment holds no {answer['patient_id']!r}; give the one the answer came from.")
    doses = judged_doses(assessment.events, assessment.findings, assessment.on)
    line = time_line(person_at(assessment, ids.index(answer["patient_id"]), doses))
    if line.empty:
        return None
    wide, narrow = svgs(line)
    return {
        "wide": wide,
        "narrow": narrow,
        "words": described(line),
        "doses": any(not mark.get("open") for mark in line.marks),
        "planned": any(mark.get("open") for mark in line.marks),
        "symptoms": any(bar["colour"] == SYMPTOM for bar in line.bars),
    }


def view(answer: dict[str, Any]) -> dict[str, Any]:
    """What the page shows, in words."""
    label, _, rest = headline(answer).partition(": ")
    return {
        "label": label,
        "headline": rest[:1].upper() + rest[1:],
        "shade": "calm" if label.startswith("NO") else SHADES.get(answer["urgency"], "routine"),
        "guideline": guideline_words(answer),
        "day": _long(answer["on"]),
        "verdict": [one for one in _verdict(answer) if one],
        "alerts": _alerts(answer),
        "today": _today(answer),
        "ask": [_question(one) for one in asked(answer)],
        "bloods": _bloods(answer),
        "give": _give(answer),
        "plan": _plan(answer),
        "advice": list(dict.fromkeys(item["what"] for item in answer["plan"] if item["kind"] == "advice")),
        "causes": _causes(answer),
        "others": _others(answer),
        "follows": [sentence(one) for one in lasting_words(answer)],
        "checklist": [one["says"].removesuffix(CHECK_THE_SOURCE).strip() for one in answer["response_checklist"]],
        "checklist_unsure": any(CHECK_THE_SOURCE in one["says"] for one in answer["response_checklist"]),
        "doses": [_dose(dose, answer) for dose in answer["doses"]],
        "reasons": _grouped(answer["reasons"]),
        "missing": [_question(one) for one in open_questions(answer)],
        "changing": [one | {"if": [readable(words) for words in one["if"]]} for one in changing(answer)],
        "unhelpful": unhelpful(answer),
        "open": named([one["finding"] for one in answer["missing"] if not one["would_change"]]),
        "findings": [_finding(one, answer) for one in answer["findings"]],
        "absent": named(answer["taken_as_absent"]),
        "ledger": answer["ledger"],
        "silent": [plain(one) for one in answer["silent"]],
    }


def _long(day: str) -> str:
    from datetime import date

    when = date.fromisoformat(day)
    return f"{when.day} {when:%B %Y}"


def _verdict(answer: dict[str, Any]) -> list[str]:
    status = sentence(word("status", answer["status"]).capitalize())
    basis = basis_words(answer)
    source = check_words(answer, "status") if basis else ""
    first = [status, basis or reason_says(answer, "status"), source, counts_words(answer)]
    return [
        " ".join(one for one in first if one),
        response_words(answer),
        reason_says(answer, "suspicion") if answer["status"] != "deficient" else "",
        *(one["says"] for one in answer["reasons"] if one["table"] == "interpretation"),
    ]


def _alerts(answer: dict[str, Any]) -> list[dict[str, str]]:
    order = list(SEVERITY_WORDS)
    ranked = sorted(answer["alerts"], key=lambda one: order.index(one["severity"]) if one["severity"] in order else 9)
    return [one | {"word": SEVERITY_WORDS.get(one["severity"], "")} for one in ranked]


def _today(answer: dict[str, Any]) -> list[str]:
    due = [item for item in answer["plan"] if item["due"] is not None and item["due"] <= answer["on"]]
    return list(dict.fromkeys(item["what"] for item in due if item["kind"] in ("referral", "stop")))


def _bloods(answer: dict[str, Any]) -> list[dict[str, Any]]:
    testing = answer["testing"]
    groups: dict[str, list[str]] = {}
    for test in testing["tests"]:
        groups.setdefault(testing["when"].get(test, ""), []).append(word("test", test))
    return [{"when": when_words(when, answer) if when else "", "tests": tests} for when, tests in groups.items()]


def _give(answer: dict[str, Any]) -> dict[str, Any]:
    """Phases of the course, or the sentence that stands in their place."""
    doses = [item for item in answer["plan"] if item["kind"] == "dose"]
    phases = [_phase(item, answer) for item in doses if item["product"]]
    instead = ""
    if not phases:
        instead = {"undecided": becomes(answer), "none": "No B12."}.get(answer["route"], "")
    extra = [item["what"] for item in doses if not item["product"]]
    source = next((one for one in answer["reasons"] if one["table"] == "regimens"), None)
    return {"phases": phases, "instead": sentence(instead), "extra": extra, "source": source}


def _phase(item: dict[str, Any], answer: dict[str, Any]) -> dict[str, str]:
    until = until_words(item["until"]) or (f"{item['count']} doses" if item["count"] else "ongoing")
    days = {name: short_date(item[name], answer["on"]) for name in ("earliest", "due", "overdue")}
    return days | {
        "phase": item["what"],
        "what": f"{word('product', item['product'])} {dose_words(item)} {word('give_route', item['route'])}",
        "schedule": interval(item["every_days"]),
        "until": until,
        "late": "late" if item["due"] and item["due"] < answer["on"] else "",
    }


def _plan(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Dated items; one that several rules ask for is one row with each reason."""
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for item in answer["plan"]:
        if item["kind"] in ("advice", "dose"):
            continue
        row = _plan_row(item, answer)
        kept = rows.setdefault((row["kind"], row["what"], row["due"]), row)
        if item["says"] not in kept["why"]:
            kept["why"].append(item["says"])
    return list(rows.values())


def _plan_row(item: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    days = {name: short_date(item[name], answer["on"]) for name in ("earliest", "due", "overdue")}
    again = interval(item["every_days"]) if item["every_days"] else ""
    return days | {
        "kind": KIND_WORDS.get(item["kind"], ""),
        "what": item["what"],
        "why": [item["says"]],
        "again": again,
    }


def _causes(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Causes with what speaks for each: the first `cause` reasons in the order of the answer."""
    says = {True: "can be undone", False: "does not go away", None: "may or may not last"}
    return [
        {
            "name": word("cause", one["cause"]),
            "certainty": word("certainty", one["certainty"]),
            "lasting": says[one["reversible"]],
        }
        for one in answer["causes"]
    ]


def _others(answer: dict[str, Any]) -> list[str]:
    return [
        f"{word('other', one['explanation'])} ({word('certainty', one['certainty'])})"
        for one in answer["other_explanations_detail"]
    ]


def _question(one: dict[str, Any]) -> dict[str, Any]:
    changes = [readable(f"{change['if']}: {found(change['then'])}") for change in one["would_change"]]
    return {"ask": one["ask"], "changes": changes}


def _dose(dose: dict[str, Any], answer: dict[str, Any]) -> dict[str, str]:
    gap = "" if dose["gap_days"] is None else f"{dose['gap_days']} days after the one before"
    return {
        "day": short_date(dose["date"], answer["on"]),
        "product": dose["product"],
        "judged": word("judged", dose["judged"]),
        "class": dose["judged"],
        "gap": gap,
    }


def _grouped(reasons: list[dict[str, Any]]) -> list[dict[str, Any]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for one in reasons:
        groups.setdefault(one["table"], []).append(one)
    return [{"table": plain(table), "rules": rules} for table, rules in groups.items()]


def _finding(one: dict[str, Any], answer: dict[str, Any]) -> dict[str, str]:
    value = (
        {True: "yes", False: "no"}.get(one["value"], one["value"]) if isinstance(one["value"], bool) else one["value"]
    )
    return {
        "name": word("finding", one["name"]),
        "value": amount(value, one["unit"]),
        "day": short_date(one["date"], answer["on"]),
        "evidence": ", ".join(one["evidence"]),
    }
