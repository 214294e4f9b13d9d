"""The mapping file: which column or code of a table means which concept, in which unit.

Checked before a row is read: unknown keys, concepts, units and domains are errors that name the known.
"""

from __future__ import annotations

import datetime
import difflib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from cobalamin import units
from cobalamin.errors import CobalaminError
from cobalamin.events import FLAGS, ROUTES
from cobalamin.vocabulary.concepts import concepts

Meaning = str | list[str] | None
Scalar = str | int | float | bool
UNDATED = "undated"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Condition(_Part):
    """A condition on one column; all that are given must hold. A blank cell meets none."""

    in_: list[Scalar] | None = Field(default=None, alias="in")
    above: float | None = None
    at_least: float | None = None
    below: float | None = None
    at_most: float | None = None
    matches: str | None = None
    not_matches: str | None = None


class When(_Part):
    """A column of dates, with the format where it is not ISO 8601, and how exact it is."""

    column: str
    format: str | None = None
    precision: Literal["second", "day", "month", "year"] | None = None


class Band(_Part):
    """Numbers from `from` to `to`, both included, and what they mean."""

    from_: float = Field(alias="from")
    to: float
    means: Meaning


class Column(_Part):
    """One column of a wide table.

    With a `unit` or `flags` it is a result. `values` and `bands` turn codes into facts: "present", "absent",
    a concept, "not " and a concept, several of these, or null for codes that say nothing (refused, unknown).
    With `date` the cell is the day of the fact itself (birth, death), as exact as it says.
    """

    concept: str | None = None
    unit: str | None = None
    flags: dict[Scalar, str | None] | None = None
    values: dict[Scalar, Meaning] | None = None
    bands: list[Band] | None = None
    time: datetime.date | Literal["undated"] | None = None
    date: Literal["second", "day", "month", "year"] | None = None
    note: str = ""


class Long(_Part):
    """A table with one result or code a row: columns for the code (and its system), value, unit and range."""

    code: str | None = None
    system: str | None = None
    system_column: str | None = None
    words: str | None = None
    concepts: dict[Scalar, str] | None = None
    units: dict[Scalar, str] | None = None
    value: str | None = None
    unit: str | None = None
    low: str | None = None
    high: str | None = None
    flag: str | None = None
    flags: dict[Scalar, str | None] | None = None


class Medicines(_Part):
    """A table with one medicine a row, named by a code or by words; `concepts` names what neither knows."""

    words: str | None = None
    code: str | None = None
    system: str | None = None
    concepts: dict[Scalar, str] | None = None
    skip: list[Scalar] = []
    started_days_before: str | None = None
    ended: When | None = None
    given: bool = False
    dose: str | None = None
    dose_unit: str | None = None
    dose_unit_column: str | None = None
    route: str | None = None
    route_column: str | None = None
    every_days: float | None = None
    every_days_column: str | None = None


class Rule(_Part):
    """Rows that meet `when` are events of `concept`."""

    when: dict[str, Condition | Scalar | list[Scalar]]
    concept: str
    value: str | None = None
    unit: str | None = None
    route: str | None = None
    every_days: float | None = None
    started_days_before: str | None = None
    running: bool = True


class Coverage(_Part):
    """From which day on silence about a domain means no, for the people of rows that meet `when`."""

    domain: str
    when: dict[str, Condition | Scalar | list[Scalar]] = {}
    days_before: float = 0
    running: bool = True


class Table(_Part):
    """One file, or several of one kind ("labs-*.parquet")."""

    file: str
    patient: str
    time: datetime.date | When | Literal["undated"] | None = None
    keep: dict[str, Condition | Scalar | list[Scalar]] = {}
    columns: dict[str, Column] = {}
    long: Long | None = None
    medicines: Medicines | None = None
    rules: list[list[Rule]] = []
    covers: list[Coverage] = []

    @model_validator(mode="after")
    def _says_something(self) -> Table:
        if not (self.columns or self.long or self.medicines or self.rules or self.covers):
            raise ValueError("says nothing: give columns, long, medicines, rules or covers")
        return self


class Mapping(_Part):
    """A whole mapping file; `on` is the date of rows without one.

    `patient_prefix` stands before every patient id: where tables only number their people, it tells whose they are.
    """

    name: str = ""
    source: str = ""
    licence: str = ""
    note: str = ""
    patient_prefix: str = ""
    on: datetime.date | None = None
    files: list[Table]


def read_mapping(path: Path) -> Mapping:
    """The mapping in a YAML 1.2 file. Raises CobalaminError that names the place and what was possible."""
    try:
        data = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise CobalaminError(f"{path}: not a mapping that can be read: {_first_line(error)}") from None
    if not isinstance(data, dict):
        raise CobalaminError(f'{path}: a mapping has a list "files"; see the page on table records.')
    try:
        mapping = Mapping.model_validate(data)
    except ValidationError as error:
        raise CobalaminError(f"{path}: {_explain(error)}") from None
    for table in mapping.files:
        _check_table(table, f"{path}: {table.file}")
    return mapping


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _explain(error: ValidationError) -> str:
    first = error.errors()[0]
    place = " → ".join(str(part) for part in first["loc"]) or "top"
    if first["type"] == "extra_forbidden":
        known = _known_keys(first["loc"])
        return f"{place}: unknown key{did_you_mean(str(first['loc'][-1]), known)}"
    return f"{place}: {first['msg'].removeprefix('Value error, ')}"


def _known_keys(place: tuple[int | str, ...]) -> list[str]:
    models: dict[str, type[BaseModel]] = {
        "columns": Column, "long": Long, "medicines": Medicines, "rules": Rule, "covers": Coverage,
        "files": Table,
    }  # fmt: skip
    model = next((models[part] for part in reversed(place[:-1]) if part in models), Mapping)
    return [field.alias or name for name, field in model.model_fields.items()]


def did_you_mean(word: str, known: list[str]) -> str:
    """'; did you mean "x"?' or what there is."""
    close = difflib.get_close_matches(word, known, n=3, cutoff=0.6)
    if close:
        return "; did you mean " + " or ".join(f'"{each}"' for each in close) + "?"
    return f". There are: {', '.join(known[:40])}."


def _check_table(table: Table, place: str) -> None:
    for name, column in table.columns.items():
        _check_column(column, f"{place}: column {name}")
    for part, layout in (("long", table.long), ("medicines", table.medicines)):
        for target in (layout.concepts or {}).values() if layout else []:
            check_concept(target, f"{place}: {part}")
    for group in table.rules:
        for rule in group:
            check_concept(rule.concept, f"{place}: rules")
            _check_unit(rule.concept, rule.unit, f"{place}: rules")
            _check_one_of(rule.route, ROUTES, f"{place}: rules: route")
    for coverage in table.covers:
        domains = [name.removeprefix("covers_") for name in concepts() if name.startswith("covers_")]
        _check_one_of(coverage.domain, domains, f"{place}: covers")


def _check_column(column: Column, place: str) -> None:
    meanings: list[Any] = [*(column.values or {}).values(), *(band.means for band in column.bands or [])]
    if column.concept:
        check_concept(column.concept, place)
        _check_unit(column.concept, column.unit, place)
    for meaning in meanings:
        for target in meaning if isinstance(meaning, list) else [meaning]:
            if target in ("present", "absent") and not column.concept:
                raise CobalaminError(f'{place}: "{target}" of what? Give the column a concept.')
            if target not in (None, "present", "absent"):
                check_concept(str(target).removeprefix("not "), place)
    if not column.concept and (column.date or not meanings):
        raise CobalaminError(f"{place}: needs a concept, values or bands.")
    for flag in (column.flags or {}).values():
        _check_one_of(flag, FLAGS, f"{place}: flags")


def check_concept(concept: str, place: str) -> None:
    """Raise where there is no such concept."""
    if concept not in concepts():
        raise CobalaminError(f'{place}: no concept "{concept}"{did_you_mean(concept, list(concepts()))}')


def _check_unit(concept: str, unit: str | None, place: str) -> None:
    known = units.known_units(concept)
    if unit is not None and known and units.conversion(concept, unit) is None:
        raise CobalaminError(f'{place}: unit "{unit}" is not one we convert for {concept}. Known: {", ".join(known)}.')


def _check_one_of(word: str | None, known: tuple[str, ...] | list[str], place: str) -> None:
    if word is not None and word not in known:
        raise CobalaminError(f'{place}: "{word}" is not known{did_you_mean(word, list(known))}')
