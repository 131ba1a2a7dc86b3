"""A review server in this process, as `r1data review` starts it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from r1data.review.doors import Doors
from r1data.review.plans import Plan
from r1data.review.room import Room
from r1data.review.server import make_app


@dataclass(frozen=True, slots=True)
class Served:
    """Where it listens, and who may come in."""

    port: int
    doors: Doors
    room: Room

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def link(self, reviewer: str) -> str:
        """What this person opens."""
        return f"{self.url}/enter#{self.doors.tokens[reviewer]}"


@contextmanager
def served(root: Path, *reviewers: str, plan: Plan = "random", second_share: float = 0.1) -> Iterator[Served]:
    """Serve until the end of the block."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    port = listener.getsockname()[1]
    doors = Doors(reviewers, port)
    with Room(root, plan, second_share) as room:
        room.get_ready()
        config = uvicorn.Config(make_app(room, doors), log_level="warning", access_log=False, ws="none", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield Served(port, doors, room)
        finally:
            server.should_exit = True
            thread.join()
