"""The server engine against servers that refuse, garble, stall and die."""

import asyncio
import socket
from collections.abc import Callable

import pytest
from aiohttp import web

from r1data.engines import Failure, Reply, Request
from r1data.engines.server import ServerEngine
from r1data.errors import EngineError
from r1data.recipe import ServerEngine as Settings
from schemas import FinishReason
from tests.engines.fake_server import Answer, completion, fake_server

REQUEST = Request("p", (5, 6, 7), seed=1, temperature=1.0, top_p=1.0, max_tokens=50)


def closed_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/v1"


def ask(
    answer: Answer, request: Request = REQUEST, times: int = 1, more: tuple[str, ...] = (), **settings: object
) -> tuple[list[Reply | Failure], list[dict[str, object]]]:
    async def go() -> tuple[list[Reply | Failure], list[dict[str, object]]]:
        async with fake_server(answer) as (url, seen):
            choice = Settings(kind="server", endpoints=(url, *more), patience_seconds=2, **settings)  # type: ignore[arg-type]
            async with ServerEngine(choice, "tiny", 8) as engine:
                return await asyncio.gather(*[engine.complete(request) for _ in range(times)]), seen

    return asyncio.run(go())


def test_a_plain_reply() -> None:
    replies, seen = ask(lambda body, number: completion())
    assert replies == [Reply("four", FinishReason.STOP, 3, 2)]
    assert seen[0]["prompt"] == [5, 6, 7] and seen[0]["seed"] == 1 and seen[0]["n"] == 1


@pytest.mark.parametrize(
    "refusal",
    [
        lambda: web.Response(status=429, text="slow down"),
        lambda: web.Response(status=503, text="loading"),
        lambda: web.Response(text="<html>not json"),
        lambda: web.json_response({"choices": []}),
        lambda: web.json_response([1, 2]),
        lambda: web.json_response({"choices": [{"text": None, "finish_reason": "stop"}], "usage": {}}),
    ],
)
def test_what_may_pass_is_tried_again(refusal: Callable[[], web.Response]) -> None:
    replies, seen = ask(lambda body, number: refusal() if number < 3 else completion())
    assert replies == [Reply("four", FinishReason.STOP, 3, 2)]
    assert len(seen) == 3


def test_a_request_that_is_always_garbled_is_one_failed_row() -> None:
    replies, _ = ask(lambda body, number: web.Response(text="garbage"))
    assert isinstance(replies[0], Failure) and "is not JSON" in replies[0].error


def test_a_bad_request_fails_at_once() -> None:
    replies, seen = ask(lambda body, number: web.Response(status=400, text="no such parameter"))
    assert isinstance(replies[0], Failure) and "no such parameter" in replies[0].error
    assert len(seen) == 1


def test_a_prompt_longer_than_the_context_is_never_sent() -> None:
    long = Request("p", tuple(range(100)), 1, 1.0, 1.0, 50)
    replies, seen = ask(lambda body, number: completion(), long)
    assert isinstance(replies[0], Failure) and "prompt too long: 100 tokens" in replies[0].error
    assert seen == []


def test_the_reply_may_only_fill_what_the_context_leaves() -> None:
    _, seen = ask(lambda body, number: completion(), Request("p", tuple(range(90)), 1, 1.0, 1.0, 50))
    assert seen[0]["max_tokens"] == 10


def test_one_dead_endpoint_does_not_matter() -> None:
    replies, seen = ask(lambda body, number: completion(), times=20, more=(closed_address(),))
    assert len(seen) == 20 and all(isinstance(reply, Reply) for reply in replies)


def test_no_endpoint_at_all_is_an_error_that_names_them() -> None:
    address = closed_address()

    async def go() -> None:
        async with ServerEngine(Settings(kind="server", endpoints=(address,)), "tiny", 8):
            pass

    with pytest.raises(EngineError) as caught:
        asyncio.run(go())
    assert address in str(caught.value) and "engine.endpoints" in str(caught.value.remedy)


def test_silence_ends_the_run_after_the_stated_patience() -> None:
    with pytest.raises(EngineError, match="no endpoint has answered"):
        ask(lambda body, number: web.Response(status=500, text="out of memory"), times=3)


@pytest.mark.parametrize(("status", "words"), [(401, "refuses access"), (404, "does not serve model")])
def test_what_will_not_pass_for_anyone_ends_the_run(status: int, words: str) -> None:
    with pytest.raises(EngineError, match=words):
        ask(lambda body, number: web.Response(status=status, text="no"))


def test_an_unknown_model_is_named_with_those_that_are_there() -> None:
    async def go() -> None:
        async with (
            fake_server(lambda body, number: completion()) as (url, _),
            ServerEngine(Settings(kind="server", endpoints=(url,)), "huge", 8),
        ):
            pass

    with pytest.raises(EngineError, match="it has: tiny"):
        asyncio.run(go())


def test_the_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EngineError, match="R1DATA_TEST_KEY"):
        ask(lambda body, number: completion(), api_key_env="R1DATA_TEST_KEY")
    monkeypatch.setenv("R1DATA_TEST_KEY", "secret")
    replies, _ = ask(lambda body, number: completion(), api_key_env="R1DATA_TEST_KEY")
    assert isinstance(replies[0], Reply)
