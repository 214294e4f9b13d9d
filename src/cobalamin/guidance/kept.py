"""What is made of a guideline once, because making it costs more than using it for one person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from cobalamin.guidance.model import Guideline

T = TypeVar("T")
MOST_KEPT = 32


class KeptByGuideline(Generic[T]):
    """Calls `make` once for each guideline object and keeps what it gave; the oldest goes first.

    Kept by object, with the object, so that no id is used twice while it is known here.
    """

    def __init__(self, make: Callable[[Guideline], T]) -> None:
        self._make = make
        self._kept: dict[int, tuple[Guideline, T]] = {}

    def __call__(self, guideline: Guideline) -> T:
        """What was made of this guideline; made now, where it is new."""
        kept = self._kept.get(id(guideline))
        if kept is None:
            if len(self._kept) >= MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            kept = self._kept[id(guideline)] = guideline, self._make(guideline)
        return kept[1]
