"""Phrases of an answer that the note and the page share. Reads the answer; decides nothing."""

from __future__ import annotations

from typing import Any

from cobalamin.report.answer import CHECK_THE_SOURCE
from cobalamin.report.words import amount, brief, group, plain, sentence, short_date, shortened, unit_words, word
from cobalamin.vocabulary.catalogue import catalogue

MEASURED = ("laboratory", "derived", "conditions", "procedures")
QUESTIONS_SHOWN, NOT_KNOWN_SHOWN = 5, 8
# Groups of nerve findings that are asked and examined in one breath.
NERVE_GROUPS = ("cord_or_eye", "neurology_denied")
SEVERE = ("critical", "warning")
BACK_TO_LOADING = ("new_or_worse_nerves_on_injections", "nerves_new_or_worse")
SAID_ELSEWHERE = ("ask_about_nerves",)
# What not to do is said beside what comes next; other standing advice has its own line.
NOT_TO_DO = ("no ", "do not ", "not ", "never ", "avoid ")
DECIDING_TESTS = ("total_b12", "active_b12", "mma", "homocysteine")
# Domains a person can be asked or examined for, now; the rest is for the laboratory or old letters.
ASKABLE = (
    "symptoms",
    "signs",
    "history",
    "diet",
    "medicines",
    "family",
    "preferences",
    "allergies",
    "person",
    "treatment",
)
# Not worth listing where they would change nothing.
UNASKED = ("person", "symptoms", "preferences")
# Measured only where the picture asks for it, and then it stands among the blood tests.
ONLY_WHERE_PLANNED = ("copper", "biotin")
UNSAID = ("not_on_treatment", "not_assessed", "guideline is silent")
COUNTS = ("haemoglobin", "mcv")
HEADLINE_ROOM = 110
TABLETS_STOP = "B12 tablets may stop"


def value_of(answer: dict[str, Any], finding: str) -> Any:
    """The value of a finding in the answer, or None."""
    return next((one["value"] for one in answer["findings"] if one["name"] == finding), None)


def named(findings: list[str]) -> list[str]:
    """Short words for findings, each once."""
    return list(dict.fromkeys(word("finding", name) for name in findings))


def on_treatment(answer: dict[str, Any]) -> bool:
    """True where B12 runs now."""
    history = answer["treatment_history"]
    return bool(history["on_injections"] or history["on_tablets"])


def no_dose(answer: dict[str, Any]) -> bool:
    """True where no B12 is due and none runs: "before dose 1" would speak of a dose that is not coming."""
    return bool(answer["route"] == "none" and not on_treatment(answer))


def tablets_words(answer: dict[str, Any]) -> list[str]:
    """On what conditions injections may become tablets, where they run and nothing on record forbids it."""
    named_by = [one for one in answer["reasons"] if one["table"] == "follow_up" and one["rule"] == "tablets_if"]
    return [word("tablets_if", "injections")] if named_by else []


def response_words(answer: dict[str, Any]) -> str:
    """How treatment is doing, where there is any and it is judged."""
    judged = on_treatment(answer) and answer["response"] not in UNSAID
    return sentence(word("response", answer["response"]).capitalize()) if judged else ""


def reason_says(answer: dict[str, Any], table: str) -> str:
    """What the first reason of a table says."""
    return next((one["says"] for one in answer["reasons"] if one["table"] == table), "")


def reason_rule(answer: dict[str, Any], table: str) -> str:
    """The rule that gave the first reason of a table."""
    return next((one["rule"] for one in answer["reasons"] if one["table"] == table), "")


def check_words(answer: dict[str, Any], *tables: str) -> str:
    """ "(check the source)" where what a table says rests on a rule that nobody has read at its source."""
    first = [next((one for one in answer["reasons"] if one["table"] == table), None) for table in tables]
    return CHECK_THE_SOURCE if any(one is not None and one["certainty"] == "recalled" for one in first) else ""


def present(answer: dict[str, Any], kind: str) -> list[str]:
    """Findings of a display group that are there."""
    return [name for name in group(kind) if value_of(answer, name) is True]


def label(answer: dict[str, Any]) -> str:
    """EMERGENCY, URGENT, ROUTINE, NO B12 or OUT OF SCOPE."""
    urgency = answer["urgency"]
    if urgency in ("emergency", "urgent"):
        return word("urgency", urgency)
    if not answer["scope"]["in"]:
        return word("urgency", "out")
    no_b12 = answer["route"] == "none" and not on_treatment(answer)
    return word("urgency", "no_b12" if no_b12 else urgency)


def headline(answer: dict[str, Any]) -> str:
    """Urgency: the verdict in a few words. What to do."""
    verdict, action = sentence(_verdict(answer)), _said(_action(answer))
    lead = f"{label(answer)}: "
    first = _said(word("urgent_action", reason_rule(answer, "urgency")) if _acts_first(answer) else "")
    if first:
        both = f"{first} {action}"
        action = both if len(lead + verdict) + 1 + len(both) <= HEADLINE_ROOM else first
    if len(lead + verdict) + 1 + len(action) > HEADLINE_ROOM:
        verdict = shortened(verdict, HEADLINE_ROOM - len(lead) - len(action) - 1)
    return f"{lead}{verdict} {action}".strip()


def _said(words: str) -> str:
    return sentence(words[:1].upper() + words[1:])


def _acts_first(answer: dict[str, Any]) -> bool:
    """True where something other than B12 is the urgent thing to do."""
    return answer["scope"]["in"] and reason_rule(answer, "urgency") in group("urgent_action")


def _verdict(answer: dict[str, Any]) -> str:
    status, urgency = answer["status"], answer["urgency"]
    if not answer["scope"]["in"]:
        return "outside this guidance"
    if urgency in ("emergency", "urgent") and status != "deficient":
        return word("urgent_for", reason_rule(answer, "urgency"))
    if status == "not_established" and answer["treatment_history"]["on_injections"]:
        return _on_injections(answer)
    if status == "deficient":
        with_ = _with(answer)
        treated = response_words(answer).lower().rstrip(".")
        return f"{word('headline', status)}{with_}{', ' + treated if treated else ''}"
    if status == "unlikely" and answer["route"] == "injection" and not on_treatment(answer):
        return word("headline", "adequate")
    return word("headline", status)


def _with(answer: dict[str, Any]) -> str:
    """What makes a deficiency pressing: a cord or eye sign, what the rule of urgency names, or the nerves."""
    rule = reason_rule(answer, "urgency")
    named = word("urgent_with", rule) if rule in group("urgent_with") else ""
    cord, nerve = ((word("with", kind) if present(answer, kind) else "") for kind in ("cord", "nerve"))
    said = cord or named or nerve
    return f" {said}" if said else ""


def _on_injections(answer: dict[str, Any]) -> str:
    """On injections without a result from before them: for a cause on record, or nobody knows why."""
    if any(one["rule"] == "legacy" and one["table"] == "follow_up" for one in answer["reasons"]):
        began = answer["treatment_history"]["record_begins"]
        return f"why injections began is not in this record{f' (it begins {began[:4]})' if began else ''}"
    causes = [word("cause", one["cause"]) for one in answer["causes"] if one["cause"] != "unknown"]
    return f"on injections for {causes[0]}" if causes else "on injections"


def _action(answer: dict[str, Any]) -> str:
    if not answer["scope"]["in"]:
        referral = next((item["what"] for item in answer["plan"] if item["kind"] == "referral"), "")
        return f"refer: {brief(referral, HEADLINE_ROOM // 2)}" if referral else ""
    if answer["urgency"] == "emergency":
        dosed = any(item["kind"] == "dose" and item["due"] == answer["on"] for item in answer["plan"])
        return "hospital today" + (", first dose today" if dosed and not on_treatment(answer) else "")
    return {
        "injection": _injections(answer),
        "tablets": _tablets(answer),
        "either": _either(answer),
        "none": "no B12; look for another cause" if not on_treatment(answer) else "B12 may stop",
        "undecided": _undecided(answer),
    }.get(answer["route"], "")


def _tablets(answer: dict[str, Any]) -> str:
    if _anaphylaxis(answer):
        return "allergy advice first, then tablets"
    if answer["treatment_history"]["on_injections"]:
        return "tablets from the due date, as agreed"
    if not answer["treatment_history"]["on_tablets"]:
        return "tablets will do"
    return "tablets may stop" if may_stop(answer) else "continue tablets"


def _anaphylaxis(answer: dict[str, Any]) -> bool:
    return any(one["id"] == "cobalamin_anaphylaxis" for one in answer["alerts"])


def may_stop(answer: dict[str, Any]) -> bool:
    """True where the plan says that B12 tablets may stop."""
    return any(item["kind"] == "stop" and item["what"].startswith(TABLETS_STOP) for item in answer["plan"])


def _either(answer: dict[str, Any]) -> str:
    both = "tablets or injections, by choice"
    return f"start today: {both}" if answer["urgency"] == "urgent" and not on_treatment(answer) else both


def _injections(answer: dict[str, Any]) -> str:
    history, urgent = answer["treatment_history"], answer["urgency"] == "urgent"
    if history["on_injections"]:
        if any(one["table"] == "regimen" and one["rule"] in BACK_TO_LOADING for one in answer["reasons"]):
            return "injections close together again"
        unproven = answer["status"] in ("not_established", "unlikely")
        return "do not stop or switch" if unproven else "continue injections"
    if history["on_tablets"]:
        return "change to injections now" if urgent else "change to injections"
    if answer["status"] == "unlikely":
        return "start injections as prevention"
    return "start injections now; do not wait for results" if urgent else "start injections"


def _either_way(routes: set[str]) -> str:
    """The routes an answer may lead to, each named once ("tablets or injections" holds both)."""
    both = word("route", "either")
    named = [one for one in sorted(routes) if one == both or one not in both.split(" or ") or both not in routes]
    return " or ".join(named)


def _undecided(answer: dict[str, Any]) -> str:
    if _anaphylaxis(answer):
        return "no dose before allergy advice"
    if on_treatment(answer):
        return "do not stop or switch yet"
    when = answer["testing"]["when"]
    tests = [word("test", test) for test in DECIDING_TESTS if when.get(test) == "now"]
    if answer["status"] == "not_established" and not tests:
        return "test first" if answer["testing"]["advice"] in ("offer", "consider") else "ask first"
    if tests and answer["status"] != "deficient":
        return f"one test decides: {tests[0]}" if len(tests) == 1 else f"test first: {', '.join(tests)}"
    question, routes = deciding_question(answer)
    if len(set(routes.values())) > 1:
        return f"{_either_way(set(routes.values()))}: ask about {word('finding', question)} first"
    return "ask first"


def deciding_question(answer: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """The first question whose answers lead to a route, best to different ones, and the route for each answer."""
    candidates: list[tuple[bool, bool, str, dict[str, str]]] = []
    for question in answer["missing"]:
        changes = question["would_change"]
        routes = {c["if"]: word("route", c["then"]["route"]) for c in changes if "route" in c["then"]}
        if routes and _askable(question, (*ASKABLE, "laboratory")):
            finding = catalogue().get(question["finding"])
            late = finding is not None and finding.domain in ("laboratory", "treatment", "person", "allergies")
            candidates.append((len(set(routes.values())) < 2, late, question["finding"], routes))
    none: tuple[bool, bool, str, dict[str, str]] = (True, True, "", {})
    best = min(candidates, key=lambda one: one[:2], default=none)
    return best[2], best[3]


def basis_words(answer: dict[str, Any]) -> str:
    """B12 128 pmol/L before treatment, 5 Jan (below 133, NG239 Table 1)."""
    basis = answer["status_basis"]
    if basis is None:
        return ""
    event = basis["event"]
    shown = amount(event["value"], event["unit"], event["comparator"])
    before = " before treatment" if basis["before_treatment"] else ""
    against = basis["against"].removesuffix(f" {unit_words(event['unit'])}")
    inside = ", ".join(one for one in (against, basis["clause"].split(";")[0]) if one)
    day = f", {short_date(basis['date'], answer['on'])}" if basis["date"] else ""
    name = word("finding", event["name"]).removesuffix(" on treatment")
    during = " on treatment" if word("finding", event["name"]) != name else ""
    return sentence(f"{name} {shown}{before}{during}{day} ({inside})")


def counts_words(answer: dict[str, Any]) -> str:
    """Hb 121 g/L, MCV 103 fL: the two numbers everyone looks for, judged elsewhere."""
    basis = (answer["status_basis"] or {"event": {"name": ""}})["event"]["name"]
    shown = []
    for name in COUNTS:
        one = next((one for one in answer["findings"] if one["name"] == name and name != basis), None)
        if one is not None:
            shown.append(f"{word('finding', name)} {amount(one['value'], one['unit'])}")
    return sentence(", ".join(shown))


def cause_items(answer: dict[str, Any]) -> list[str]:
    """Causes with their certainty, strongest first."""
    return [_cause_words(answer, one) for one in answer["causes"]]


def _cause_words(answer: dict[str, Any], one: dict[str, Any]) -> str:
    if one["cause"] == "unknown":
        return word("cause", "unknown")
    medicines = " + ".join(word("finding", name) for name in present(answer, "medicine"))
    name = medicines if one["cause"] == "medicine" and medicines else word("cause", one["cause"])
    return f"{name} {word('certainty', one['certainty'])}"


def lasting_words(answer: dict[str, Any]) -> list[str]:
    """What the causes mean for how long to treat, and what would make it lifelong."""
    causes = answer["causes"]
    lasting = [one for one in causes if one["reversible"] is False and one["certainty"] != "possible"]
    said = []
    if lasting:
        said.append("It does not go away: treatment is for life")
    elif causes and "if_antibody" in answer["testing"]["tests"]:
        said.append("IFA positive = lifelong; negative does not exclude it")
    if causes and causes[0]["cause"] == "medicine":
        said.append("Review the medicine, don't just stop it")
    return said


def other_items(answer: dict[str, Any]) -> list[str]:
    """What else explains the picture, strongest first."""
    return [
        f"{word('other', one['explanation'])} ({word('certainty', one['certainty'])})"
        for one in answer["other_explanations_detail"]
    ]


def alerts(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Critical alerts, then warnings; those that another line says are left to it."""
    shown = [one for one in answer["alerts"] if one["severity"] in SEVERE and one["id"] not in SAID_ELSEWHERE]
    return sorted(shown, key=lambda one: SEVERE.index(one["severity"]))


def advice(answer: dict[str, Any], negative: bool) -> list[str]:
    """Standing advice of the plan: what not to do, or what always holds."""
    said = dict.fromkeys(item["what"] for item in answer["plan"] if item["kind"] == "advice")
    return [one for one in said if one.lower().startswith(NOT_TO_DO) is negative]


def guideline_words(answer: dict[str, Any]) -> str:
    """The guideline's short name and version."""
    guidance = answer["guidance"]
    short = word("guideline", guidance["id"])
    name = guidance["title"] if short == plain(guidance["id"]) else short
    return f"{brief(name, HEADLINE_ROOM // 2)}, {guidance['version']}"


def asked(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The questions worth asking now: those that would change something, most decisive first."""
    return [one for one in open_questions(answer) if _askable(one, ASKABLE)][:QUESTIONS_SHOWN]


def open_questions(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Questions to a person or a laboratory whose answer would change something, most decisive first."""
    return [one for one in answer["missing"] if one["would_change"] and _askable(one, (*ASKABLE, *MEASURED))]


def not_known(answer: dict[str, Any]) -> list[str]:
    """What is not known beside the questions asked and the tests planned; what would change something first.

    What the record says in words is known, though no number of it is; of the person only what matters is listed.
    """
    shown = {one["finding"] for one in asked(answer)} | {one["name"] for one in answer["findings"]}
    planned = {word("test", test) for test in answer["testing"]["tests"]}
    planned |= {word("finding", name) for name in shown}
    left = [one for one in answer["missing"] if one["finding"] not in shown and _askable(one, (*ASKABLE, *MEASURED))]
    left = [one for one in left if one["would_change"] or _domain(one) not in UNASKED]
    left = [one for one in left if one["finding"] not in ONLY_WHERE_PLANNED]
    left.sort(key=lambda one: not one["would_change"])
    return [name for name in named([one["finding"] for one in left]) if name not in planned][:NOT_KNOWN_SHOWN]


def _domain(one: dict[str, Any]) -> str:
    finding = catalogue().get(one["finding"])
    return finding.domain if finding else "signs"


def _askable(one: dict[str, Any], domains: tuple[str, ...]) -> bool:
    """True where there are words to ask a person, or a laboratory, for it."""
    if one["finding"] in NERVE_GROUPS:
        return True
    finding = catalogue().get(one["finding"])
    return finding is not None and finding.domain in domains and bool(finding.ask)


def found(changes: dict[str, Any]) -> str:
    """Outcomes in words: emergency, injections, danger: cord or eye sign."""
    said = [words for name, value in changes.items() if (words := _outcome_words(name, value))]
    return ", ".join(said) or "another schedule"


def _outcome_words(name: str, value: Any) -> str:
    if name == "regimen":
        return ""
    if name == "alerts":
        return f"danger: {', '.join(word('alert', one) for one in value)}" if value else ""
    if name == "causes":
        known = [word("cause", one) for one in value if one != "unknown"]
        return f"cause: {', '.join(known)}" if known else ""
    if name == "advice":
        return word("advice_change", value)
    if name == "urgency":
        return "nothing about B12 is due" if value == "none" else str(value)
    if name == "status":
        return f"B12 status {word(name, value)}"
    return word(name, value)


def when_words(when: str, answer: dict[str, Any]) -> str:
    """When a blood test is due; the first dose is the next one where treatment runs."""
    running = when == "before_first_dose" and on_treatment(answer)
    return "before the next dose" if running else word("when", when)
