"""The watching flow: flow runs that died without anybody to say so are marked as crashed.

    python -m flows.watch runs

Every flow does this for its own folder when it begins; this one does it for all folders, without waiting for the next
run to begin.
"""

from __future__ import annotations

from pathlib import Path

from prefect import flow, get_run_logger

from flows.command import run_as_command
from flows.holding import bury_all


@flow(name="watch", persist_result=False)
def watch(folder: Path = Path("runs")) -> int:
    """Mark the flow runs that died in workspaces under a folder; returns how many there were."""
    found = bury_all(folder)
    for line in found:
        get_run_logger().warning(line)
    return len(found)


if __name__ == "__main__":
    run_as_command(watch, lambda count: f"{count} flow runs had died and are marked as crashed")
