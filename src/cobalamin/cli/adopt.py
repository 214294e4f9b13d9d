"""`cobalamin adopt`: what if a population were decided by other guidance."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from cobalamin.audit.adopt import Side


def adopt_command(
    a: Annotated[str, typer.Argument(metavar="A", help="The guideline as it is now: `cobalamin guidance list`.")],
    b: Annotated[
        str, typer.Argument(metavar="B", help="The guideline to adopt; the same one with other numbers is fine.")
    ],
    records: Annotated[
        Path, typer.Argument(help="FHIR R4 (file or folder), tables with a mapping, or events.parquet.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder to make, with page, data and the list for the analyst.")
    ] = None,
    on: Annotated[
        datetime | None,
        typer.Option("--on", formats=["%Y-%m-%d"], help="Day of decision; else the mapping's, else today."),
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option("--mapping", "-m", help="Mapping of tables; else mapping.yaml beside them.")
    ] = None,
    laboratory_a: Annotated[
        Path | None, typer.Option("--laboratory-a", help="A laboratory's thresholds, for A.")
    ] = None,
    laboratory_b: Annotated[
        Path | None, typer.Option("--laboratory-b", help="A laboratory's thresholds, for B.")
    ] = None,
    policy: Annotated[
        str | None, typer.Option("--policy", help="A policy laid over B: tablets (all suitable injections to tablets).")
    ] = None,
    costs: Annotated[Path | None, typer.Option("--costs", help="Your own unit costs, as a YAML file.")] = None,
    workers: Annotated[int | None, typer.Option("--workers", "-w", min=1, help="Processes [as many as cores].")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier comparison in that folder.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="End with exit code 1 if any entry was set aside.")] = False,
) -> None:
    """Show what would change for a population under other guidance: who, what, and at what cost.

    Nobody's treatment is changed; the people who would be harmed by the change come first.

    Examples:

      cobalamin adopt nice_ng239 aafp_2017 src/cobalamin/data/nhanes_2011_2012 --out what-if

      cobalamin adopt nice_ng239 nice_ng239 tables/ --laboratory-b examples/laboratory_145_ng_l.yaml
    """
    from cobalamin.audit.adopt import adopt
    from cobalamin.audit.adopt_costs import read_costs
    from cobalamin.audit.adopt_output import MARK, write
    from cobalamin.audit.adopt_present import adopt_data
    from cobalamin.cli.output import safe, say
    from cobalamin.cli.people import people_bar, record_chunks, stated_day
    from cobalamin.engine.folder import check_target

    if out is not None:
        check_target(out, MARK, force=force)
    day = on.date() if on is not None else stated_day(records, mapping) or date.today()
    prices, sides = read_costs(costs), (_side(a, day, laboratory_a, None), _side(b, day, laboratory_b, policy))
    with people_bar() as advance:
        found = adopt(record_chunks(records, mapping, day), *sides, day, workers=workers, progress=advance)
    folder = None if out is None else write(found, prices, out, force=force)
    say(safe(summary_text(adopt_data(found, prices, shared=False), folder)))
    if strict and found.ledger.set_aside:
        raise typer.Exit(1)


def _side(asked: str, day: date, laboratory: Path | None, policy: str | None) -> Side:
    """A guideline as it would be applied. Raises CobalaminError naming what is not known."""
    from cobalamin.audit.adopt import Side
    from cobalamin.audit.adopt_policy import with_policy
    from cobalamin.cli.assess import Wanted, laboratory_overrides
    from cobalamin.cli.output import guideline_named
    from cobalamin.guidance import load

    name = guideline_named(asked)
    overrides = laboratory_overrides(Wanted(name, day, None, laboratory)) if laboratory is not None else None
    guideline = with_policy(load(name, day, overrides), policy)
    return Side(guideline, _laboratory_name(laboratory), policy or "")


def _laboratory_name(file: Path | None) -> str:
    if file is None:
        return ""
    from cobalamin.guidance.build import read_yaml

    return str(read_yaml(file).get("laboratory") or file.stem)


MOVES = {"status": "verdict", "route": "route", "advice": "testing", "urgency": "urgency"}
SHOWN = 4


def summary_text(data: dict[str, Any], folder: Path | None) -> str:
    """The harm first, then who changes from what to what, then what it takes and costs; one screen."""
    from cobalamin.report.adopt_page import headline

    lines = [
        headline(data),
        "",
        f"A  {data['a']['name']} ({data['a']['version']})",
        f"B  {data['b']['name']} ({data['b']['version']})",
        f"{data['people']['shown']} people in the records on {data['on']}, "
        f"{data['population']['shown']} adults registered.",
        "",
    ]
    if all(flow["same"] for flows in data["flows"].values() for flow in flows):
        lines += [f"Nobody's answer changes. Results count for a time: is {data['on']} the day meant (--on)?", ""]
    for row in data["harmed"]["rows"]:
        lines.append(f"{row['shown']:>7}  {row['group']}: {row['what']}")
    lines += [""] if data["harmed"]["rows"] else []
    for field, words in MOVES.items():
        changed = [flow for flow in data["flows"][field] if not flow["same"]]
        lines += [
            f"{flow['shown']:>7}  {words if not place else '':<8} {flow['from']} -> {flow['to']}".replace("_", " ")
            for place, flow in enumerate(changed[:SHOWN])
        ]
    if data["b"]["policy"]:
        lines += ["", "On injections, under B:", *(f"{row['shown']:>7}  {row['words']}" for row in data["tablets"])]
        lines += [] if data["tablets"] else ["         nobody"]
    return "\n".join([*lines, "", *_cost_lines(data), *_where(folder)])


def _cost_lines(data: dict[str, Any]) -> list[str]:
    from cobalamin.report.adopt_page import money

    wanted = {row["unit"]: row for row in data["amounts"]}
    injections = wanted.get("injection", {}).get("more_shown", "0")
    lines = [f"Appointments {data['costs']['appointments']} a year, injections among them {injections}."]
    if data["costs"]["total"] is not None:
        lines.append(f"What has a price: {money(data['costs']['total'])} {data['costs']['currency']} a year.")
    if data["costs"]["unpriced"]:
        units = [unit.replace("_", " ") for unit in data["costs"]["unpriced"]]
        more = f" and {len(units) - SHOWN} more" if len(units) > SHOWN else ""
        lines.append(f"Without a price: {', '.join(units[:SHOWN])}{more}; put your own in with --costs FILE.")
    return lines


def _where(folder: Path | None) -> list[str]:
    if folder is None:
        return ["Nobody's treatment is changed. With --out DIR: a page with pictures, and the list for the analyst."]
    return [f"Page: {folder / 'report.html'}. Who would be harmed: {folder / 'analyst' / 'harmed.csv'}."]
