"""Kernels: functions over bytes and numbers that numba compiles; they hold no lock while they run.

Polars has no expression for "hash every ten words", and a regular expression for each question reads the text once a
question. A kernel reads it once. What is compiled is cached beside the source, so only the first use ever waits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])


def kernel(function: F) -> F:
    """Compile a function of arrays and numbers at its first call."""
    return cast(F, numba.njit(cache=True, nogil=True, error_model="numpy")(function))
