"""Kernels: functions over bytes and numbers that numba compiles; they hold no lock while they run.

Polars has no expression for "hash every ten words", and a regular expression for each question reads the text once a
question. A kernel reads it once. What is compiled is cached, so only the first use ever waits.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])
PACKAGE = Path(__file__).parents[1]
HOMES = ("texts", "measures", "duplicates", "contamination")
"""Packages that hold kernels."""
CACHE = "kernels-"


def kernel(function: F) -> F:
    """Compile a function of arrays and numbers at its first call."""
    return cast(F, numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def _cache_folder() -> Path:
    """A folder for what is compiled from these very sources.

    numba looks at a kernel's own file only; a constant or a kernel that it takes from another module could change, and
    it would go on with what it had compiled before.
    """
    sources = hashlib.blake2b(digest_size=8)
    for home in HOMES:
        for path in sorted((PACKAGE / home).glob("*.py")):
            sources.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    name = CACHE + sources.hexdigest()
    beside = PACKAGE / "__pycache__"
    with contextlib.suppress(OSError):
        (beside / name).mkdir(parents=True, exist_ok=True)
        if os.access(beside / name, os.W_OK):
            return beside / name
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "r1data" / name


def _sweep(folder: Path) -> None:
    """Remove what was compiled from sources that are no longer there."""
    with contextlib.suppress(OSError):
        for old in folder.parent.glob(f"{CACHE}*"):
            if old != folder:
                shutil.rmtree(old, ignore_errors=True)


if "NUMBA_CACHE_DIR" not in os.environ:
    _folder = _cache_folder()
    numba.config.CACHE_DIR = str(_folder)
    _sweep(_folder)
