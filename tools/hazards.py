"""The hazard log: its file, its shape, and the page written from it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML

from tools.problems import ROOT

HAZARDS = ROOT / "docs" / "safety" / "hazards.yaml"


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Control(Strict):
    """What keeps a hazard from harming: the words, the place in the code, the tests that prove it."""

    what: str = Field(min_length=10)
    where: list[str] = Field(min_length=1)
    tests: list[str] = Field(min_length=1)


class Hazard(Strict):
    id: str = Field(pattern=r"^H\d\d$")
    hazard: str
    cause: str
    effect: str
    severity: Literal["catastrophic", "major", "considerable", "significant", "minor"]
    controls: list[Control] = Field(min_length=1)


class HazardLog(Strict):
    review: str
    residual_risk: str
    hazards: list[Hazard] = Field(min_length=1)


def read(path: Path = HAZARDS) -> HazardLog:
    """The hazard log, its shape checked."""
    return HazardLog.model_validate(YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")))


def page(log: HazardLog) -> str:
    """The hazard log as Markdown: what is common to all, an overview, then one section a hazard."""
    lines = [
        "# Hazard log",
        "",
        f"Clinical review: {log.review}.",
        f"Residual risk: {log.residual_risk}.",
        "Severity is that of the worst credible outcome before any control.",
        "",
        "| id | hazard | severity | controls |",
        "| --- | --- | --- | ---: |",
        *(f"| {one.id} | {one.hazard} | {one.severity} | {len(one.controls)} |" for one in log.hazards),
        "",
    ]
    for hazard in log.hazards:
        lines += _section(hazard)
    return "\n".join(lines).rstrip() + "\n"


def _section(hazard: Hazard) -> list[str]:
    lines = [
        f"## {hazard.id} {hazard.hazard.rstrip('.')}",
        "",
        f"- **Cause:** {hazard.cause}",
        f"- **Effect:** {hazard.effect}",
        f"- **Severity:** {hazard.severity}",
        "",
        "| control | where | proved by |",
        "| --- | --- | --- |",
    ]
    for control in hazard.controls:
        where = ", ".join(f"`{one.removeprefix('src/cobalamin/')}`" for one in control.where)
        tests = ", ".join(f"`{one}`" for one in control.tests)
        lines.append(f"| {control.what} | {where} | {tests} |")
    return [*lines, ""]
