"""Review: a flow waits for people, or leaves off until they have signed off."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prefect import get_run_logger, pause_flow_run
from prefect.runtime import flow_run
from prefect.settings import PREFECT_API_URL

from r1data.review.gate import signed_off, wait_for_review

LONGEST_PAUSE_SECONDS = 14 * 24 * 3600
"""A pause that nobody ended for so long fails the flow run; the next one waits again."""
POLL_SECONDS = 10


def reviewed(roots: Sequence[Path]) -> bool:
    """Whether people have signed off all these workspaces; with a persistent Prefect server the flow run is paused
    until they have. Without one nothing could resume it, and the answer may be no: a later run looks again.
    """
    log = get_run_logger()
    while missing := [root for root in roots if not signed_off(root)]:
        for root in missing:
            log.info(f"{root} waits for its sign-off: r1data review -w {root}")
        api = PREFECT_API_URL.value()
        if not api:
            return False
        for root in missing:
            wait_for_review(root, str(flow_run.id), api)
        pause_flow_run(timeout=LONGEST_PAUSE_SECONDS, poll_interval=POLL_SECONDS)
    return True
