"""A server that speaks just enough of the protocol, and misbehaves on request. For fault injection only."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

Answer = Callable[[dict[str, object], int], web.StreamResponse]


def completion(text: str = "four", finish: str = "stop") -> web.Response:
    return web.json_response(
        {
            "choices": [{"text": text, "finish_reason": finish, "index": 0}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
        }
    )


@asynccontextmanager
async def fake_server(
    answer: Answer, models: object = None, max_model_len: int = 100
) -> AsyncIterator[tuple[str, list[dict[str, object]]]]:
    """Serve `answer(body, number of the request)`; gives the base address and the list of bodies seen."""
    seen: list[dict[str, object]] = []

    async def complete(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        seen.append(body)
        await asyncio.sleep(0)
        return answer(body, len(seen))

    async def list_models(request: web.Request) -> web.Response:
        listed = {"data": [{"id": "tiny", "max_model_len": max_model_len}]}
        return web.json_response(listed if models is None else models)

    app = web.Application()
    app.router.add_post("/v1/completions", complete)
    app.router.add_get("/v1/models", list_models)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield f"http://127.0.0.1:{port}/v1", seen
    finally:
        await runner.cleanup()
