"""A server process that dies of one token and hangs at another. Start as `frail_server.py PORT SECONDS_PER_REPLY`."""

import asyncio
import os
import signal
import sys

from aiohttp import web

DEADLY, STUNNING = 666, 777
"""At the first the process ends at once; at the second it stops, as under SIGSTOP, until it is killed."""


async def complete(request: web.Request) -> web.StreamResponse:
    """Some text after the stated time; the odd tokens' requests take longer, so that they do not end together."""
    prompt = (await request.json())["prompt"]
    await asyncio.sleep(float(sys.argv[2]) * (1 + prompt[0] % 3))
    if DEADLY in prompt:
        os._exit(9)
    if STUNNING in prompt:
        os.kill(os.getpid(), signal.SIGSTOP)
    usage = {"prompt_tokens": len(prompt), "completion_tokens": 1}
    return web.json_response({"choices": [{"text": f"{prompt}", "index": 0, "finish_reason": "stop"}], "usage": usage})


async def list_models(request: web.Request) -> web.StreamResponse:
    return web.json_response({"data": [{"id": "tiny", "max_model_len": 100}]})


async def well(request: web.Request) -> web.StreamResponse:
    return web.Response()


if __name__ == "__main__":
    app = web.Application()
    app.router.add_get("/health", well)
    app.router.add_get("/v1/models", list_models)
    app.router.add_post("/v1/completions", complete)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
