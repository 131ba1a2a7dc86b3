"""A server that speaks just enough of the protocol, and misbehaves on request. For fault injection only."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from aiohttp import web

Live = Callable[[web.Request], Awaitable[web.StreamResponse]]
Answer = Callable[[dict[str, object], int], web.StreamResponse | Live]


def completion(text: str = "four", finish: str = "stop", reply_id: str | None = None) -> web.Response:
    """A reply that comes at once."""
    payload = {
        "choices": [{"text": text, "finish_reason": finish, "index": 0}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
    }
    return web.json_response(payload | ({"id": reply_id} if reply_id else {}))


def pieces(text: str = "four", reply_id: str = "cmpl-1") -> list[bytes]:
    """The events of a streamed reply, one character each."""
    usage = {"prompt_tokens": 3, "completion_tokens": len(text), "total_tokens": 3 + len(text)}
    chunks: list[object] = [
        {"id": reply_id, "choices": [{"text": letter, "index": 0, "finish_reason": None}]} for letter in text
    ]
    chunks.append({"id": reply_id, "choices": [{"text": "", "index": 0, "finish_reason": "stop"}]})
    chunks.append({"id": reply_id, "choices": [], "usage": usage})
    return [*(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks), b"data: [DONE]\n\n"]


def streamed(*events: bytes, pauses: Sequence[float] = (0.0,), drop: bool = False) -> Live:
    """A reply of these events, with pauses before the first of them, the last of which goes on for all others.

    `drop`: the connection is cut where the reply should end.
    """

    async def live(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for number, event in enumerate(events):
            await asyncio.sleep(pauses[min(number, len(pauses) - 1)])
            await response.write(event)
        if drop:
            return cut(request, response)
        return response

    return live


async def dropped(request: web.Request) -> web.StreamResponse:
    """No reply, and no connection any more."""
    return cut(request, web.Response())


def cut(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return response


@asynccontextmanager
async def fake_server(
    answer: Answer, models: object = None, max_model_len: int = 100, port: int = 0
) -> AsyncIterator[tuple[str, list[dict[str, object]]]]:
    """Serve `answer(body, number of the request)`; gives the base address and the list of bodies seen."""
    seen: list[dict[str, object]] = []

    async def complete(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        seen.append(body)
        await asyncio.sleep(0)
        response = answer(body, len(seen))
        return response if isinstance(response, web.StreamResponse) else await response(request)

    async def list_models(request: web.Request) -> web.Response:
        listed = {"data": [{"id": "tiny", "max_model_len": max_model_len}]}
        return web.json_response(listed if models is None else models)

    app = web.Application()
    app.router.add_post("/v1/completions", complete)
    app.router.add_post("/v1/chat/completions", complete)
    app.router.add_get("/v1/models", list_models)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    address = runner.addresses[0]
    try:
        yield f"http://127.0.0.1:{address[1]}/v1", seen
    finally:
        await runner.cleanup()
