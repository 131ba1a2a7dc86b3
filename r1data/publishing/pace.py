"""The pace of a long upload, in words."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta


class Pace:
    """How many of `files` and `size` bytes have passed, and how long the rest will take."""

    def __init__(self, files: int, size: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._files, self._size, self._clock = files, size, clock
        self._started = clock()
        self._done_files = self._done_size = 0

    def passed(self, files: int, size: int) -> str:
        """So many more have passed: how far that is."""
        self._done_files += files
        self._done_size += size
        seconds = max(self._clock() - self._started, 1e-6)
        speed = self._done_size / seconds
        left = timedelta(seconds=round((self._size - self._done_size) / max(speed, 1)))
        return (
            f"{self._done_files:,} of {self._files:,} files, "
            f"{bytes_told(self._done_size)} of {bytes_told(self._size)}, "
            f"{bytes_told(speed)}/s, {left} left"
        )


def bytes_told(size: float) -> str:
    """A number of bytes for people."""
    if size < 1e6:
        return f"{size / 1e3:,.1f} kB"
    return f"{size / 1e6:,.1f} MB" if size < 1e10 else f"{size / 1e9:,.1f} GB"
