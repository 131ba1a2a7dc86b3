"""What both sides of the sandbox's wall agree on: messages, bounds and endings.

A session opens with messages of a JSON header and byte strings. Then each byte `GO` asks for a trial, and the answer is
a packed `Ending`.
"""

from __future__ import annotations

import json
import socket
import struct
from typing import Any, NamedTuple

LENGTH = struct.Struct(">I")
LONGEST = 1 << 28
GO = b"!"
DESCRIPTORS = 5
"""A session's channel, and four files of its programs: standard input, output, error, and what a function returns."""
PRIVATE, BUILD = "/tmp", "/build"
NOBODY = 65534
SLEEP_FACTOR, SLEEP_EXTRA = 2.0, 1.0
WALL_FACTOR, WALL_EXTRA = 4.0, 5.0


class Bounds(NamedTuple):
    """What a program may use. `seconds` is processor time; without `forks` it is one process with its threads."""

    seconds: float
    memory_mb: int
    output_bytes: int
    tasks: int
    forks: bool = False


COMPILER = Bounds(seconds=30.0, memory_mb=2048, output_bytes=128 << 20, tasks=32, forks=True)


class Ending(NamedTuple):
    """How a trial ended, as the kernel tells it. A negative `exit_code` is the signal that ended it."""

    started: bool
    timed_out: bool
    exit_code: int
    cpu_seconds: float
    memory_bytes: int


ENDING = struct.Struct(">??idq")


def wall_limit(seconds: float) -> float:
    """How long a program may take by the clock on the wall, which it may have spent waiting for its turn."""
    return WALL_FACTOR * seconds + WALL_EXTRA


def sleep_limit(seconds: float) -> float:
    """After how long by the clock on the wall a program is ended that is asleep."""
    return SLEEP_FACTOR * seconds + SLEEP_EXTRA


def send(channel: socket.socket, header: dict[str, Any], *parts: bytes) -> None:
    """Send one message whole."""
    head = json.dumps([header, [len(part) for part in parts]]).encode()
    channel.sendall(b"".join((LENGTH.pack(len(head)), head, *parts)))


def receive(channel: socket.socket) -> tuple[dict[str, Any], list[bytes]]:
    """The next message: its header and its byte strings.

    Raises:
        EOFError: the other side is gone, in the middle of a message or before.
    """
    (length,) = LENGTH.unpack(_exactly(channel, LENGTH.size))
    header, sizes = json.loads(_exactly(channel, length))
    return header, [_exactly(channel, size) for size in sizes]


def _exactly(channel: socket.socket, size: int) -> bytes:
    if size > LONGEST:
        raise EOFError(f"a message of {size} bytes: the other side has lost its mind")
    content = bytearray()
    while len(content) < size:
        piece = channel.recv(min(size - len(content), 1 << 20))
        if not piece:
            raise EOFError("the other side is gone")
        content += piece
    return bytes(content)
