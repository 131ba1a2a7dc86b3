"""A channel: pickled messages over a socket, that never blocks the one who holds it.

The pool's thread must not wait for a worker that is stopped in the middle of a message, so what cannot be sent at once
is kept until the socket takes it.
"""

from __future__ import annotations

import pickle
import socket
import struct
from typing import Any

LENGTH = struct.Struct("!Q")
CHUNK = 1 << 16


class Closed(Exception):
    """The other end is gone."""


class Channel:
    """One end of a connection. With `blocking`, for a process that has nothing else to do than to wait for it."""

    def __init__(self, connection: socket.socket, *, blocking: bool) -> None:
        connection.setblocking(blocking)
        self.socket = connection
        self._incoming = bytearray()
        self._outgoing = bytearray()

    def fileno(self) -> int:
        """The descriptor, for a selector."""
        return self.socket.fileno()

    @property
    def unsent(self) -> int:
        """Bytes that wait for the socket to take them."""
        return len(self._outgoing)

    def send(self, message: object) -> None:
        """Send a message, or as much of it as the socket takes; `flush` sends the rest.

        Raises:
            Closed: nobody is there to take it.
        """
        body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        self._outgoing += LENGTH.pack(len(body)) + body
        self.flush()

    def flush(self) -> None:
        """Send what waits, as far as the socket takes it."""
        try:
            while self._outgoing:
                sent = self.socket.send(memoryview(self._outgoing)[:CHUNK])
                del self._outgoing[:sent]
        except BlockingIOError:
            return
        except OSError:
            raise Closed from None

    def receive(self) -> list[Any]:
        """The messages that have arrived whole; on a blocking channel at least one.

        Raises:
            Closed: the other end is gone, perhaps in the middle of a message.
        """
        messages = self._whole()
        while not messages:
            try:
                chunk = self.socket.recv(CHUNK)
            except BlockingIOError:
                return []
            except OSError:
                raise Closed from None
            if not chunk:
                raise Closed
            self._incoming += chunk
            messages = self._whole()
        return messages

    def close(self) -> None:
        """Close this end."""
        self.socket.close()

    def _whole(self) -> list[Any]:
        messages, position = [], 0
        while len(self._incoming) - position >= LENGTH.size:
            (length,) = LENGTH.unpack_from(self._incoming, position)
            end = position + LENGTH.size + length
            if end > len(self._incoming):
                break
            try:
                messages.append(pickle.loads(bytes(self._incoming[position + LENGTH.size : end])))
            except Exception:  # a worker that was hit in the middle of its memory
                raise Closed from None
            position = end
        del self._incoming[:position]
        return messages
