"""The exchange: one HTTP request and what comes back, as a reply, a failure or a `Trouble`. It never tries twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import aiohttp

from r1data.engines.client.api import Api, Garbled, Reading, Refused
from r1data.engines.client.doubles import HEADER, is_anothers, new_mark
from r1data.engines.client.events import events
from r1data.engines.client.trouble import Kind, Trouble, exhausted, is_too_long, quoted, refusal
from r1data.engines.protocol import Failure, Reply, Request

CONNECT_SECONDS = 10.0
PROBE_SECONDS = 5.0
KEEP_ALIVE_SECONDS = 2.0
"""Much shorter than the 5 s after which uvicorn, and with it vLLM, closes a connection that nobody uses: one that is
busy reads a request seconds after it was sent, and may see that the time is up first. Then the request is lost.
"""
DRAIN_SECONDS = 1.0
SPARE_BYTES = 1 << 20
BYTES_PER_TOKEN = 2048
"""A generous limit to what a server may send for one token; in a stream each has an event of some hundred bytes."""
LONGEST_REFUSAL = 1 << 16
Heard = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a reply with its id, or a failure. `rest`: for how long the service wants nothing more."""

    reply: Reply | Failure
    reply_id: str | None = None
    rest: float | None = None


class Exchange:
    """HTTP with all endpoints of an engine, as an async context manager."""

    def __init__(self, key: str | None) -> None:
        self._key = key
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Exchange:
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            headers=headers,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._session is not None
        await self._session.close()

    async def ask(self, url: str, api: Api, request: Request, body: dict[str, Any], heard: Heard) -> Answer:
        """Send one request and read what comes; `heard` is called at each sign of life.

        Raises:
            Trouble: there is no reply, and another attempt may have one.
        """
        try:
            with self._told_apart():
                return await self._ask(url + api.path, api, request, body, heard)
        except Refused as refused:
            said = quoted(self._redacted(str(refused)))
            if refused.passing:
                raise Trouble(Kind.FAULTY, said) from None
            return Answer(Failure(said, prompt_at_fault=is_too_long(said)))

    async def get(self, url: str) -> object:
        """The JSON that lies at an address.

        Raises:
            Trouble: it cannot be had; where there is no such thing, `Kind.CLOSED`.
        """
        status, text = await self.look(url)
        if status == 200:
            with self._told_apart():
                return _json(text)
        refused = refusal(status, {}, self._redacted(text.decode(errors="replace")))
        raise refused if isinstance(refused, Trouble) else Trouble(Kind.CLOSED, refused.error)

    async def look(self, url: str) -> tuple[int, bytes]:
        """Status and text of what lies at an address.

        Raises:
            Trouble: nobody answers, or not in time.
        """
        assert self._session is not None
        try:
            with self._told_apart():
                async with asyncio.timeout(PROBE_SECONDS), self._session.get(url) as response:
                    return response.status, await _body(response, SPARE_BYTES)
        except TimeoutError:
            raise Trouble(Kind.SILENT, f"no answer in {PROBE_SECONDS:.0f} s") from None

    async def _ask(self, url: str, api: Api, request: Request, body: dict[str, Any], heard: Heard) -> Answer:
        assert self._session is not None
        mark = new_mark()
        async with self._session.post(url, json=body, headers={HEADER: mark}) as response:
            if response.status != 200:
                text = (await _body(response, LONGEST_REFUSAL, cut=True)).decode(errors="replace")
                refused = refusal(response.status, response.headers, self._redacted(text))
                if isinstance(refused, Trouble):
                    raise refused
                return Answer(refused)
            heard()
            most = SPARE_BYTES + request.max_tokens * BYTES_PER_TOKEN
            if response.content_type == "text/event-stream":
                reply, reply_id = await _stream(response, api.reading(request), most, heard)
            else:
                payload = _json(await _body(response, most))
                reply, reply_id = api.whole(request, payload), _id(payload)
            if is_anothers(reply_id, mark):
                raise Garbled("it is the reply to another request")
            return Answer(reply, reply_id, exhausted(response.headers, datetime.now(UTC)))

    @contextmanager
    def _told_apart(self) -> Iterator[None]:
        try:
            yield
        except (aiohttp.ClientConnectorError, aiohttp.ServerTimeoutError, aiohttp.InvalidURL) as error:
            raise Trouble(Kind.UNREACHABLE, _name(error)) from None
        except (aiohttp.ClientError, ConnectionError) as error:
            raise Trouble(Kind.DROPPED, f"the connection was lost: {_name(error)}") from None
        except Garbled as error:
            raise Trouble(Kind.GARBLED, quoted(self._redacted(str(error)))) from None

    def _redacted(self, text: str) -> str:
        """Without our key, which some services repeat when they do not like it."""
        return text.replace(self._key, "***") if self._key else text


async def _stream(
    response: aiohttp.ClientResponse, reading: Reading, most: int, heard: Heard
) -> tuple[Reply, str | None]:
    reply_id: str | None = None
    async with aclosing(events(_bounded(response, most))) as stream:
        async for event in stream:
            heard()
            reply_id = reply_id or _id(event)
            if reading.take(event):
                return reading.reply(), reply_id  # the connection is closed before its end: the server stops writing
    reply = reading.reply()
    with suppress(TimeoutError, aiohttp.ClientError):
        async with asyncio.timeout(DRAIN_SECONDS):  # a connection that is read to its end can be used again
            await response.content.readany()
    return reply, reply_id


async def _bounded(response: aiohttp.ClientResponse, most: int) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > most:
            raise Garbled(f"the reply has no end: more than {most} bytes")
        yield chunk


async def _body(response: aiohttp.ClientResponse, most: int, *, cut: bool = False) -> bytes:
    """The whole body; of one that is too long, the beginning or `Garbled`."""
    chunks, size = [], 0
    async for chunk in response.content.iter_any():
        chunks.append(chunk)
        size += len(chunk)
        if size > most:
            if cut:
                break
            raise Garbled(f"the reply has no end: more than {most} bytes")
    return b"".join(chunks)


def _json(text: bytes) -> object:
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        raise Garbled(f"the reply is not JSON: {text[:80].decode(errors='replace')!r}") from None
    return value


def _id(payload: object) -> str | None:
    value = payload.get("id") if isinstance(payload, dict) else None
    return value if isinstance(value, str) and value else None


def _name(error: Exception) -> str:
    return f"{type(error).__name__}: {quoted(str(error))}"
