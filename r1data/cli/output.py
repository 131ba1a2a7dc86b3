"""What a run shows: a live line on a terminal, plain lines elsewhere. News goes to standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from r1data.progress import Listener, Tally

LINE_SECONDS = 5.0
"""How often plain output repeats the counts."""


class PlainLines:
    """Listener that writes lines, for logs and pipes."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._last = 0.0
        self._drawn = False

    def say(self, line: str) -> None:
        """Write a line of news."""
        print(f"[{time.monotonic() - self._started:6.1f}s] {line}", file=sys.stderr, flush=True)

    def counts(self, tally: Tally) -> None:
        """Write the counts, now and then and at the end."""
        now = time.monotonic()
        drawn = tally.done == tally.planned
        if now - self._last >= LINE_SECONDS or (drawn and not self._drawn):
            self._last, self._drawn = now, drawn
            self.say(describe(tally))


class LiveLine:
    """Listener that keeps one line at the bottom of a terminal up to date."""

    def __init__(self, console: Console) -> None:
        self._bar = Progress(
            TextColumn("[bold]sampling"),
            BarColumn(bar_width=30),
            TaskProgressColumn(),
            TextColumn("{task.fields[counts]}"),
            console=console,
            transient=False,
        )
        self._console = console
        self._task = self._bar.add_task("sampling", total=None, counts="", visible=False)

    def say(self, line: str) -> None:
        """Write a line of news above the live one."""
        self._console.print(line, highlight=False, markup=False)

    def counts(self, tally: Tally) -> None:
        """Bring the live line up to date."""
        self._bar.update(
            self._task, total=tally.planned, completed=tally.done, counts=describe(tally), visible=tally.planned > 0
        )

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the line while the block runs."""
        with self._bar:
            yield


def describe(tally: Tally) -> str:
    """One line: draws done of planned, tokens a second, accepted so far, time left."""
    left = tally.seconds_left
    parts = [
        f"{tally.done:,}/{tally.planned:,} draws",
        f"{tally.tokens_per_second:,.0f} tok/s",
        f"{tally.accepted:,} accepted of {tally.judged:,} judged",
        f"{timedelta(seconds=round(left))} left" if left is not None else "time left: ?",
    ]
    return " · ".join([*parts, f"{tally.failed:,} failed"] if tally.failed else parts)


@contextmanager
def listening() -> Iterator[Listener]:
    """The listener that suits where standard error goes."""
    console = Console(stderr=True)
    if console.is_terminal:
        live = LiveLine(console)
        with live.shown():
            yield live
    else:
        yield PlainLines()
