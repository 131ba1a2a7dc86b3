"""Server-sent events: what servers send, in all the ways in which they send it, and what is no stream."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from r1data.engines.client.api import Garbled
from r1data.engines.client.events import LONGEST_EVENT, events


async def chunks(text: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(text), size):
        yield text[start : start + size]


def read(text: bytes, size: int = 1 << 20) -> list[object]:
    async def go() -> list[object]:
        return [event async for event in events(chunks(text, size))]

    return asyncio.run(go())


@pytest.mark.parametrize(
    "text",
    [
        b'data: {"a": 1}\n\ndata: {"a": 2}\n\ndata: [DONE]\n\n',
        b'data:{"a": 1}\r\n\r\ndata:{"a": 2}\r\n\r\ndata:[DONE]\r\n\r\n',
        b': hello\n\nevent: message\nid: 7\ndata: {"a": 1}\n\n: ping\n\ndata: {"a":\ndata: 2}\n\ndata: [DONE]',
        b'data: {"a": 1}\n\n\n\ndata: {"a": 2}\n\ndata: [DONE]\n\ndata: what comes later is not read\n\n',
    ],
)
def test_streams_of_all_kinds(text: bytes) -> None:
    assert [read(text, size) for size in (1, 7, 1000)] == [[{"a": 1}, {"a": 2}]] * 3


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "in the middle"),
        (b'data: {"a": 1}\n\n', "in the middle"),
        (b'data: {"a": 1}\n\ndata: {"a"', "in the middle"),
        (b"data: {\xff}\n\ndata: [DONE]\n\n", "not JSON"),
        (b"data: " + b"[" * 100_000 + b"\n\n", "not JSON"),
        (b"<html>\n<p>Bad gateway</p>\n\n", "in the middle"),
        (b"data: x" + b"\ndata: x" * 40 + b"\n\ndata: [DONE]\n\n", "not JSON"),
        (b"data: " + b"x" * (LONGEST_EVENT + 1) + b"\n\n", "an event of more than"),
        (b"data: " + b"x" * (2 * LONGEST_EVENT), "a line of more than"),
    ],
)
def test_what_is_no_stream_is_garbled(text: bytes, reason: str) -> None:
    with pytest.raises(Garbled, match=reason):
        read(text)
