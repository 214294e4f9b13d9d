"""Exponentials and logarithms of a handful of numbers at once, for the steps, which take twelve each.

The library's are called one by one; these are series that the compiler does four or eight at a time, at a third of the
price. Right to 1e-13 (a test holds them to it): a hundred-millionth of what is asked of the markers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

import numpy as np
from numba import types
from numba.extending import intrinsic

from cobalamin.physiology.compiled import Floats, part

LOG2_E = 1.0 / math.log(2.0)
LOG_2 = math.log(2.0)
ROUNDS = 1.5 * 2.0**52  # added to a number, leaves its nearest whole number in the lowest bits
ROUNDS_BITS = int(np.float64(ROUNDS).view(np.int64))
EXPONENT_AT, ONE_BITS = 52, int(np.float64(1.0).view(np.int64))
SQRT_HALF_BITS = int(np.float64(math.sqrt(0.5)).view(np.int64))
MOST = 700.0  # beyond, numbers overflow


def _powers_of_two(degree: int) -> tuple[float, ...]:
    """Coefficients of 2^f on -1/2 to 1/2, by interpolation at Chebyshev's points."""
    points = 0.5 * np.polynomial.chebyshev.chebpts1(degree + 1)
    return tuple(float(c) for c in np.polynomial.Polynomial.fit(points, 2.0**points, degree).convert().coef)


P0, P1, P2, P3, P4, P5, P6, P7, P8, P9 = _powers_of_two(9)


def _as(kind: Any) -> Callable[..., Any]:
    """Code that takes the bits as they are for another kind of number."""
    return lambda context, builder, _, args: builder.bitcast(args[0], context.get_value_type(kind))


@intrinsic
def _bits(_: Any, number: Any) -> Any:
    """The bits of a number as an integer."""
    return types.int64(number), _as(types.int64)


@intrinsic
def _number(_: Any, bits: Any) -> Any:
    """The number that has these bits."""
    return types.float64(bits), _as(types.float64)


# In compiled code the typing context in front is not handed over.
bits_of: Callable[[float], int] = cast(Any, _bits)
number_of: Callable[[int], float] = cast(Any, _number)


@part
def exp_all(values: Floats) -> None:
    """The exponentials of all values, in their place."""
    for i in range(len(values)):
        values[i] = _exp(values[i])


@part
def log_all(values: Floats) -> None:
    """The natural logarithms of all values, in their place."""
    for i in range(len(values)):
        values[i] = _log(values[i])


@part
def _exp(x: float) -> float:
    """The exponential; of less than -700 and of more than 700 that of the limit."""
    scaled = min(max(x, -MOST), MOST) * LOG2_E
    rounded = scaled + ROUNDS
    f = scaled - (rounded - ROUNDS)
    f2 = f * f
    f4 = f2 * f2
    low, high = (P0 + P1 * f) + (P2 + P3 * f) * f2, (P4 + P5 * f) + (P6 + P7 * f) * f2
    power: float = low + (high + (P8 + P9 * f) * f4) * f4
    return power * number_of((bits_of(rounded) << EXPONENT_AT) + ONE_BITS)


@part
def _log(x: float) -> float:
    """The natural logarithm of a positive number that is not subnormal."""
    bits = bits_of(x)
    exponent = (bits - SQRT_HALF_BITS) >> EXPONENT_AT
    mantissa = number_of(bits - (exponent << EXPONENT_AT))  # between the roots of 1/2 and 2
    whole = number_of(exponent + ROUNDS_BITS) - ROUNDS
    s = (mantissa - 1.0) / (mantissa + 1.0)
    s2 = s * s
    s4 = s2 * s2
    low, high = (1.0 + s2 / 3.0) + (1.0 / 5.0 + s2 / 7.0) * s4, (1.0 / 9.0 + s2 / 11.0) + (1.0 / 13.0 + s2 / 15.0) * s4
    return whole * LOG_2 + 2.0 * s * (low + high * s4 * s4)
