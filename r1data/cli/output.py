"""What a run shows: a live line on a terminal, plain lines elsewhere. News goes to standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from r1data.cli.figures import amount, duration, gpu_time
from r1data.progress import Listener, Tally

LINE_SECONDS = 5.0
"""How often plain output repeats the counts."""


class PlainLines:
    """Listener that writes lines, for logs and pipes."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._last = 0.0
        self._drawn = False
        self._state = (0, 0, 0, 0)

    def say(self, line: str) -> None:
        """Write a line of news."""
        print(f"[{time.monotonic() - self._started:6.1f}s] {line}", file=sys.stderr, flush=True)

    def counts(self, tally: Tally) -> None:
        """Write the counts where they have changed, now and then and at the end."""
        now, state = time.monotonic(), (tally.done, tally.judged, tally.running, tally.waiting)
        if not tally.planned or state == self._state:
            return
        drawn = tally.done >= tally.planned
        if now - self._last >= LINE_SECONDS or (drawn and not self._drawn):
            self._last, self._drawn, self._state = now, drawn, state
            self.say(describe(tally))


class LiveLine:
    """Listener that keeps one line at the bottom of a terminal up to date."""

    def __init__(self, console: Console) -> None:
        self._bar = Progress(
            TextColumn("[bold]sampling"),
            BarColumn(bar_width=20),
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
        """Bring the live line up to date, once there is something to sample."""
        if tally.planned:
            self._bar.update(self._task, total=1.0, completed=tally.share_done, counts=describe(tally), visible=True)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the line while the block runs."""
        with self._bar:
            yield


def describe(tally: Tally) -> str:
    """One line: draws, prompts that have stopped, accepted, pace, queues, time left, and what an accepted row costs."""
    parts = [f"{tally.done:,}/{'' if tally.fixed else '≤'}{tally.planned:,} draws"]
    if tally.stopped:
        parts.append(f"{tally.prompts - tally.open_prompts:,}/{tally.prompts:,} prompts")
    parts.append(f"{tally.accepted:,} accepted of {tally.judged:,} judged")
    parts.append(f"{tally.tokens_per_second:,.0f} tok/s")
    if tally.running or tally.waiting or tally.backlog:
        parts.append(f"queue {tally.running:,}+{tally.waiting:,}, {tally.backlog:,} to judge")
    parts.append(f"{duration(tally.seconds_left)} left")
    if (price := cost_of_a_row(tally)) is not None:
        parts.append(f"{price} a row")
    return " · ".join([*parts, f"{tally.failed:,} failed"] if tally.failed else parts)


def cost_of_a_row(tally: Tally) -> str | None:
    """What an accepted row of this session has cost, in GPU-seconds and in money, as far as they are known."""
    parts = []
    if (seconds := tally.gpu_seconds_per_accepted) is not None:
        parts.append(gpu_time(seconds))
    if (money := tally.money_per_accepted) is not None:
        parts.append(amount(money, tally.price.currency))
    return " or ".join(parts) or None


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
