"""The rule book: terms, thresholds, decision tables and regimens as pages a clinician can read."""

from __future__ import annotations

from cobalamin.guidance import Guideline, Regimen, Rule, Table, Threshold
from cobalamin.guidance.model import Condition, Source

SIGNS = {"below": "below", "above": "above", "at_least": "at least", "at_most": "at most"}
JOINTS = {"all": " and ", "any": " or "}


CASES_SHOWN = 2


def page(guideline: Guideline, cases: dict[str, list[str]]) -> str:
    """One guideline as Markdown, with what it extends; `cases` names those that fire each `table.rule`."""
    about = guideline.about
    parts = [
        f"# Rules of {guideline.title}",
        "",
        f"Version {guideline.version}, {about['publisher']}, {about['country']}.",
        f"Checked by: {about['checked_by']}. Review due by {about['review_by']}.",
        f"Valid for: {about['population']['says']}",
        "Each row names its clause and how certain it is: *seen* (read in the source), *recalled* (not yet",
        "confirmed in the source) or *ours* (a judgement of this project).",
        "",
        *_thresholds(guideline.thresholds),
        *_terms(guideline),
        *(line for table in guideline.tables.values() for line in _table(table, cases)),
        *_regimens(guideline.regimens),
    ]
    return "\n".join(parts).rstrip() + "\n"


def in_words(condition: Condition, inside: bool = False) -> str:
    """A condition in words; `inside` puts joined ones in brackets."""
    kind, *rest = condition
    if kind in JOINTS:
        joined = JOINTS[kind].join(in_words(part, inside=True) for part in rest[0])
        return f"({joined})" if inside else joined
    if kind == "not":
        return f"not {in_words(rest[0], inside=True)}"
    if kind == "count":
        return f"at least {rest[0]} of: " + ", ".join(in_words(part, inside=True) for part in rest[1])
    return _atom(kind, rest)


def _atom(kind: str, rest: list[str]) -> str:
    if kind == "always":
        return "always"
    name = f"`{rest[0]}`"
    if kind == "yes":
        return name
    if kind in SIGNS:
        return f"{name} {SIGNS[kind]} `{rest[1]}`"
    if kind == "flag":
        return f"{name} reported {rest[1]}"
    if kind == "output":
        return f"{name} is {' or '.join(rest[1])}"
    return f"{name} {kind}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").strip()


def _source(source: Source) -> str:
    return _cell(f"{source.clause} ({source.certainty})")


def _thresholds(thresholds: dict[str, Threshold]) -> list[str]:
    if not thresholds:
        return []
    rows = [
        f"| `{name}` | {' = '.join(f'{value:g} {unit}' for value, unit in one.values)} | "
        f"{_cell(one.from_date or '')} | {_cell(one.until_date or '')} | {_source(one.source)} |"
        for name, one in thresholds.items()
    ]
    head = [
        "## Thresholds",
        "",
        "| name | value | from | until | source |",
        "| --- | --- | --- | --- | --- |",
    ]
    return [*head, *rows, ""]


def _terms(guideline: Guideline) -> list[str]:
    if not guideline.terms:
        return []
    rows = [
        f"| `{name}` | {_cell(one.means)} | {_cell(in_words(one.when))} | {_source(one.source)} |"
        for name, one in guideline.terms.items()
    ]
    return ["## Terms", "", "| term | means | holds when | source |", "| --- | --- | --- | --- |", *rows, ""]


def _table(table: Table, cases: dict[str, list[str]]) -> list[str]:
    policy = "the first row that holds wins" if table.hit_policy == "first" else "every row that holds counts"
    lines = [f"## {table.name}", "", f"{table.asks} ({policy})", ""]
    if table.undecided:
        lines += [f"Undecided: {_outcome(table.undecided)}.", ""]
    lines += ["| rule | when | then | says | source | cases |", "| --- | --- | --- | --- | --- | --- |"]
    return [*lines, *(_rule(rule, cases.get(f"{table.name}.{rule.id}", [])) for rule in table.rules), ""]


def _rule(rule: Rule, cases: list[str]) -> str:
    name = f"`{rule.id}`" + (" (holds back lower rows while open)" if rule.hold else "")
    when = _cell(in_words(rule.when))
    return (
        f"| {name} | {when} | {_outcome(rule.then)} | {_cell(rule.says)} | {_source(rule.source)} | {_cases(cases)} |"
    )


def _cases(names: list[str]) -> str:
    """The first cases that fire a rule, by the last part of their name, and how many more there are."""
    shown = [
        name.rsplit("/", maxsplit=1)[-1].split(" ", maxsplit=1)[0].replace("_", " ") for name in names[:CASES_SHOWN]
    ]
    more = len(names) - len(shown)
    return _cell("; ".join(shown) + (f"; and {more} more" if more > 0 else ""))


def _outcome(then: dict[str, str]) -> str:
    return ", ".join(f"{field}: {_cell(str(value))}" for field, value in then.items())


def _regimens(regimens: dict[str, Regimen]) -> list[str]:
    if not regimens:
        return []
    rows = [
        f"| `{name}` | {one.product} ({one.route}) | {_cell(one.says)} | "
        f"{'yes' if one.licensed else 'no'} | {_source(one.source)} |"
        for name, one in regimens.items()
    ]
    head = [
        "## Regimens",
        "",
        "| id | product | says | licensed | source |",
        "| --- | --- | --- | --- | --- |",
    ]
    return [*head, *rows, ""]
