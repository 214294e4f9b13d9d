"""Where the guidelines disagree in principle: one page of tables, made from their data and from nothing else."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from cobalamin.guidance import Guideline, Regimen, Rule, Table, Threshold
from cobalamin.guidance.conditions import names

# Numbers on which guidelines differ, in the order a result is read.
NUMBERS = {
    "total_b12_deficient": "total B12: deficient below",
    "total_b12_unlikely": "total B12: unlikely above",
    "active_b12_deficient": "active B12: deficient below",
    "active_b12_unlikely": "active B12: unlikely above",
    "mma_raised_without_range": "methylmalonic acid: raised above, where no range is printed",
}
QUESTIONS = {
    "testing": "Whom to test",
    "status": "What the results mean",
    "tests": "Which tests",
    "route": "Injections or tablets",
    "follow_up": "Review and what comes next",
}
GASTRITIS = {
    "autoimmune_gastritis", "pernicious_anaemia", "gastritis_on_record", "r7_by_history", "r7_lifelong",
    "tablets_safe_in_gastritis",
}  # fmt: skip
# Rows that are not the guideline's own: this project's rules, which are the same everywhere, and cross-references.
NOT_OWN = ("cobalamin", "present schedule", "route table", "laboratory literature")
INTRODUCTION = """# Where the guidelines disagree

Made from the guidance that ships, by `make docs`; nothing here is written by hand.
It compares in principle. For one person: `cobalamin compare SHEET`; for a population: `cobalamin adopt A B RECORDS`.
Each statement carries its clause and how certain it is: *seen* (read in the source), *recalled* (not re-read) or
*ours* (a judgement of this project).
What every guideline shares here (urgency, alerts, how results are confounded, response) is in `common` and left out,
as are this project's own safety rows, which are the same under each of them.
"""


def disagreements(guidelines: Sequence[Guideline], own_numbers: Mapping[str, Collection[str]]) -> str:
    """The page in Markdown. `own_numbers` names the thresholds that each guideline gives itself, by its id."""
    parts = [
        INTRODUCTION,
        _who(guidelines),
        _numbers(guidelines, own_numbers),
        _gastritis(guidelines),
        *(_question(guidelines, table, title) for table, title in QUESTIONS.items()),
        _regimens(guidelines),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    return [*lines, *(f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows), ""]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").strip()


def _who(guidelines: Sequence[Guideline]) -> str:
    rows = []
    for one in guidelines:
        about = one.about
        state = f"superseded by {about['superseded_by']}" if about.get("superseded_by") else "in force"
        rows.append([f"`{one.id}`", one.title, about["country"], str(about["date"])[:4], state])
    return "\n".join(["## The guidelines", "", *_grid(["id", "title", "country", "year", "state"], rows)])


def _numbers(guidelines: Sequence[Guideline], own: Mapping[str, Collection[str]]) -> str:
    rows = []
    for name, words in NUMBERS.items():
        rows.append([words, *(_number(one.thresholds.get(name), name in own.get(one.id, ())) for one in guidelines)])
    note = (
        "*common* = the guideline gives no number (or leaves it to the laboratory) and this project's default answers."
    )
    grid = _grid(["number", *(f"`{one.id}`" for one in guidelines)], rows)
    return "\n".join(["## The numbers", "", note, "", *grid])


def _number(number: Threshold | None, is_own: bool) -> str:
    if number is None:
        return "silent"
    values = " = ".join(f"{value:g} {unit}" for value, unit in number.values)
    return f"{values} ({number.source.certainty})" if is_own else f"{values}, *common*"


def _gastritis(guidelines: Sequence[Guideline]) -> str:
    """How a lifelong cause is treated: the rows of the route that ask for autoimmune gastritis and may decide it."""
    rows = [
        [f"`{one.id}`", _outcome(rule), rule.says, _source(rule)]
        for one in guidelines
        for rule in _rules(one, "route")
        if GASTRITIS & _asked_for(rule) and rule.then.get("route") in ("injection", "either", "tablets")
    ]
    rows = list({tuple(row): row for row in rows}.values())
    head = ["guideline", "answer", "says", "source"]
    return "\n".join(["## Autoimmune gastritis: injections for life, or tablets", "", *_grid(head, rows)])


def _asked_for(rule: Rule) -> set[str]:
    """Names that the row asks for as a yes; what must be absent does not make a row one about it."""
    return {name for part in _parts(rule) if part[0] != "not" for name in names(part)}


def _parts(rule: Rule) -> tuple[tuple, ...]:
    return tuple(rule.when[1]) if rule.when[0] == "all" else (rule.when,)


def _rules(guideline: Guideline, table: str) -> tuple[Rule, ...]:
    found: Table | None = guideline.tables.get(table)
    return found.rules if found else ()


def _own(rule: Rule) -> bool:
    return not rule.source.clause.startswith(NOT_OWN)


def _question(guidelines: Sequence[Guideline], table: str, title: str) -> str:
    rows = []
    for one in guidelines:
        own = [rule for rule in _rules(one, table) if _own(rule)]
        rows += [[f"`{one.id}`", _outcome(rule), rule.says, _source(rule)] for rule in own]
        if not own:
            rows.append([f"`{one.id}`", "silent", "Says nothing of its own here; this project's rows answer.", ""])
    return "\n".join([f"## {title}", "", *_grid(["guideline", "answer", "says", "source"], rows)])


def _outcome(rule: Rule) -> str:
    values = [value for name, value in rule.then.items() if name != "grade" and value]
    return ", ".join(value.replace("_", " ") for value in values)


def _source(rule: Rule) -> str:
    return f"{rule.source.clause} ({rule.source.certainty})"


def _regimens(guidelines: Sequence[Guideline]) -> str:
    rows = [
        [
            f"`{one.id}`",
            regimen.product,
            regimen.route,
            regimen.says,
            f"{regimen.source.clause} ({regimen.source.certainty})",
        ]
        for one in guidelines
        for regimen in _distinct(one.regimens.values())
    ]
    return "\n".join(
        ["## Products, doses and intervals", "", *_grid(["guideline", "product", "route", "says", "source"], rows)]
    )


def _distinct(regimens: Iterable[Regimen]) -> list[Regimen]:
    """Regimens of a source; those that only carry on what a person already has are no statement of a guideline."""
    return [one for one in regimens if "present" not in one.id and not one.source.clause.startswith(NOT_OWN)]
