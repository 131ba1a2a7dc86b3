"""Completions: what is sent, and what is read from replies that are whole, cut, doubled, mixed up or not there."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from r1data.engines.client.api import Garbled, Refused
from r1data.engines.client.completions_api import CompletionsApi
from r1data.engines.protocol import Reply, Request
from r1data.recipe import Loops
from schemas import FinishReason

REQUEST = Request("p", (5, 6, 7), seed=1, temperature=0.7, top_p=0.9, max_tokens=1000, loops=Loops())
API = CompletionsApi()
USAGE = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
)


def piece(text: str, ids: list[int] | None = None, finish: object = None, **more: object) -> dict[str, Any]:
    choice = {"index": 0, "text": text, "finish_reason": finish} | ({} if ids is None else {"token_ids": ids})
    return {"id": "cmpl-1", "choices": [choice | more], "usage": None}


def counted(**counts: int) -> dict[str, Any]:
    return {"id": "cmpl-1", "choices": [], "usage": USAGE | counts}


def read(*given: object, request: Request = REQUEST) -> Reply:
    reading = API.reading(request)
    for event in given:
        if reading.take(event):
            break
    return reading.reply()


FIRST = piece("fo", [1, 2], prompt_token_ids=[5, 6, 7])
LAST = piece("ur", [3, 4], "stop")
COUNTED = counted()


def test_what_is_sent() -> None:
    body = API.body(REQUEST, "tiny", 50, stream=False, vllm=False)
    assert body == {
        "model": "tiny", "prompt": [5, 6, 7], "n": 1, "max_tokens": 50, "seed": 1, "temperature": 0.7, "top_p": 0.9,
    }  # fmt: skip
    body = API.body(replace(REQUEST, stop=("END",), json_schema={"type": "object"}), "t", 9, stream=True, vllm=False)
    assert body["stop"] == ["END"] and body["response_format"]["json_schema"]["schema"] == {"type": "object"}
    assert body["stream"] is True and body["stream_options"] == {"include_usage": True}
    assert {"stream_interval", "return_token_ids", "top_k"}.isdisjoint(body)


def test_vllm_is_asked_for_token_ids_and_not_for_its_own_defaults() -> None:
    body = API.body(REQUEST, "tiny", 50, stream=True, vllm=True)
    assert body["return_token_ids"] is True and body["stream_interval"] > 1
    assert (body["top_k"], body["min_p"], body["repetition_penalty"]) == (0, 0.0, 1.0)


def test_each_stage_has_a_seed_of_its_own() -> None:
    seeds = [API.body(replace(REQUEST, stage=stage), "t", 9, stream=False, vllm=True)["seed"] for stage in range(4)]
    assert seeds[0] == 1 and len(set(seeds)) == 4
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_a_streamed_reply() -> None:
    assert read(FIRST, LAST, COUNTED) == Reply("four", FinishReason.STOP, 3, 4, (1, 2, 3, 4))


def test_a_reply_that_came_at_once() -> None:
    payload = piece("four", [1, 2, 3, 4], "length") | {"usage": USAGE}
    assert API.whole(REQUEST, payload) == Reply("four", FinishReason.LENGTH, 3, 4, (1, 2, 3, 4))


def test_a_server_that_tells_no_token_ids() -> None:
    assert read(piece("fo"), piece("ur", finish="stop"), COUNTED) == Reply("four", FinishReason.STOP, 3, 4)


def test_an_empty_reply_is_a_reply() -> None:
    nothing = {"choices": [], "usage": USAGE | {"completion_tokens": 1}}
    assert read(piece("", [2], "stop"), nothing) == Reply("", FinishReason.STOP, 3, 1, (2,))


@pytest.mark.parametrize(
    "given",
    [
        pytest.param((), id="nothing"),
        pytest.param((FIRST, COUNTED), id="no end"),
        pytest.param((FIRST, LAST), id="no usage"),
        pytest.param((FIRST, FIRST, LAST, COUNTED), id="doubled event"),
        pytest.param((FIRST, LAST, LAST, COUNTED), id="doubled end"),
        pytest.param((FIRST, LAST, piece("!", [9]), COUNTED), id="text after the end"),
        pytest.param((LAST, COUNTED), id="lost event"),
        pytest.param((piece("four", finish="stop"), counted(completion_tokens=0)), id="nothing counted"),
        pytest.param((piece("fo", prompt_token_ids=[5, 6, 8]),), id="another prompt"),
        pytest.param((FIRST, LAST, counted(prompt_tokens=2)), id="prompt count"),
        pytest.param((FIRST, LAST, counted(completion_tokens=True)), id="true tokens"),
        pytest.param((FIRST, LAST, counted(prompt_tokens=-1)), id="-1"),
        pytest.param((FIRST, LAST, {"choices": [], "usage": []}), id="usage is a list"),
        pytest.param((piece("four", finish="because"),), id="unknown reason"),
        pytest.param((piece("four", finish=["stop"]),), id="reason is a list"),
        pytest.param((piece("four", finish="loop"),), id="a reason of ours"),
        pytest.param((piece(None),), id="is fine until the end"),  # type: ignore[arg-type]
        pytest.param((piece(4),), id="text is a number"),  # type: ignore[arg-type]
        pytest.param((piece("four", [1, -2]),), id="ids below zero"),
        pytest.param(({"choices": [{"text": "a"}, {"text": "b"}]},), id="two choices"),
        pytest.param(({"choices": [{"text": "a", "index": 1}]},), id="choice that nobody asked for"),
        pytest.param(({"choices": {"text": "a"}},), id="choices are an object"),
        pytest.param(([1],), id="a list"),
        pytest.param((None,), id="null"),
    ],
)
def test_what_is_no_reply_to_this_request_is_garbled(given: tuple[object, ...]) -> None:
    with pytest.raises(Garbled):
        read(*given)


@pytest.mark.parametrize("ids", [None, [1] * 64])
def test_a_reply_that_never_ends_is_garbled(ids: list[int] | None) -> None:
    reading = API.reading(replace(REQUEST, loops=None))
    with pytest.raises(Garbled, match="beyond the 1000 tokens"):
        for _ in range(100_000):
            reading.take(piece("and so on, " * 20, ids))


@pytest.mark.parametrize(
    ("event", "passing"),
    [
        (piece("", finish="content_filter"), False),
        (piece("fo", finish="insufficient_system_resource"), True),
        (piece("fo", finish="abort"), True),
        ({"error": {"message": "Internal server error", "type": "InternalServerError", "code": 500}}, True),
        ({"error": {"message": "no such parameter", "code": 400}}, False),
        ({"error": {"message": "slow down", "code": 429}}, True),
        ({"error": "overloaded"}, True),
    ],
)
def test_a_server_that_says_no(event: object, passing: bool) -> None:
    with pytest.raises(Refused) as caught:
        read(event)
    assert caught.value.passing is passing


def test_a_loop_is_cut_while_it_streams() -> None:
    reading = API.reading(replace(REQUEST, max_tokens=32768))
    events = 0
    while not reading.take(piece("Wait, let me check again. ", list(range(7)))):
        events += 1
        assert events < 100
    reply = reading.reply()
    assert reply.finish_reason is FinishReason.LOOP
    assert reply.text == ("Wait, let me check again. " * 100)[:1280]
    assert (reply.prompt_tokens, reply.completion_tokens) == (3, 7 * (events + 1))
    assert reply.token_ids is None


@pytest.mark.parametrize("times", [0, 2], ids=["lost", "doubled"])
def test_a_loop_is_not_cut_from_a_reply_of_which_an_event_was_lost_or_doubled(times: int) -> None:
    """A reply that is cut never comes to the server's last count: the one in the event that ends it must do."""
    reading = API.reading(replace(REQUEST, max_tokens=32768))
    for number in range(100):
        usage = {"usage": {"prompt_tokens": 3, "completion_tokens": 7 * (number + 1)}}
        event = piece("Wait, let me check again. ", list(range(7))) | usage
        if any(reading.take(event) for _ in range(times if number == 5 else 1)):
            break
    with pytest.raises(Garbled, match="were counted"):
        reading.reply()


def test_what_nobody_counted_is_estimated() -> None:
    reading = API.reading(replace(REQUEST, max_tokens=32768))
    while not reading.take(piece("Wait, let me check again. ")):
        pass
    assert 300 <= reading.reply().completion_tokens <= 350


def test_a_loop_in_a_reply_that_came_at_once_is_cut_at_the_same_place() -> None:
    text = "Wait, let me check again. " * 100
    payload = piece(text, list(range(700)), "length") | {"usage": USAGE | {"completion_tokens": 700}}
    reply = API.whole(REQUEST, payload)
    assert (reply.text, reply.finish_reason, reply.completion_tokens) == (text[:1280], FinishReason.LOOP, 700)
    assert API.whole(replace(REQUEST, loops=None), payload).text == text


def test_a_loop_may_begin_in_an_earlier_stage() -> None:
    line = "Wait, let me check again. "
    later = replace(REQUEST, written=line * 40, written_tokens=280, stage=1)
    reply = API.whole(later, piece(line * 60, None, "length") | {"usage": USAGE})
    assert (reply.text, reply.finish_reason) == ((line * 60)[: 1280 - 40 * len(line)], FinishReason.LOOP)


@given(st.lists(JSON | st.fixed_dictionaries({"choices": st.lists(JSON, max_size=2)}), max_size=4))
def test_nothing_a_server_sends_is_an_error_of_ours(given: list[object]) -> None:
    try:
        read(*given)
    except (Garbled, Refused):
        return
    pytest.fail("taken for a reply")
