"""The columns of the findings frame, as the catalogue declares them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from cobalamin.events import FLAGS
from cobalamin.findings.facts import NO_DAY, UNDATED, Bools, Floats, Ints, Moments, unit_type
from cobalamin.vocabulary.catalogue import Finding, catalogue

VALUE_TYPES: dict[str, pl.DataType | type[pl.DataType]] = {
    "boolean": pl.Boolean,
    "measurement": pl.Float64,
    "number": pl.Float64,
    "date": pl.Date,
}
MEASUREMENT_PARTS: dict[str, pl.DataType | type[pl.DataType]] = {
    "unit": unit_type(),
    "cmp": pl.Int8,
    "flag": pl.Enum(FLAGS),
    "time": pl.Datetime("us"),
}


def rests_on_one_event(finding: Finding) -> bool:
    """True where one event decides the finding, so that it has an anchor (`.row`)."""
    return bool(finding.concepts) and finding.selector not in ("derived", "spell_years")


def parts(finding: Finding) -> dict[str, pl.DataType | type[pl.DataType]]:
    """The columns of one finding beside its value: suffix and type."""
    found = dict(MEASUREMENT_PARTS) if finding.kind == "measurement" else {}
    if rests_on_one_event(finding):
        found["row"] = pl.Int32
    if finding.applies_when:
        found["na"] = pl.Boolean
    return found


@cache
def findings_schema() -> pl.Schema:
    """Every column of the findings frame with its type, in order."""
    columns: dict[str, pl.DataType | type[pl.DataType]] = {"patient_id": pl.String, "on": pl.Date}
    for finding in catalogue().values():
        columns[finding.column] = VALUE_TYPES[finding.kind]
        columns |= {f"{finding.column}.{suffix}": kind for suffix, kind in parts(finding).items()}
    return pl.Schema(columns)


@cache
def finding_columns() -> tuple[str, ...]:
    """Names of the columns of the findings frame, in order."""
    return tuple(findings_schema().names())


def split(names: Sequence[str], laid: pl.Series) -> pl.DataFrame:
    """A frame from columns that were made in one piece, laid end to end.

    Hundreds of small columns cost more to make than to fill. For one person the piece is turned on its side,
    which makes all of them in one call.
    """
    if not names:
        return pl.DataFrame()
    size = len(laid) // len(names)
    if size == 1:
        return laid.to_frame().transpose(column_names=names)
    return pl.DataFrame([laid.slice(place * size, size).alias(name) for place, name in enumerate(names)])


# Columns from arrays, a row of the array for each name; the expressions are made once, as making them costs one
# person more than running them.


def numbers(names: Sequence[str], laid: Floats) -> pl.DataFrame:
    """Columns of numbers; NaN is null."""
    return split(names, pl.Series(laid.ravel(), nan_to_null=True))


def days(names: Sequence[str], laid: Ints) -> pl.DataFrame:
    """Columns of dates from day numbers; NO_DAY is null."""
    return _from(names, laid, _DAY)


def moments(names: Sequence[str], laid: Moments) -> pl.DataFrame:
    """Columns of times; UNDATED is null."""
    return _from(names, laid, _MOMENT)


def anchors(names: Sequence[str], laid: Ints) -> pl.DataFrame:
    """Columns of rows of the event table; -1 is null."""
    return _from(names, laid, _PLACE)


def signs(names: Sequence[str], laid: npt.NDArray[np.int8]) -> pl.DataFrame:
    """Columns of the signs of censored values: -1 below, 1 above; 0 is null."""
    return _from(names, laid, _SIGN)


def words(names: Sequence[str], laid: npt.NDArray[Any], kind: pl.Enum) -> pl.DataFrame:
    """Columns of words of one list from their places in it; -1 is null."""
    return _from(names, laid, _word(kind))


def answers(names: Sequence[str], yes: Bools, known: Bools) -> pl.DataFrame:
    """Nullable Boolean columns: yes, no, or null where not known."""
    flat = pl.DataFrame({"yes": yes.ravel(), "known": known.ravel()})
    return split(names, flat.select(_YES_WHERE_KNOWN)["yes"])


def _from(names: Sequence[str], laid: npt.NDArray[Any], how: pl.Expr) -> pl.DataFrame:
    return split(names, pl.DataFrame({"laid": laid.ravel()}).select(how)["laid"])


_LAID = pl.col("laid")
_DAY = pl.when(_LAID != NO_DAY).then(_LAID).cast(pl.Date)
_MOMENT = pl.when(_LAID != UNDATED).then(_LAID).cast(pl.Datetime("us"))
_PLACE = pl.when(_LAID >= 0).then(_LAID)
_SIGN = pl.when(_LAID != 0).then(_LAID)
_YES_WHERE_KNOWN = pl.when("known").then("yes")


@lru_cache(maxsize=256)
def _word(kind: pl.Enum) -> pl.Expr:
    small = pl.UInt8 if len(kind.categories) <= np.iinfo(np.uint8).max else pl.UInt16
    # Without a look at each place whether it fits, and without nulls while it is read as a word: -1 wraps.
    return pl.when(_LAID >= 0).then(
        pl.when(_LAID >= 0).then(_LAID).otherwise(0).cast(small, wrap_numerical=True).cat.to(kind)
    )
