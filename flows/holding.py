"""Holding: one flow run of a kind at a time works in a folder, and one that died there is marked as crashed.

A flow run that is killed together with its worker, by a machine that goes down for instance, stays "Running" in
Prefect's database for ever. The lock on the folder goes with the process, however that ends: who gets the lock knows
that the flow run whose name lies beside it is over, whatever the database says.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound
from prefect.runtime import flow_run
from prefect.states import Crashed

from r1data.errors import WorkspaceError
from r1data.store.files import write_text

PATTERN = "flow-*.json"


@contextmanager
def holding(root: Path, kind: str) -> Iterator[None]:
    """Hold the folder for this flow run; first mark the one that held it before and did not come to its end.

    Raises:
        WorkspaceError: another flow run of this kind is at work there.
    """
    root.mkdir(parents=True, exist_ok=True)
    holder = root / f"flow-{kind}.json"
    with _lock_of(holder) as lock:
        if not _is_mine(lock):
            raise WorkspaceError(
                f"{root}: flow run {_told(holder).get('flow_run_id', 'unknown')} ({kind}) is at work here",
                "wait for it, or cancel it in Prefect; two runs of the same kind need two workspaces",
            )
        bury(holder)
        told = {"flow_run_id": str(flow_run.id), "process": os.getpid(), "host": socket.gethostname()}
        write_text(holder, json.dumps(told) + "\n")
        try:
            yield
        finally:
            holder.unlink(missing_ok=True)


def bury_all(folder: Path) -> list[str]:
    """Mark all flow runs under a folder that died there; returns a line about each."""
    found = []
    for holder in sorted(folder.rglob(PATTERN)):
        with _lock_of(holder) as lock:
            if _is_mine(lock):
                found += bury(holder)
    return found


def bury(holder: Path) -> list[str]:
    """Mark the flow run that a file names as crashed, where Prefect knows it and takes it for alive. The caller has the
    lock. Returns a line about it, or none.
    """
    told = _told(holder)
    holder.unlink(missing_ok=True)
    with suppress(KeyError, ValueError, ObjectNotFound), get_client(sync_client=True) as client:
        run_id = uuid.UUID(str(told["flow_run_id"]))
        state = client.read_flow_run(run_id).state
        if state is not None and not state.is_final():
            why = f"its process ({told.get('process')} on {told.get('host')}) is gone; the next run goes on from there"
            client.set_flow_run_state(run_id, Crashed(message=why), force=True)
            return [f"flow run {run_id} was {state.name} in {holder.parent}, and is marked as crashed: {why}"]
    return []


def _lock_of(holder: Path) -> IO[str]:
    return holder.with_name(f".{holder.stem}.lock").open("a")


def _is_mine(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _told(holder: Path) -> dict[str, object]:
    """What a holder wrote down; nothing where it was killed before, or the file is somebody else's."""
    with suppress(OSError, ValueError):
        told = json.loads(holder.read_text(encoding="utf-8"))
        return told if isinstance(told, dict) else {}
    return {}
