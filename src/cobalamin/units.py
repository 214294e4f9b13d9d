"""Units of laboratory results and doses: spellings, conversions with their source, and plausible limits.

A value whose unit is missing or not listed for its concept is no data: 200 pg/mL and 200 pmol/L of
vitamin B12 lie on opposite sides of most thresholds. Limits of plausibility are generous; they refuse
slips of the unit or the decimal point, never rare disease.
"""

from __future__ import annotations

import csv
import math
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import polars as pl

_SIGNS = {"×": "x", "⁹": "^9", "³": "3", "²": "2", "⁶": "^6", "¹²": "^12", "·": ".", "−": "-", "’": "'"}


@dataclass(frozen=True)
class Conversion:
    """canonical = reported × factor + offset; `offset` is zero except for HbA1c in per cent."""

    concept: str
    unit: str
    canonical: str
    factor: float
    offset: float
    source: str


def _rows(name: str) -> list[dict[str, str]]:
    # Found through the root package: units lie below the vocabulary and must not import it.
    with files("cobalamin").joinpath("vocabulary", name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@cache
def _spellings() -> dict[str, str]:
    return {row["spelling"]: row["unit"] for row in _rows("unit_spellings.csv")}


@cache
def conversions() -> dict[tuple[str, str], Conversion]:
    """Every conversion, by concept and normalised unit."""
    return {
        (row["concept"], row["unit"]): Conversion(
            row["concept"],
            row["unit"],
            row["canonical"],
            float(row["factor"]),
            float(row["offset"]),
            row["source"],
        )
        for row in _rows("units.csv")
    }


@cache
def unit_names() -> tuple[str, ...]:
    """The units that a value can be reported in, normalised."""
    return tuple(sorted({unit for _, unit in conversions()}))


@cache
def plausible_limits() -> dict[str, tuple[float, float]]:
    """Lowest and highest value a person can have, by concept, in the canonical unit."""
    rows = _rows("plausible.csv")
    return {row["concept"]: (float(row["lowest"]), float(row["highest"])) for row in rows}


def unit_key(unit: str | None) -> str:
    """The form in which a spelling is looked up: lower case, one kind of micro sign, no stray blanks."""
    text = unit or ""
    for sign, plain in _SIGNS.items():
        text = text.replace(sign, plain)
    text = unicodedata.normalize("NFKC", text).replace("μ", "u").replace("µ", "u").casefold()
    return " ".join(text.split()).replace(" / ", "/").replace("/ ", "/").replace(" /", "/").rstrip(".")


def unit_key_expression(unit: pl.Expr) -> pl.Expr:
    """`unit_key` for a column, for the common spellings; join it with `conversion_frame`."""
    micro = unit.fill_null("").str.replace_all("[µμ]", "u").str.replace_all("×", "x")
    powers = micro.str.replace_all("¹²", "^12").str.replace_all("⁹", "^9").str.replace_all("⁶", "^6")
    plain = powers.str.replace_all("³", "3").str.replace_all("²", "2").str.to_lowercase()
    return plain.str.replace_all(r"\s+", " ").str.replace_all(r"\s?/\s?", "/").str.strip_chars(" ")


def normalise(unit: str | None) -> str | None:
    """The UCUM spelling of a unit, or None where the spelling is not known. An empty unit stays empty."""
    key = unit_key(unit)
    return "" if not key else _spellings().get(key)


def conversion(concept: str, unit: str | None) -> Conversion | None:
    """How values of `concept` reported in `unit` become canonical; None where the unit cannot be used."""
    known = normalise(unit)
    return None if known is None else conversions().get((concept, known))


def factor(concept: str, unit: str | None) -> float | None:
    """The factor from `unit` to the canonical unit; None where the unit cannot be used.

    HbA1c in per cent has an offset besides: use `convert` or `conversion` there.
    """
    found = conversion(concept, unit)
    return found.factor if found else None


def convert(concept: str, value: float, unit: str | None) -> tuple[float, str] | None:
    """The value in the concept's canonical unit and the normalised unit it was reported in.

    None where the unit is missing or not listed for the concept: such a value is no data.
    """
    found = conversion(concept, unit)
    if found is None:
        return None
    return canonical_value(found, value), found.unit


def canonical_value(how: Conversion, value: float) -> float:
    """One multiplication, so that a threshold moved by the same factor meets the value exactly."""
    scaled = value * how.factor
    return scaled + how.offset if how.offset else scaled


def implausible(concept: str, canonical: float) -> str | None:
    """Why a canonical value cannot be a person's, or None where it can."""
    if not math.isfinite(canonical):
        return "impossible value: not a number"
    if canonical < 0:
        return "impossible value: negative"
    lowest, highest = plausible_limits().get(concept, (0.0, float("inf")))
    if lowest <= canonical <= highest:
        return None
    return f"impossible value: outside {lowest:g} to {highest:g} {canonical_unit(concept)}".rstrip()


@cache
def canonical_unit(concept: str) -> str:
    """The unit in which values of a concept are kept; "" where they are kept as reported."""
    return next((c.canonical for c in conversions().values() if c.concept == concept), "")


@cache
def known_units(concept: str) -> tuple[str, ...]:
    """The units that can be used for a concept, for messages."""
    return tuple(c.unit for c in conversions().values() if c.concept == concept and c.unit)


@cache
def conversion_frame() -> pl.DataFrame:
    """concept, spelling (as `unit_key_expression` gives it), unit, factor, offset, lowest, highest.

    For bulk readers: join on concept and spelling, multiply, add the offset, refuse outside the limits.
    """
    spelled: dict[str, list[str]] = {"": [""]}
    for spelling, unit in _spellings().items():
        spelled.setdefault(unit, []).append(spelling)
    unlimited = (0.0, float("inf"))
    rows = [
        (c.concept, spelling, c.unit, c.factor, c.offset, *plausible_limits().get(c.concept, unlimited))
        for c in conversions().values()
        for spelling in spelled.get(c.unit, [])
    ]
    names = ["concept", "spelling", "unit", "factor", "offset", "lowest", "highest"]
    return pl.DataFrame(rows, schema=names, orient="row").unique(["concept", "spelling"], keep="first")
