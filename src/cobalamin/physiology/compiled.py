"""How the mechanisms are compiled, and how the compiled code is kept.

Numba looks only at the file of the function it was asked for when it decides whether compiled code is stale. The
kernel here is made of several files, so a hash of their contents becomes part of its name, and so of the names of its
cache files. A file of an older version is then never opened; it could not even be read once a type in it is gone.
One thread per chunk of people, not Numba's own threads: those may not be entered twice, and a service would.
Nothing is allocated in compiled code, so references to arrays are not counted (`_nrt=False`): counting took half the
time. What would allocate, such as assigning one array to another, is refused at compilation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any, Protocol, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., Any])

Floats = NDArray[np.float64]

OPTIONS: dict[str, Any] = {"error_model": "numpy", "_nrt": False}
MECHANISMS = (
    "compiled",
    "courses",
    "gut",
    "depot",
    "stores",
    "plasma",
    "powers",
    "markers",
    "state",
    "series",
    "steps",
    "course",
    "red_cells",
    "simulate",
)


class Person(Protocol):
    """A record of Bodies: in compiled code each field is a number."""

    def __getattr__(self, name: str) -> float: ...


def part(function: Function) -> Function:
    """A piece of a kernel: compiled into whatever calls it."""
    return cast(Function, numba.njit(**OPTIONS)(function))


def inlined(function: Function) -> Function:
    """A piece of the inner loop, copied into its caller: handing over a dozen arrays costs as much as a step."""
    return cast(Function, numba.njit(inline="always", **OPTIONS)(function))


def kernel(function: Function) -> Function:
    """An entry from Python: cached on disk under the version of all mechanisms, and runs beside other threads."""
    function.__qualname__ = f"{function.__qualname__}_{stamp():x}"
    return cast(Function, numba.njit(cache=True, nogil=True, **OPTIONS)(function))


@cache
def stamp() -> int:
    """A number that changes with the source of any mechanism."""
    folder = files("cobalamin.physiology")
    text = b"".join((folder / f"{name}.py").read_bytes() for name in MECHANISMS if (folder / f"{name}.py").is_file())
    return int.from_bytes(hashlib.sha256(text).digest()[:6], "little") | 1
