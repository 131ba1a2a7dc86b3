"""Messages on a socket: a JSON header and any number of byte strings. Both sides of the sandbox's wall use this."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

LENGTH = struct.Struct(">I")
LONGEST = 1 << 28


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
