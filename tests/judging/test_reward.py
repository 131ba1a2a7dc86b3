"""A reward model in the judge's place: its three forms, its faults, and a whole part rated by it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from r1data.engines import Failure
from r1data.engines.reward import RewardServer, number_in
from r1data.errors import EngineError, RecipeError
from r1data.recipe import RewardModel, ServerEngine
from r1data.store import Workspace
from schemas import Message
from tests.given.test_given import made, part, row

TURNS = [Message("user", "Write a line about rain.")]
FORMS: dict[str, Callable[[float], Any]] = {
    "classify": lambda number: {"data": [{"index": 0, "label": "LABEL_0", "probs": [number], "num_classes": 1}]},
    "pooling": lambda number: {"data": [{"index": 0, "object": "pooling", "data": [[number]]}]},
    "score": lambda number: {"data": [{"index": 0, "object": "score", "score": number}]},
}
Reply = Callable[[str, dict[str, Any], int], web.Response]


@asynccontextmanager
async def served(reply: Reply) -> AsyncIterator[str]:
    count = 0

    async def handle(request: web.Request) -> web.Response:
        nonlocal count
        count += 1
        return reply(request.path, await request.json(), count)

    app = web.Application()
    app.router.add_post("/{tail:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


def rewarded(reply: Reply, api: str = "classify", patience: float = 10.0) -> float | Failure:
    async def go() -> float | Failure:
        async with served(reply) as address:
            settings = ServerEngine(kind="server", endpoints=(address,), patience_seconds=patience)
            async with RewardServer(settings, RewardModel.model_validate({"id": "r", "api": api})) as server:
                return await server.reward(TURNS, "Rain drums.")

    return asyncio.run(go())


@pytest.mark.parametrize(("api", "path"), [("classify", "/classify"), ("pooling", "/pooling"), ("score", "/v1/score")])
def test_each_form_is_spoken(api: str, path: str) -> None:
    seen: list[tuple[str, dict[str, Any]]] = []

    def reply(where: str, body: dict[str, Any], number: int) -> web.Response:
        seen.append((where, body))
        return web.json_response(FORMS[api](-1.25))

    assert rewarded(reply, api) == -1.25
    ((where, body),) = seen
    assert where == path and body["model"] == "r"
    told = [body["text_1"], body["text_2"]] if api == "score" else [turn["content"] for turn in body["messages"]]
    assert told == ["Write a line about rain.", "Rain drums."]


def test_a_busy_server_is_asked_again_and_a_dead_one_ends_the_run() -> None:
    busy = [web.Response(status=503), web.Response(status=429)]
    answer = rewarded(lambda path, body, n: busy.pop() if busy else web.json_response(FORMS["classify"](0.5)))
    assert answer == 0.5 and not busy
    with pytest.raises(EngineError, match="no reward server answers; the last said: HTTP 503"):
        rewarded(lambda path, body, n: web.Response(status=503), patience=0.1)


@pytest.mark.parametrize(
    "payload", [{}, {"data": []}, {"data": [{"probs": [0.1, 0.9]}]}, {"data": [{"probs": ["high"]}]}, [], None,
                {"data": [{"probs": [float("nan")]}]}],
)  # fmt: skip
def test_what_is_no_single_number_is_a_failure(payload: Any) -> None:
    assert isinstance(number_in("classify", payload), Failure)
    assert isinstance(rewarded(lambda path, body, n: web.Response(status=400, text="no")), Failure)


def test_a_part_is_rated_by_it(tmp_path: Path) -> None:
    rows = [row(f"Tell me about the number {n}, please.", f"It is a number, and it is {n}.") for n in range(12)]
    verification = {"quality": {"reward": {"id": "r", "threshold": 5.5}}}
    settings, folder = part(tmp_path, rows, verification=verification)
    with pytest.raises(RecipeError, match="where the reward model r is served"):
        made(settings, folder)

    def reply(path: str, body: dict[str, Any], number: int) -> web.Response:
        said = body["messages"][-1]["content"]
        return web.json_response(FORMS["classify"](float(said.rstrip(".").split()[-1])))

    async def go() -> int:
        async with served(reply) as address:
            engine = f"reward_engine={{kind: server, endpoints: ['{address}']}}"
            result = await asyncio.to_thread(made, settings, folder, engine)
            return result.funnel.kept

    assert asyncio.run(go()) == 6
    verdicts = Workspace(folder / "workspace").tables().verdicts.collect()
    assert sorted(map(float, verdicts["extracted"])) == [float(n) for n in range(12)]
