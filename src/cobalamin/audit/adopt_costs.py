"""What a unit costs: one file with a source for each price. An unknown price is said, never guessed."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from cobalamin.errors import CobalaminError

OTHER_TEST = "other_test"


@dataclass(frozen=True)
class Price:
    """The price of a unit, in the money of its year; `amount` is null where it is not known."""

    unit: str
    amount: float | None
    year: int | None
    clause: str
    certainty: str
    note: str


@dataclass(frozen=True)
class Costs:
    """Prices in one currency."""

    currency: str
    says: str
    prices: dict[str, Price]

    def of(self, unit: str) -> Price:
        """The price of a unit; tests that are not listed share one entry."""
        return self.prices.get(unit) or self.prices.get(OTHER_TEST) or Price(unit, None, None, "", "", "")


def read_costs(path: Path | None = None) -> Costs:
    """The prices of a file, or those that ship. Raises CobalaminError naming the place."""
    from pydantic import ValidationError

    from cobalamin.audit.adopt_schema import CostsYaml
    from cobalamin.guidance.build import read_yaml

    place = path or Path(str(files("cobalamin.audit"))) / "unit_costs.yaml"
    if not place.is_file():
        raise CobalaminError(f"{place}: no such file. Copy src/cobalamin/audit/unit_costs.yaml and change its prices.")
    try:
        raw: Any = read_yaml(place)
        made = CostsYaml.model_validate(raw)
    except (OSError, UnicodeDecodeError) as error:
        raise CobalaminError(f"{place}: cannot be read as text ({type(error).__name__}).") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise CobalaminError(
            f"{place}: {where}: {first['msg']}. Write: currency: GBP; units: {{injection: {{amount: 12.5, year: 2025, "
            'source: {clause: "where it stands", certainty: seen}}}'
        ) from None
    prices = {
        name: Price(
            name, one.amount, one.year, one.source.clause if one.source else "",
            one.source.certainty if one.source else "", one.note,
        )
        for name, one in made.units.items()
    }  # fmt: skip
    return Costs(made.currency, made.says, prices)
