"""The server engine against servers that refuse, garble, stall and die."""

import asyncio
import socket
import time
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest
from aiohttp import web

from r1data.engines import Failure, Load, Reply, Request
from r1data.engines.client.doubles import new_mark
from r1data.engines.client.server import TRIES, ServerEngine
from r1data.engines.client.trouble import Kind
from r1data.errors import EngineError
from r1data.recipe import ServerEngine as Settings
from schemas import FinishReason
from tests.engines.fake_server import Answer, Live, completion, dropped, fake_server, pieces, streamed

REQUEST = Request("p", (5, 6, 7), seed=1, temperature=1.0, top_p=1.0, max_tokens=50)


def closed_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/v1"


def serving_at(*endpoints: str, concurrency: int = 4) -> ServerEngine:
    return ServerEngine(Settings(kind="server", endpoints=endpoints), "tiny", concurrency)


def ask(
    answer: Answer, request: Request = REQUEST, times: int = 1, more: tuple[str, ...] = (), **settings: object
) -> tuple[list[Reply | Failure], list[dict[str, object]]]:
    async def go() -> tuple[list[Reply | Failure], list[dict[str, object]]]:
        async with fake_server(answer) as (url, seen):
            choice = Settings.model_validate(
                {"kind": "server", "endpoints": (url, *more), "patience_seconds": 2, **settings}
            )
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


# --- streams ---------------------------------------------------------------------------------------------------------


def test_a_streamed_reply() -> None:
    replies, seen = ask(lambda body, number: streamed(*pieces("four")))
    assert replies == [Reply("four", FinishReason.STOP, 3, 4)]
    assert seen[0]["stream"] is True


@pytest.mark.parametrize(
    "bad",
    [
        streamed(*pieces()[:2]),
        streamed(*pieces()[:3], b"data: {\n\n", *pieces()[3:]),
        streamed(*pieces(), *pieces()[:-1], pieces()[-2]),
        streamed(*pieces()[:-2], *pieces()[:-2], *pieces()[-2:]),
        streamed(b"data: [DONE]\n\n"),
        streamed(*pieces()[:3], drop=True),
        dropped,
        streamed(b"<html>"),
    ],
    ids=["cut", "garbled", "doubled", "doubled inside", "empty", "lost midway", "lost", "html"],
)
def test_streams_that_break_are_asked_for_again(bad: Live) -> None:
    replies, _ = ask(lambda body, number: bad if number < 3 else streamed(*pieces()))
    assert replies == [Reply("four", FinishReason.STOP, 3, 4)]


@pytest.mark.parametrize("stream", [True, False])
def test_a_reply_with_the_mark_of_another_request_is_never_taken(stream: bool) -> None:
    seen: list[str] = []

    def answering(right: Callable[[int], bool]) -> Answer:
        def answer(body: dict[str, object], number: int) -> Live:
            async def live(request: web.Request) -> web.StreamResponse:
                seen.append(request.headers["X-Request-Id"])
                reply_id = f"cmpl-{seen[-1] if right(number) else new_mark()}-0"
                return await streamed(*pieces(reply_id=reply_id))(request) if stream else completion(reply_id=reply_id)

            return live

        return answer

    replies, _ = ask(answering(lambda number: number > 2), stream=stream)
    assert isinstance(replies[0], Reply) and len(seen) == len(set(seen)) == 3
    replies, _ = ask(answering(lambda number: False), stream=stream)
    assert isinstance(replies[0], Failure) and "the reply to another request" in replies[0].error


def test_an_id_that_only_has_our_name_in_it_is_no_mark() -> None:
    replies, seen = ask(lambda body, number: completion(reply_id=f"r1data-prod-{number}"))
    assert isinstance(replies[0], Reply) and len(seen) == 1


def test_connections_that_always_break_are_one_failed_row() -> None:
    replies, seen = ask(lambda body, number: dropped)
    assert isinstance(replies[0], Failure) and "connection was lost" in replies[0].error
    assert not replies[0].prompt_at_fault and len(seen) == TRIES[Kind.DROPPED]


def test_silence_between_two_pieces_is_limited() -> None:
    slow = streamed(*pieces(), pauses=(0, 0, 30))
    replies, seen = ask(lambda body, number: slow if number < 3 else streamed(*pieces()), timeout_seconds=0.3)
    assert isinstance(replies[0], Reply) and len(seen) == 3
    replies, _ = ask(lambda body, number: slow, timeout_seconds=0.2)
    assert isinstance(replies[0], Failure) and "nothing came for" in replies[0].error


def test_a_slow_reply_is_no_silence_but_may_be_too_long() -> None:
    steady = streamed(*pieces("a long reply"), pauses=(0.05,))
    replies, _ = ask(lambda body, number: steady, timeout_seconds=0.5)
    assert isinstance(replies[0], Reply)
    replies, _ = ask(lambda body, number: steady, longest_seconds=0.2)
    assert isinstance(replies[0], Failure) and "no end after" in replies[0].error


def test_a_reply_that_never_ends_is_cut_and_asked_for_again() -> None:
    endless = streamed(*[b"".join(pieces("a" * 200)[:200])] * 40)
    replies, seen = ask(lambda body, number: endless if number == 1 else streamed(*pieces()))
    assert isinstance(replies[0], Reply) and len(seen) == 2
    replies, _ = ask(lambda body, number: endless)
    assert isinstance(replies[0], Failure) and "beyond the 50 tokens" in replies[0].error


def test_words_without_tokens_for_ever_are_cut_too() -> None:
    replies, _ = ask(lambda body, number: streamed(*[b": still here\n" * 10_000] * 20))
    assert isinstance(replies[0], Failure) and "no end" in replies[0].error


def test_another_requests_reply_is_noticed() -> None:
    def answer(body: dict[str, object], number: int) -> web.StreamResponse:
        again = number in (3, 4)
        return completion(f"text {2 if again else number}", reply_id=f"cmpl-{2 if again else number}")

    async def go() -> list[Reply | Failure]:
        async with fake_server(answer) as (url, _):
            choice = Settings(kind="server", endpoints=(url,))
            async with ServerEngine(choice, "tiny", 8) as engine:
                return [await engine.complete(REQUEST) for _ in range(4)]

    texts = [reply.text for reply in asyncio.run(go()) if isinstance(reply, Reply)]
    assert texts == ["text 1", "text 2", "text 5", "text 6"]


@pytest.mark.parametrize("reply_id", [None, "always the same"])
def test_a_server_whose_ids_say_nothing_may_repeat_itself(reply_id: str | None) -> None:
    replies, seen = ask(lambda body, number: completion("yes", reply_id=reply_id), times=20)
    assert len(seen) == 20 and all(isinstance(reply, Reply) for reply in replies)


# --- load and limits -------------------------------------------------------------------------------------------------


def test_an_endpoint_is_given_what_it_bears() -> None:
    """Refuses whatever is above four at once; afterwards nothing is refused any more, and it is kept busy."""
    busy = peak = 0

    def answer(body: dict[str, object], number: int) -> Live:
        async def live(request: web.Request) -> web.StreamResponse:
            nonlocal busy, peak
            if busy >= 4:
                return web.Response(status=429, text="too many")
            busy += 1
            peak = max(peak, busy)
            await asyncio.sleep(0.005)
            busy -= 1
            return completion()

        return live

    async def go() -> tuple[list[Reply | Failure], int, int]:
        async with fake_server(answer) as (url, seen), serving_at(url, concurrency=64) as engine:
            asking = asyncio.gather(*[engine.complete(REQUEST) for _ in range(150)])
            await asyncio.sleep(0)
            assert engine.load == Load(64, 86)
            replies = await asking
            assert engine.load == Load(0, 0)
            return replies, len(seen), peak

    replies, sent, peak = asyncio.run(go())
    assert all(isinstance(reply, Reply) for reply in replies)
    assert peak == 4
    assert sent < 150 + 64 + 80, "one wave of refusals, and now and then one more than it bears"


@pytest.mark.parametrize("headers", [{"Retry-After": "1"}, {"retry-after-ms": "1000"}, {"Retry-After": "soon"}])
def test_a_stated_pause_is_kept(headers: dict[str, str]) -> None:
    times: list[float] = []

    def answer(body: dict[str, object], number: int) -> web.StreamResponse:
        times.append(time.monotonic())
        return web.Response(status=429, headers=headers) if number == 1 else completion()

    replies, _ = ask(answer)
    assert isinstance(replies[0], Reply)
    stated = "soon" not in headers.values()
    assert (times[1] - times[0] >= 1.0) is stated


def test_our_own_pace_is_kept() -> None:
    times: list[float] = []

    def answer(body: dict[str, object], number: int) -> web.StreamResponse:
        times.append(time.monotonic())
        return completion()

    ask(answer, times=30, requests_per_minute=600)
    assert times[-1] - times[0] >= 1.7, "ten a second, of which the first second may go at once"


def test_work_goes_where_there_is_room() -> None:
    async def go() -> tuple[int, int]:
        slow: Answer = lambda body, number: streamed(*pieces(), pauses=(0.05,))  # noqa: E731
        async with (
            fake_server(slow) as (first, few),
            fake_server(lambda b, n: completion()) as (second, many),
            serving_at(first, second) as engine,
        ):
            await asyncio.gather(*[engine.complete(REQUEST) for _ in range(100)])
            return len(few), len(many)

    few, many = asyncio.run(go())
    assert few + many == 100 and many > 5 * few


# --- endpoints that go, and what is said -----------------------------------------------------------------------------


def test_a_server_that_comes_back_is_waited_for_and_it_is_said() -> None:
    said: list[str] = []

    async def go() -> list[Reply | Failure]:
        async with AsyncExitStack() as stack:
            first = await stack.enter_async_context(AsyncExitStack())
            url, _ = await first.enter_async_context(fake_server(lambda b, n: completion()))
            choice = Settings(kind="server", endpoints=(url,), patience_seconds=20)
            engine = await stack.enter_async_context(ServerEngine(choice, "tiny", 8, notify=said.append))
            replies = [await engine.complete(REQUEST)]
            await first.aclose()
            asking = asyncio.create_task(engine.complete(REQUEST))
            await asyncio.sleep(1.5)
            assert not asking.done() and engine.load == Load(0, 1)
            port = int(url.rsplit(":", 1)[1].split("/")[0])
            await stack.enter_async_context(fake_server(lambda b, n: completion("five"), port=port))
            return [*replies, await asking]

    replies = asyncio.run(go())
    assert [reply.text for reply in replies if isinstance(reply, Reply)] == ["four", "five"]
    assert "no endpoint answers, waiting for" in said[0] and "until" in said[0]
    assert len(said) <= 2


def test_an_endpoint_that_refuses_access_is_left_out_and_the_other_has_its_work() -> None:
    async def go() -> tuple[list[Reply | Failure], list[str]]:
        said: list[str] = []
        async with (
            fake_server(lambda b, n: web.Response(status=401, text="key?")) as (bad, _),
            fake_server(lambda b, n: completion()) as (good, _),
            ServerEngine(Settings(kind="server", endpoints=(bad, good)), "tiny", 4, notify=said.append) as engine,
        ):
            return await asyncio.gather(*[engine.complete(REQUEST) for _ in range(20)]), said

    replies, said = asyncio.run(go())
    assert all(isinstance(reply, Reply) for reply in replies)
    assert len(said) == 1 and "refuses access" in said[0] and "left out" in said[0]


def test_a_request_at_which_a_living_server_always_fails_is_one_failed_row() -> None:
    bad = Request("bad", (6, 6, 6), 1, 1.0, 1.0, 50)

    def answer(body: dict[str, object], number: int) -> web.StreamResponse:
        return web.Response(status=500, text="oops") if body["prompt"] == [6, 6, 6] else completion()

    replies, _ = ask(answer, bad, patience_seconds=20)
    assert isinstance(replies[0], Failure) and "HTTP 500: oops" in replies[0].error


def test_a_hosted_models_prompt_that_is_too_long_is_at_fault() -> None:
    text = "This model's maximum context length is 100 tokens."
    replies, seen = ask(lambda body, number: web.Response(status=400, text=text))
    assert isinstance(replies[0], Failure) and replies[0].prompt_at_fault and len(seen) == 1


def test_the_context_may_be_stated_where_the_server_is_silent() -> None:
    async def go() -> Reply | Failure:
        async with fake_server(lambda b, n: completion(), models={"data": [{"id": "tiny"}]}) as (url, _):
            choice = Settings(kind="server", endpoints=(url,), context_tokens=3)
            async with ServerEngine(choice, "tiny", 4) as engine:
                return await engine.complete(REQUEST)

    failure = asyncio.run(go())
    assert isinstance(failure, Failure) and failure.prompt_at_fault


def test_no_error_repeats_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("R1DATA_TEST_KEY", "sk-very-secret")
    text = "no such parameter; your key is sk-very-secret"
    replies, _ = ask(lambda body, number: web.Response(status=400, text=text), api_key_env="R1DATA_TEST_KEY")
    assert isinstance(replies[0], Failure) and "***" in replies[0].error and "secret" not in replies[0].error
    with pytest.raises(EngineError) as caught:
        ask(lambda body, number: web.Response(status=401, text=text), api_key_env="R1DATA_TEST_KEY")
    assert "secret" not in str(caught.value) + str(caught.value.remedy)


def test_whoever_stops_waiting_gives_up_the_place() -> None:
    async def go() -> Load:
        hung: Answer = lambda body, number: streamed(*pieces(), pauses=(30,))  # noqa: E731
        async with fake_server(hung) as (url, _), serving_at(url) as engine:
            asking = [asyncio.create_task(engine.complete(REQUEST)) for _ in range(10)]
            await asyncio.sleep(0.1)
            assert engine.load == Load(4, 6)
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
            return engine.load

    assert asyncio.run(go()) == Load(0, 0)


@pytest.mark.parametrize("status", [429, 503, 504])
def test_one_request_that_is_always_refused_is_a_failed_row_and_holds_up_nobody(status: int) -> None:
    big = Request("big", (9, 9, 9), seed=2, temperature=1.0, top_p=1.0, max_tokens=50)

    def answer(body: dict[str, object], number: int) -> web.StreamResponse:
        refused = body["prompt"] == [9, 9, 9]
        return web.Response(status=status, text="request too large") if refused else completion()

    async def go() -> tuple[Reply | Failure, int]:
        async with fake_server(answer) as (url, _):
            choice = Settings(kind="server", endpoints=(url,), patience_seconds=30)
            async with ServerEngine(choice, "tiny", 8) as engine:
                trouble = asyncio.create_task(engine.complete(big))
                answered = 0
                while not trouble.done():
                    replies = await asyncio.gather(*[engine.complete(REQUEST) for _ in range(8)])
                    answered += sum(isinstance(reply, Reply) for reply in replies)
                return await trouble, answered

    failure, answered = asyncio.run(go())
    assert isinstance(failure, Failure) and "request too large" in failure.error
    assert answered > 100, "the others went on all the while"


def test_a_server_that_always_wants_one_more_pause_is_given_up() -> None:
    def answer(body: dict[str, object], number: int) -> web.StreamResponse:
        return web.Response(status=429, text="quota", headers={"Retry-After": "1"})

    with pytest.raises(EngineError, match="no endpoint has answered"):
        ask(answer, patience_seconds=2)
