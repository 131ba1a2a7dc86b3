"""Loops: the first place at which a text ends in one passage over and over.

The text is looked at where its length is a multiple of `STEP`, so that the answer depends on the text alone and not on
the pieces in which it came. At such a place, let the needle be the text's last few characters. A passage that repeats
at the end has a period, and the needle stands one period back. So the nearest earlier copy of the needle, `period`
characters back, is the first suspect: over how long a run does the end have that period? Long enough is a loop. If it
is too short, then any other period is longer than `run - period` (two shorter ones would share a divisor that the whole
run has, by Fine and Wilf's theorem), and the needle becomes the run with the character that breaks it. Needles grow
like Fibonacci numbers, so that a dozen searches settle any text.
"""

from __future__ import annotations

from r1data.recipe import Loops

STEP = 256
LONGEST_PERIOD = 4096
"""Longest passage, in characters: several paragraphs."""
NEEDLE = 32
"""Of the first needle. Two periods and more hold it, since a loop has at least 3 repetitions and 64 characters."""


class LoopWatch:
    """Watches one text as it grows. `written` is what stands before it and may be the beginning of the loop."""

    def __init__(self, rule: Loops, written: str = "") -> None:
        self._rule = rule
        self._kept = max(rule.repetitions * LONGEST_PERIOD, rule.characters) + STEP
        self._tail = written[-self._kept :]
        self._before = len(written)
        self._length = len(written)
        self._waiting: list[str] = []
        self.text_end: int | None = None
        """Where the text is to be cut, in characters behind `written`, once a loop has been found."""

    def take(self, piece: str) -> bool:
        """Take the next piece; whether the text repeats itself, in it or before."""
        if self.text_end is not None:
            return True
        place = self._length // STEP * STEP + STEP
        self._length += len(piece)
        self._waiting.append(piece)
        if self._length < place:
            return False
        tail = self._tail + "".join(self._waiting)
        offset = self._length - len(tail)
        for end in range(place, self._length + 1, STEP):
            if loop_at(tail, end - offset, self._rule):
                self.text_end = end - self._before
                return True
        self._tail = tail[-self._kept :]
        self._waiting = []
        return False


def loop_at(text: str, end: int, rule: Loops) -> bool:
    """Whether `text[:end]` ends in one passage, repeated as often and as long as the rule says."""
    if end < rule.characters:
        return False
    copy = text.rfind(text[end - NEEDLE : end], max(0, end - NEEDLE - LONGEST_PERIOD), end - 1)
    if copy < 0:
        return False
    period = end - NEEDLE - copy
    backwards = ""
    while True:
        long_enough = max(rule.repetitions * period, rule.characters)
        run = run_of(text, end, period, long_enough)
        if run >= long_enough:
            return True
        if run >= min(end, 2 * LONGEST_PERIOD):
            return False
        needle = run + 1
        backwards = backwards or text[max(0, end - 3 * LONGEST_PERIOD - 1) : end][::-1]
        period = backwards.find(backwards[:needle], period + 1, LONGEST_PERIOD + needle)
        if period < 0:
            return False


def run_of(text: str, end: int, period: int, most: int) -> int:
    """How many characters before `end` have this period, each being the one a period before it; `most` at most."""
    most = min(most, end)
    run, size = period, NEEDLE
    while run < most:
        size = min(size, most - run)
        start = end - run - size
        if text[start : start + size] == text[start + period : start + period + size]:
            run += size
            size *= 2
        elif size == 1:
            break
        else:
            size //= 2
    return run
