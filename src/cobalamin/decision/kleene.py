"""Kleene's three values over columns: two arrays of bits, one that says yes and one that says no; neither = open.

Bits rather than a data frame's expressions: a guideline is some thousand small steps, and at that size the cost
of a step is what it takes to start it (decision 0004 has the measurements).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

Bits = npt.NDArray[np.bool_]


class Kleene:
    """A column of answers. Where neither `yes` nor `no` is set there is no data.

    A plain class with slots: a guideline makes thousands of these for each frame.
    """

    __slots__ = ("no", "yes")

    def __init__(self, yes: Bits, no: Bits) -> None:
        self.yes = yes
        self.no = no

    def __invert__(self) -> Kleene:
        return Kleene(self.no, self.yes)

    @property
    def open(self) -> Bits:
        """Where there is no answer."""
        return ~(self.yes | self.no)


def all_of(parts: Sequence[Kleene]) -> Kleene:
    """Yes where all are yes, no where any is no."""
    yes, no = parts[0].yes, parts[0].no
    for part in parts[1:]:
        yes, no = yes & part.yes, no | part.no
    return Kleene(yes, no)


def any_of(parts: Sequence[Kleene]) -> Kleene:
    """Yes where any is yes, no where all are no."""
    yes, no = parts[0].yes, parts[0].no
    for part in parts[1:]:
        yes, no = yes | part.yes, no & part.no
    return Kleene(yes, no)


def decided(yes: Bits) -> Kleene:
    """An answer that is never open."""
    return Kleene(yes, ~yes)


def at_least(count: int, parts: Sequence[Kleene]) -> Kleene:
    """Yes where enough parts are yes; no where too few can still be."""
    sure = sum(part.yes.astype(np.int16) for part in parts)
    lost = sum(part.no.astype(np.int16) for part in parts)
    return Kleene(np.asarray(sure >= count), np.asarray(len(parts) - lost < count))


def to_columns(names: Sequence[str], answers: Sequence[Kleene], size: int) -> list[pl.Series]:
    """Nullable Boolean columns, made in one piece: hundreds of small ones cost more to make than to fill."""
    if not names:
        return []
    flat = pl.DataFrame(
        {
            "yes": np.concatenate([answer.yes for answer in answers]),
            "known": np.concatenate([answer.yes | answer.no for answer in answers]),
        }
    )
    made = flat.select(pl.when("known").then("yes"))["yes"]
    return [made.slice(place * size, size).alias(name) for place, name in enumerate(names)]
