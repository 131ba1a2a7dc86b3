"""Server-sent events: the lines of a stream become the JSON that each event carries."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

from r1data.engines.api import Garbled

END = b"[DONE]"
LONGEST_EVENT = 1 << 24
"""In bytes. An event holds a few tokens; a server that sends more without an end would fill the memory."""


async def events(lines: AsyncIterator[bytes]) -> AsyncIterator[object]:
    """The JSON of each event, until the one that ends the stream. Lines may end in any way; comments are skipped.

    Raises:
        Garbled: an event that is no JSON or is too long, or the stream ends without saying so.
    """
    data: list[bytes] = []
    size = 0
    async for raw in lines:
        line = raw.rstrip(b"\r\n")
        if line.startswith(b"data:"):
            piece = line[5:].removeprefix(b" ")
            size += len(piece)
            if size > LONGEST_EVENT:
                raise Garbled(f"an event of more than {LONGEST_EVENT} bytes")
            data.append(piece)
        elif not line and data:
            event = b"\n".join(data)
            if event.strip() == END:
                return
            yield _read(event)
            data, size = [], 0
    if data and b"\n".join(data).strip() == END:
        return
    raise Garbled("the stream ended in the middle of a reply")


def _read(event: bytes) -> object:
    try:
        value: object = json.loads(event)
    except (ValueError, RecursionError):
        raise Garbled(f"an event is not JSON: {event[:80]!r}") from None
    return value
