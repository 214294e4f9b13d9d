"""Words in a record, read with the vocabulary's everyday words, as far as a coded record needs them."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=65536)
def understood(words: str, kinds: frozenset[str]) -> tuple[str, ...]:
    """Concepts that the words as a whole name, of the kinds wanted; only those said to be present."""
    return ()


@lru_cache(maxsize=4096)
def understood_result(words: str) -> str | None:
    """The flag that a result in words stands for ("low", "not detected"); None where not understood."""
    return None


@lru_cache(maxsize=4096)
def understood_results(words: str) -> list[tuple[str, str | None]]:
    """Results of the laboratory that a report in words states: concept and flag."""
    return []
