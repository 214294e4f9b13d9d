"""`cobalamin guidance`: which guidelines ship, what they say, and whether they are sound."""

from __future__ import annotations

from typing import Annotated

import typer

from cobalamin.errors import CobalaminError

guidance_app = typer.Typer(
    help="List, show and check the guidelines that ship.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@guidance_app.command("list")
def list_command() -> None:
    """List the guidelines: id, version, country, title, review date."""
    from cobalamin.cli.output import say
    from cobalamin.guidance import DEFAULT, available, load

    for name in (each for each in available() if each != "common"):
        about = load(name).about
        mark = "*" if name == DEFAULT else " "
        old = f"  superseded by {about['superseded_by']}" if about["superseded_by"] else ""
        say(
            f"{mark} {name:<16} {about['version']:<10} {about['country']:<16} {about['title']}"
            f"  (review by {about['review_by']}){old}"
        )
    say("\n* default. `cobalamin guidance show ID` prints its rules.")


@guidance_app.command("show")
def show_command(
    guideline: Annotated[str, typer.Argument(help="Id of a guideline, as `cobalamin guidance list` prints it.")],
    table: Annotated[str | None, typer.Option("--table", "-t", help="Only this table, e.g. status.")] = None,
) -> None:
    """Show a guideline: its thresholds and every rule with its source."""
    from cobalamin.cli.output import did_you_mean, guideline_named, say
    from cobalamin.guidance import available, load
    from cobalamin.report.rules import rules_text

    # `common`, which every guideline extends, may be shown too.
    found = load(guideline if guideline in available() else guideline_named(guideline))
    if table is not None and table not in found.tables:
        known = ", ".join(found.tables)
        raise CobalaminError(f"{found.id} has no table {table!r}.{did_you_mean(table, found.tables)} It has: {known}.")
    say(rules_text(found, table))


@guidance_app.command("check")
def check_command(
    guideline: Annotated[str | None, typer.Argument(help="Id of a guideline; all that ship if left out.")] = None,
) -> None:
    """Check guidance as a linter: names, units, gaps, overlaps, unreachable rows."""
    from cobalamin.cli.output import guideline_named, say
    from cobalamin.decision.lint import check
    from cobalamin.guidance import available, load

    names = [guideline_named(guideline)] if guideline else [name for name in available() if name != "common"]
    problems = [problem for name in names for problem in check(load(name))]
    for problem in problems:
        typer.echo(problem, err=True)
    if problems:
        raise typer.Exit(1)
    say(f"{len(names)} guideline(s) checked: {', '.join(names)}. No problems.")
