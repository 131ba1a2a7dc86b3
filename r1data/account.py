"""Account: while a run samples, it writes down how far it is and what that has cost, so that a kill loses a second."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from r1data.cost import gpus_of
from r1data.progress import Progress
from r1data.recipe import Runtime
from r1data.store import Workspace
from r1data.store.sessions import Live, Session, close_killed, close_session, this_process, write_live

LIVE_SECONDS = 1.0


@contextmanager
def keeping_account(workspace: Workspace, progress: Progress, runtime: Runtime) -> Iterator[None]:
    """Count what the block uses as one session of the workspace. Put it around the engine's whole life: a GPU that
    loads a model costs as much as one that writes. Call it while holding the workspace's lock.

    Meanwhile `live.json` is brought up to date once a second, and the listener with it.
    """
    if (left := close_killed(workspace.root)) is not None:
        progress.say(f"found a session that was killed ({left.draws:,} draws); it is accounted for")
    session_id, started = uuid.uuid4().hex, time.time()
    host, process, process_started = this_process()
    progress.meter(gpus_of(runtime), runtime.price)
    ended = threading.Event()

    def write() -> None:
        live = Live(session_id, started, time.time(), host, process, process_started, progress.news, progress.refresh())
        write_live(workspace.root, live)

    def keep_writing() -> None:
        while not ended.wait(LIVE_SECONDS):
            try:
                write()
            except OSError:  # a full disk stops the run where rows are written, with a message; not here
                continue

    write()
    writer = threading.Thread(target=keep_writing, name="account", daemon=True)
    writer.start()
    try:
        yield
    finally:
        ended.set()
        writer.join()
        close_session(workspace.root, Session.of(session_id, started, progress.refresh()))
