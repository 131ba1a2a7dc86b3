"""Scratch: memory of a thread that kernels write to and that nobody gives back, since fresh memory costs time."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import numpy.typing as npt

_own = threading.local()


def scratch(name: str, size: int, kind: type[np.generic]) -> npt.NDArray[Any]:
    """At least `size` numbers under a name, with whatever was left there; zeros the first time.

    The next call with the same name and thread may return the same memory.
    """
    held: dict[str, npt.NDArray[Any]] = _own.__dict__
    found = held.get(name)
    if found is None or len(found) < size:
        found = held[name] = np.zeros(max(size, 1024), kind)
    return found
