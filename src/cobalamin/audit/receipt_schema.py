"""What a receipt may say; loaded only where one is verified."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from cobalamin.guidance.schema import SourceYaml

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Strict(BaseModel):
    """Unknown keys are errors: what is not understood is not verified."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class NumberJson(Strict):
    """A number of a laboratory in a unit."""

    value: float
    unit: str


class OverrideJson(Strict):
    """A threshold that a laboratory replaced."""

    values: list[NumberJson] = Field(min_length=1)
    source: SourceYaml


class GuidanceJson(Strict):
    """Which guidance, in which edition."""

    id: str
    version: str
    sha256: Sha256
    overrides: dict[str, OverrideJson]


class RecordJson(Strict):
    """Which record, by reference and hash."""

    reference: str
    person: Sha256
    facts: int
    sha256: Sha256


class ReceiptJson(Strict):
    """A whole receipt."""

    format: Literal["cobalamin receipt 1"]
    software: str
    on: dt.date
    guidance: GuidanceJson
    record: RecordJson
    outcomes: dict[str, str]
    rules: list[str]
    plan: Sha256
    sha256: Sha256
