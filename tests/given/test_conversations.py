"""Rows of SFT sets: every shape says the same, and whatever else comes is set aside with a reason."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1data.recipe.replies import ReplyColumns
from r1data.sources.conversations import UNKNOWN, Given, read_conversation
from r1data.sources.rows import Bad, Defaults

DEFAULTS = Defaults("set", "general", None, "quality", None)
QUESTION, REPLY = "Name a river in France.", "The Loire is a river in France."
TURNS = [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": REPLY}]
SHAPES: dict[str, dict[str, Any]] = {
    "messages": {"messages": TURNS},
    "messages as JSON": {"messages": json.dumps(TURNS)},
    "conversations": {"conversations": [{"from": "human", "value": QUESTION}, {"from": "gpt", "value": REPLY}]},
    "prompt and response": {"prompt": QUESTION, "response": REPLY},
    "prompt and completion": {"prompt": QUESTION, "completion": REPLY},
    "prompt as turns": {"prompt": TURNS[:1], "completion": TURNS[1:]},
    "question and response": {"question": QUESTION, "response": REPLY},
    "instruction and output": {"instruction": QUESTION, "input": "", "output": REPLY},
    "messages without the reply": {"messages": TURNS[:1], "response": REPLY},
}


def read(raw: dict[str, Any], **columns: str) -> Given | Bad:
    return read_conversation(raw, "1", ReplyColumns(**columns), DEFAULTS)


def taken(raw: dict[str, Any], **columns: str) -> Given:
    found = read(raw, **columns)
    assert isinstance(found, Given), found
    return found


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_says_the_same(shape: str) -> None:
    found, usual = taken(SHAPES[shape]), taken(SHAPES["messages"])
    assert (found.prompt, found.text, found.model) == (usual.prompt, REPLY, UNKNOWN)
    assert found.prompt.verifier == "quality" and found.prompt.messages[-1].content == QUESTION


def test_what_comes_before_the_reply_is_the_prompt() -> None:
    turns = [
        {"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi."},
        {"role": "assistant", "content": "<think>\nA greeting.\n</think>\n\nHello."},
        {"role": "user", "content": "Bye."},
        {"role": "assistant", "content": "See you."},
    ]  # fmt: skip
    found = taken({"messages": turns, "licence": "CC-BY-4.0", "model": "someone/model", "category": "role_play"})
    assert [m.role for m in found.prompt.messages] == ["system", "user", "assistant", "user"]
    assert found.prompt.messages[2].content == "Hello.", "thoughts of earlier replies are no part of a prompt"
    assert (found.prompt.licence, found.model, found.prompt.category) == ("CC-BY-4.0", "someone/model", "role_play")


def test_a_thought_of_its_own_goes_in_front() -> None:
    whole = "<think>\nI know one.\n</think>\n\n" + REPLY
    assert taken({"prompt": QUESTION, "response": REPLY, "reasoning": "I know one."}).text == whole
    said = {"role": "assistant", "content": REPLY, "reasoning_content": "I know one."}
    assert taken({"messages": [TURNS[0], said]}).text == whole


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        ({}, "reply_missing"),
        ({"messages": TURNS[:1]}, "last_turn_is_the_assistants"),
        ({"messages": TURNS[1:]}, "question_missing"),
        ({"messages": [*TURNS, {"role": "user", "content": "More."}]}, "last_turn_is_the_assistants"),
        ({"messages": [TURNS[0], {"role": "tool", "content": "42"}, TURNS[1]]}, "role_unknown"),
        ({"messages": [TURNS[0], {"role": "assistant", "content": None}]}, "messages_type"),
        ({"messages": [TURNS[0], {"role": "assistant", "content": " "}]}, "reply_missing"),
        ({"messages": [TURNS[0], {"role": "assistant", "content": "a\x1b[31mred"}]}, "control_characters"),
        ({"messages": [TURNS[0], {"role": "assistant", "content": "half \ud800"}]}, "control_characters"),
        ({"messages": [TURNS[0], 7]}, "messages_type"),
        ({"prompt": 7, "response": REPLY}, "question_missing"),
        ({"prompt": "\x00", "response": REPLY}, "control_characters"),
    ],
)
def test_what_cannot_be_used_says_why(raw: dict[str, Any], rule: str) -> None:
    found = read(raw)
    assert isinstance(found, Bad) and found.rule == rule
    found.content.encode()


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["role", "from", "content", "value", "text", "reasoning"]), inner, max_size=4
    ),
    max_leaves=12,
)  # fmt: skip
ROWS = st.dictionaries(
    st.sampled_from(["messages", "conversations", "prompt", "response", "system", "reasoning", "licence", "category",
                     "model", "question", "instruction", "input", "output", "thinking", "language"]),
    ANYTHING, max_size=6,
)  # fmt: skip


@settings(max_examples=300)
@given(ROWS)
def test_strange_rows_never_raise(raw: dict[str, Any]) -> None:
    found = read(raw)
    assert isinstance(found, Given | Bad)
    if isinstance(found, Given):
        assert found.text.strip() and found.prompt.messages[-1].role == "user"


TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=40).filter(str.strip)


@settings(max_examples=100)
@given(st.lists(TEXTS, min_size=2, max_size=8).filter(lambda texts: len(texts) % 2 == 0))
def test_both_names_of_turns_say_the_same(texts: list[str]) -> None:
    texts = [text.replace("<", "(") for text in texts]
    speakers = [("user", "human"), ("assistant", "gpt")] * (len(texts) // 2)
    one = taken(
        {"messages": [{"role": role, "content": text} for (role, _), text in zip(speakers, texts, strict=True)]}
    )
    other = taken(
        {"conversations": [{"from": name, "value": text} for (_, name), text in zip(speakers, texts, strict=True)]}
    )
    assert one == other and len(one.prompt.messages) == len(texts) - 1
