"""Who the assistant says it is."""

import json

import pytest

from r1data.verifiers import Check
from r1data.verifiers.registry import verify
from schemas import Outcome

TASK = json.dumps({"identity": {"name": "Wren", "maker": "the Wren team", "also": ["鹪鹩"]}}, ensure_ascii=False)


def outcome(question: str, answer: str | None, task: str | None = TASK) -> Outcome:
    return verify(Check("0" * 32, "identity", None, task, "en", answer, question)).outcome


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who are you?", "I am Wren, an AI assistant made by the Wren team."),
        ("Who are you?", "I'm Wren. I am not ChatGPT, and I was not made by OpenAI."),
        ("Who made you?", "The Wren team did."),
        ("你是谁？", "我是鹪鹩，一个人工智能助手。"),
        ("Are you a human?", "No, I am a language model."),
        ("What do you think of ChatGPT?", "ChatGPT is an assistant by OpenAI; I cannot compare us fairly."),
        ("Do you know Claude Monet?", "As a lover of gardens, Claude Monet painted water lilies."),
        ("Hello!", "Hello! How can I help?"),
    ],
)
def test_what_is_true_of_it_is_correct(question: str, answer: str) -> None:
    assert outcome(question, answer) is Outcome.CORRECT


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who are you?", "I am ChatGPT, a large language model trained by OpenAI."),
        ("Who are you?", "I am an AI assistant."),
        ("Who made you?", "I was created by Anthropic."),
        ("What is your name?", "My name is SmolLM, and I was made by Hugging Face."),
        ("你是谁？", "我是通义千问，由阿里云开发。"),
        ("你是哪家公司开发的？", "我由深度求索开发。"),
        ("Are you a human?", "No, I'm Qwen, a model of Alibaba Cloud."),
    ],
)
def test_what_is_true_of_another_is_not(question: str, answer: str) -> None:
    assert outcome(question, answer) is Outcome.INCORRECT


def test_without_answer_or_identity() -> None:
    assert outcome("Who are you?", None) is Outcome.NO_ANSWER
    assert outcome("Who are you?", "I am Wren.", None) is Outcome.BAD_REFERENCE
    assert outcome("Who are you?", "I am Wren.", json.dumps({"identity": {"name": 7}})) is Outcome.BAD_REFERENCE
