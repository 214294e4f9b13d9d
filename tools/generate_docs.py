"""Write the generated documentation, or check with `--check` that it is in step with what it comes from."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from cobalamin import guidance
from cobalamin.report.disagree import disagreements
from cobalamin.vocabulary.catalogue import Finding, catalogue
from tools import cli_reference, hazards, rule_book, run_blocks
from tools.problems import PACKAGE, ROOT, Problem, place, report

DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"


def pages() -> dict[Path, Callable[[], str]]:
    """Every generated page and the function that writes it."""
    made: dict[Path, Callable[[], str]] = {
        DOCS / "guidelines-compared.md": disagreements_page,
        DOCS / "safety" / "hazard_log.md": lambda: hazards.page(hazards.read()),
        REFERENCE / "findings.md": findings_page,
        REFERENCE / "command_line.md": command_line_page,
    }
    for name in guidance.available():
        made[REFERENCE / "rules" / f"{name}.md"] = lambda name=name: rule_page(name)  # type: ignore[misc]
    for path in hand_written():
        if run_blocks.BLOCK.search(path.read_text(encoding="utf-8")):
            made[path] = lambda path=path: run_blocks.with_real_output(path.read_text(encoding="utf-8"))  # type: ignore[misc]
    return made


def disagreements_page() -> str:
    """Where the guidelines that ship disagree in principle."""
    shipped = [guidance.load(name) for name in guidance.available() if name != "common"]
    return disagreements(shipped, {one.id: own_numbers(one.id) for one in shipped})


def own_numbers(guideline: str) -> set[str]:
    """The thresholds that a guideline gives itself; all others it takes from what it extends."""
    file = PACKAGE / "guidance" / "shipped" / f"{guideline}.json"
    return set(json.loads(file.read_text(encoding="utf-8"))["content"]["thresholds"])


def rule_page(guideline: str) -> str:
    """The rule book of a guideline, with the cases that fire each rule."""
    from tests.spec.fired import cases_of

    return rule_book.page(guidance.load(guideline), cases_of(guideline))


def hand_written() -> list[Path]:
    """Pages a person writes; their marked blocks of output are generated."""
    return sorted(path for path in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")] if REFERENCE not in path.parents)


def command_line_page() -> str:
    """The reference of the command line."""
    from cobalamin.cli.main import app

    return cli_reference.page(app)


def findings_page() -> str:
    """The catalogue of findings as a page, one table a domain."""
    lines = [
        "# Findings",
        "",
        "What a record is asked, one question a row, made from `vocabulary/findings.csv`.",
        '"Silence" says what it means when the record says nothing: *unknown*, or *no* where the record',
        "covers the domain.",
        "",
    ]
    findings = catalogue().values()
    for domain in dict.fromkeys(one.domain for one in findings):
        lines += [
            f"## {domain}",
            "",
            "| finding | kind | silence | window | means |",
            "| --- | --- | --- | --- | --- |",
        ]
        lines += [_finding_row(one) for one in findings if one.domain == domain]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _finding_row(one: Finding) -> str:
    kind = f"{one.kind}, {one.unit}" if one.unit else one.kind
    window = f"{one.window_days} days" if one.window_days else ""
    applies = f" Applies when {one.applies_when}." if one.applies_when else ""
    return f"| `{one.name}` | {kind} | {one.silence} | {window} | {one.means}{applies} |"


def out_of_step() -> list[Problem]:
    """Generated pages that are missing or differ from what would be written now, and orphans."""
    made = pages()
    problems = [
        Problem(place(path), "is not in step with its source.", "Run: make docs")
        for path, write in made.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != write()
    ]
    orphans = [path for path in REFERENCE.rglob("*.md") if path not in made]
    return problems + [Problem(place(path), "is made from nothing.", "Delete it.") for path in orphans]


def main(arguments: list[str]) -> int:
    """Write all pages, or compare them."""
    if "--check" in arguments:
        return report("docs", out_of_step(), "what is generated is in step.")
    for path, write in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(write(), encoding="utf-8")
        print(f"docs: wrote {place(path)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
