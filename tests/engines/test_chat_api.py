"""Chats: messages out; reasoning and answer, from their own fields, in."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from r1data.engines.client.api import Garbled, Refused
from r1data.engines.client.chat_api import ChatApi
from r1data.engines.protocol import Reply, Request
from r1data.recipe import Loops
from schemas import FinishReason, Message

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["stop", "length", "<think>", "", "x" * 3000]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["content", "text"]), inner),
)
PART = st.fixed_dictionaries({}, optional=dict.fromkeys(("content", "reasoning", "refusal"), JSON)) | JSON
CHOICE = st.fixed_dictionaries({}, optional={"delta": PART, "message": PART, "finish_reason": JSON, "index": JSON})
EVENT = st.fixed_dictionaries(
    {}, optional={"choices": st.lists(CHOICE | JSON, max_size=2), "usage": JSON, "error": JSON}
)
REQUEST = Request(
    "p", (), seed=1, temperature=0.7, top_p=0.9, max_tokens=32768, loops=Loops(),
    messages=(Message("system", "Be brief."), Message("user", "2 + 2?")),
)  # fmt: skip
API = ChatApi()
COUNTED = {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 6}}


def delta(finish: object = None, **fields: object) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"role": "assistant"} | fields, "finish_reason": finish}]}


def message(finish: str = "stop", **fields: object) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant"} | fields, "finish_reason": finish}
    return {"choices": [choice]} | {"usage": COUNTED["usage"]}


def read(*given: object) -> Reply:
    reading = API.reading(REQUEST)
    for event in given:
        if reading.take(event):
            break
    return reading.reply()


def test_what_is_sent() -> None:
    body = API.body(replace(REQUEST, stop=("END",)), "teacher", 50, stream=True, vllm=False)
    assert body == {
        "model": "teacher", "n": 1, "max_tokens": 50, "seed": 1, "temperature": 0.7, "top_p": 0.9, "stop": ["END"],
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "2 + 2?"}],
        "stream": True, "stream_options": {"include_usage": True},
    }  # fmt: skip


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_stands_between_tags(field: str) -> None:
    text = "<think>\nTwo and two.\n</think>\n\nFour."
    expected = Reply(text, FinishReason.STOP, 9, 6)
    assert API.whole(REQUEST, message(**{field: "Two and two.", "content": "Four."})) == expected
    thought = (delta(), delta(**{field: "Two "}), delta(**{field: "and two."}))
    assert read(*thought, delta(content="Fo"), delta("stop", content="ur."), COUNTED) == expected


def test_a_gateway_that_fills_both_fields() -> None:
    reply = API.whole(REQUEST, message(reasoning="Two.", reasoning_content="Two.", content="Four."))
    assert reply.text == "<think>\nTwo.\n</think>\n\nFour."


def test_a_reply_without_reasoning_is_left_as_it_is() -> None:
    assert API.whole(REQUEST, message(content="Four.", reasoning_content=None)).text == "Four."
    tagged = "<think>\nTwo.\n</think>\nFour."
    assert API.whole(REQUEST, message(content=tagged)).text == tagged


def test_tags_in_the_answer_are_not_doubled() -> None:
    content = "<think>\nTwo.\n</think>\nFour."
    assert API.whole(REQUEST, message(content=content, reasoning_content="Two.")).text == content
    answer = (delta(content=content[:4]), delta("stop", content=content[4:]))
    assert read(delta(reasoning="Two."), *answer, COUNTED).text == content


def test_a_thought_that_was_cut_stays_open() -> None:
    assert API.whole(REQUEST, message("length", reasoning="Two and")).text == "<think>\nTwo and"
    assert API.whole(REQUEST, message("stop", reasoning="Two and two.")).text == "<think>\nTwo and two.\n</think>\n\n"


def test_a_loop_in_the_reasoning_is_cut() -> None:
    reading = API.reading(REQUEST)
    events = 0
    while not reading.take(delta(reasoning="Wait, let me check again. ")):
        events += 1
        assert events < 100
    reply = reading.reply()
    assert reply.finish_reason is FinishReason.LOOP
    assert reply.text == ("<think>\n" + "Wait, let me check again. " * 100)[: len(reply.text)]
    assert 300 <= reply.completion_tokens <= 350 and reply.prompt_tokens > 0


@pytest.mark.parametrize(
    "given",
    [
        (delta("stop", content="Four."),),
        (delta(content="Four."), COUNTED),
        (delta("stop", content="Four."), delta("stop", content="Four."), COUNTED),
        (delta(content=["Four."]),),
        (delta(reasoning={"text": "Two."}),),
        ({"choices": [{"delta": "Four."}]},),
        ({"choices": ["Four."]},),
    ],
)
def test_what_is_no_chat_is_garbled(given: tuple[object, ...]) -> None:
    with pytest.raises(Garbled):
        read(*given)


def test_a_refusal_is_no_reply() -> None:
    with pytest.raises(Refused, match="I cannot help"):
        API.whole(REQUEST, message(refusal="I cannot help with that."))
    with pytest.raises(Refused, match="content_filter"):
        read(delta(content="Fo"), delta("content_filter"))


@drawn(st.lists(EVENT | JSON, max_size=5))
def test_nothing_a_server_sends_is_an_error_of_ours(events: list[object]) -> None:
    with suppress(Garbled, Refused):
        assert isinstance(read(*events), Reply)
