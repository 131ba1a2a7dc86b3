"""News: what the library says while it works, in the flow run's log."""

from __future__ import annotations

import time

from prefect import get_run_logger

from r1data.cli.output import describe
from r1data.progress import Tally

LOG_SECONDS = 30.0


class FlowLog:
    """Listener that writes to the log of the flow run in which it is made; any thread may speak through it."""

    def __init__(self) -> None:
        self._logger = get_run_logger()
        self._last = 0.0

    def say(self, line: str) -> None:
        """Log a line of news."""
        self._logger.info(line)

    def counts(self, tally: Tally) -> None:
        """Log the counts, now and then."""
        now = time.monotonic()
        if tally.planned and now - self._last >= LOG_SECONDS:
            self._last = now
            self._logger.info(describe(tally))
