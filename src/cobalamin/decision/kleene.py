"""Kleene's three values over columns: one row of bits that says yes and one that says no; neither = open.

Sixty-four people share a word, so a step over ten thousand people is some hundred and fifty words
(decision 0004 has the measurements).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint64]

PEOPLE_A_WORD = 64


def words_for(people: int) -> int:
    """How many words hold a bit for each person."""
    return -(-people // PEOPLE_A_WORD)


def packed(rows: Bools) -> Words:
    """Rows of answers (row by person) as rows of bits (row by word); bits beyond the last person are 0."""
    bits = np.zeros((rows.shape[0], 8 * words_for(rows.shape[1])), dtype=np.uint8)
    bits[:, : -(-rows.shape[1] // 8)] = np.packbits(rows, axis=1, bitorder="little")
    return bits.view(np.uint64)


def unpacked(rows: Words, people: int) -> Bools:
    """Rows of bits as rows of answers, for the first `people`."""
    bits = np.ascontiguousarray(rows).view(np.uint8)
    return np.unpackbits(bits, axis=1, count=people, bitorder="little").view(np.bool_)
