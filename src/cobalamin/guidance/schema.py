"""What a guideline folder may say: the schema of its YAML files, for building guidance."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Certainty = Literal["seen", "recalled", "ours"]
KINDS = Literal["dose", "test", "review", "referral", "advice", "stop"]


class Strict(BaseModel):
    """Unknown keys are errors: a misspelt key must not be ignored."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class SourceYaml(Strict):
    clause: str = Field(min_length=3)
    certainty: Certainty
    url: str = ""


class ValueYaml(Strict):
    value: float
    unit: str


class ThresholdYaml(Strict):
    values: list[ValueYaml] = Field(min_length=1)
    source: SourceYaml
    text_below: list[str] = []
    text_above: list[str] = []
    from_date: dt.date | None = Field(None, alias="from")
    until_date: dt.date | None = Field(None, alias="until")


class TermYaml(Strict):
    means: str
    when: Any
    source: SourceYaml


class PlanYaml(Strict):
    kind: KINDS
    what: str
    after: str = "on"
    earliest_days: int | None = None
    due_days: int = 0
    overdue_days: int | None = None
    every_days: float | None = None
    count: int | None = None


class RuleYaml(Strict):
    id: str = Field(pattern=r"^[a-z0-9_]+$")
    when: Any
    then: dict[str, str]
    says: str = Field(min_length=3)
    source: SourceYaml
    hold: bool = False
    basis: list[str] = []
    plan: list[PlanYaml] = []
    from_date: dt.date | None = Field(None, alias="from")
    until_date: dt.date | None = Field(None, alias="until")


class TableYaml(Strict):
    id: str
    asks: str
    hit_policy: Literal["first", "collect"]
    outputs: list[str]
    undecided: dict[str, str] = {}
    rules: list[RuleYaml]


class PhaseYaml(Strict):
    name: Literal["loading", "maintenance", "course", "treatment"]
    every_days: float = Field(gt=0)
    count: int | None = None
    dose: float = Field(gt=0)
    dose_unit: Literal["mg", "ug"]
    until: str = ""
    interval_max_days: float | None = None


class RegimenYaml(Strict):
    product: str
    route: Literal["im", "oral"]
    says: str
    phases: list[PhaseYaml] = Field(min_length=1)
    source: SourceYaml
    licensed: bool = True


class PopulationYaml(Strict):
    min_age_years: int
    says: str


class AboutYaml(Strict):
    id: str
    version: str
    title: str
    publisher: str
    date: dt.date
    country: str
    population: PopulationYaml
    extends: list[str] = []
    licence_note: str
    review_by: dt.date
    checked_by: str
    superseded_by: str = ""
    url: str = ""
    notes: list[str] = []
