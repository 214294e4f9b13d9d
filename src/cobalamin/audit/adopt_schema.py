"""What a file of unit costs may say; loaded only where one is read."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cobalamin.guidance.schema import SourceYaml


class UnitYaml(BaseModel):
    """A unit and its price; a price without a source is no price."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    amount: float | None = Field(ge=0)
    year: int | None = None
    source: SourceYaml | None = None
    note: str = ""

    @model_validator(mode="after")
    def priced_with_source(self) -> UnitYaml:
        """Refuse an amount that nobody vouches for."""
        if self.amount is not None and (self.source is None or self.year is None):
            raise ValueError("an amount needs its year and its source")
        return self


class CostsYaml(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid")

    currency: str = Field(pattern=r"^[A-Z]{3}$")
    says: str = ""
    units: dict[str, UnitYaml]
