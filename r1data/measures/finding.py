"""Finding: where texts have a word for the last time."""

from __future__ import annotations

import numpy as np

from r1data.texts import Bytes, Places, Texts, kernel


def last_places(texts: Texts, what: str, among_last: int | None = None) -> Places:
    """Where each text has `what` for the last time, as places in its data; -1 where it does not have it.

    `among_last`: only so many bytes at the end are read.
    """
    found = np.full(len(texts), -1, np.int64)
    needle = np.frombuffer(what.encode(), np.uint8)
    _find(texts.data, texts.starts, texts.ends, needle, texts.longest() if among_last is None else among_last, found)
    return found


@kernel
def _find(data: Bytes, starts: Places, ends: Places, what: Bytes, among_last: int, found: Places) -> None:
    first, length = what[0], len(what)
    for row in range(len(found)):
        start = max(starts[row], ends[row] - among_last)
        at = ends[row] - length
        while at >= start:
            if data[at] == first:
                agree = 1
                while agree < length and data[at + agree] == what[agree]:
                    agree += 1
                if agree == length:
                    found[row] = at
                    break
            at -= 1
