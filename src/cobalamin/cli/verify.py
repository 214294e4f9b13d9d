"""`cobalamin verify`: derive an answer again from its record and say what differs and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cobalamin.errors import CobalaminError

if TYPE_CHECKING:
    from cobalamin.assess import Assessment

MOST_BYTES = 1_000_000


def verify_command(
    receipt_file: Annotated[Path, typer.Argument(metavar="RECEIPT", help="A receipt from assess --receipt.")],
    record: Annotated[Path, typer.Argument(help="The record the answer was given for, or - for stdin.")],
    patient: Annotated[str | None, typer.Option("--patient", "-p", help="Whom, where a record holds several.")] = None,
    guidance: Annotated[
        Path | None, typer.Option("--guidance", "-g", help="Folder of the guidance, where it does not ship.")
    ] = None,
) -> None:
    """Derive an answer again, as of its day, and say what differs and why. Exit code 1 where anything does.

    The guidance in force that day is used, also where it has changed since.

    Example: cobalamin verify receipt.json examples/worked_patient.yaml
    """
    from cobalamin.audit.receipt import changes, check_receipt, day_of, reasons, receipt
    from cobalamin.cli.output import guideline_named, safe, say
    from cobalamin.guidance import load

    own = guideline_named(str(guidance)) if guidance is not None else ""
    old = check_receipt(_read(receipt_file), str(receipt_file), load(own).id if own else "")
    new = receipt(_derived_again(old, own or old["guidance"]["id"], record, patient))
    why, what = reasons(old, new), changes(old, new)
    say(safe(verdict_text(f"as of {day_of(old)} under {old['guidance']['id']}", new, why, what)))
    if why or what:
        raise typer.Exit(1)


def verdict_text(asked: str, new: dict[str, Any], why: list[str], what: list[str]) -> str:
    """The verdict in a line, then the reasons, then what became of the answer."""
    if not why and not what:
        said = ", ".join(f"{name} {new['outcomes'][name]}" for name in ("status", "route") if name in new["outcomes"])
        return f"The same answer {asked}: {said}. Record, guidance and software are the same."
    lines = [f"The answer {asked} differs." if what else f"The same answer {asked}, though not from the same things."]
    lines += ["", "Why:", *(f"  {line}" for line in why or ["not known: record, guidance and software are the same"])]
    if what:
        lines += ["", "What:", *(f"  {line}" for line in what)]
    return "\n".join(lines)


def _derived_again(old: dict[str, Any], named: str, record: Path, patient: str | None) -> Assessment:
    """The assessment of a record as a receipt describes it: its day, its guidance, its laboratory.

    `named` is what `load` knows the guidance of the receipt by.
    """
    from cobalamin.assess import assess
    from cobalamin.audit.receipt import day_of
    from cobalamin.cli.assess import Wanted, assess_record
    from cobalamin.guidance import load

    day, overrides = day_of(old), old["guidance"]["overrides"]
    assessment, _ = assess_record(record, Wanted(named, day, patient, None))
    return assess(assessment.events, load(named, day, overrides), on=day) if overrides else assessment


def _read(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise CobalaminError(f"{path}: too large for a receipt, which has a few kilobytes.")
        return json.loads(content.decode("utf-8-sig"), parse_constant=_no_number)
    except FileNotFoundError:
        raise CobalaminError(f"{path}: there is no such file. Write a receipt with assess --receipt FILE.") from None
    except OSError as error:
        raise CobalaminError(f"{path}: cannot be read ({error.strerror}).") from None
    except (ValueError, RecursionError) as error:
        raise CobalaminError(f"{path}: not a receipt; it is no JSON ({_said(error)}).") from None


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")


def _said(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)[:120]
