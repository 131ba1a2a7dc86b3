"""Server-sent events: the bytes of a stream become the JSON that each event carries."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator

from r1data.engines.client.api import Garbled

END = b"[DONE]"
LONGEST_EVENT = 1 << 24
"""In bytes. An event holds a few tokens; a server that sends more without an end would fill the memory."""


async def events(chunks: AsyncIterator[bytes]) -> AsyncGenerator[object, None]:
    """The JSON of each event, until the one that ends the stream; comments and fields other than `data` are skipped.

    The bytes may come in any pieces. Better not in aiohttp's lines, which have a limit that an event with the ids of a
    long prompt exceeds: `content.iter_any()` has none.

    Raises:
        Garbled: an event that is no JSON or is too long, or the stream ends without saying so.
    """
    data: list[bytes] = []
    size = 0
    async for line in _lines(chunks):
        if line.startswith(b"data:"):
            data.append(line[5:].removeprefix(b" "))
            size += len(line)
            if size > LONGEST_EVENT:
                raise Garbled(f"an event of more than {LONGEST_EVENT} bytes")
        elif not line and data:
            event = b"\n".join(data)
            if event.strip() == END:
                return
            yield _read(event)
            data, size = [], 0
    if b"\n".join(data).strip() != END:
        raise Garbled("the stream ended in the middle of a reply")


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    pieces: list[bytes] = []
    size = 0
    async for chunk in chunks:
        *ended, rest = chunk.split(b"\n")
        if ended:
            yield (b"".join(pieces) + ended[0]).rstrip(b"\r")
            for line in ended[1:]:
                yield line.rstrip(b"\r")
            pieces, size = [], 0
        pieces.append(rest)
        size += len(rest)
        if size > LONGEST_EVENT:
            raise Garbled(f"a line of more than {LONGEST_EVENT} bytes")
    yield b"".join(pieces).rstrip(b"\r")


def _read(event: bytes) -> object:
    try:
        value: object = json.loads(event)
    except (ValueError, RecursionError):
        raise Garbled(f"an event is not JSON: {event[:80]!r}") from None
    return value
