"""The scripted engine: the same request has the same reply, in one stage or in several; flaws come as often as told."""

import asyncio
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1data import measures, replies
from r1data.engines import Failure, Reply, Request
from r1data.engines.loops import LoopWatch
from r1data.engines.scripted import ScriptedEngine
from r1data.measures.benchmark import FILTERS
from r1data.recipe import Loops, Selection
from r1data.recipe import ScriptedEngine as Settings
from r1data.selection import expressions
from schemas import FinishReason, Message

PROMPTS = [f"{number:032x}" for number in range(400)]
ANSWERS = {prompt: ("zh" if int(prompt, 16) % 2 else "en", "4") for prompt in PROMPTS}


def request(prompt: str = PROMPTS[0], seed: int = 1, **more: object) -> Request:
    return replace(Request(prompt, (5, 6, 7), seed, 1.0, 1.0, 32768, loops=Loops()), **more)  # type: ignore[arg-type]


def ask(requests: list[Request], **changes: object) -> list[Reply | Failure]:
    engine = ScriptedEngine(Settings.model_validate({"kind": "scripted"} | changes), ANSWERS)

    async def go() -> list[Reply | Failure]:
        return [await engine.complete(one) for one in requests]

    return asyncio.run(go())


def replied(requests: list[Request], **changes: object) -> list[Reply]:
    given = ask(requests, **changes)
    assert all(isinstance(one, Reply) for one in given)
    return given  # type: ignore[return-value]


def is_right(reply: Reply) -> bool:
    return "\\boxed{4}" in reply.text


def test_the_same_request_has_the_same_reply_in_any_order() -> None:
    requests = [request(prompt, seed) for prompt in PROMPTS[:20] for seed in range(5)]
    once = ask(requests, loops=0.2)
    assert ask(requests[::-1], loops=0.2) == once[::-1]
    assert len({reply.text for reply in once if isinstance(reply, Reply)}) > 60


@settings(deadline=None, max_examples=150)
@given(
    seed=st.integers(0, 10_000), caps=st.lists(st.integers(1, 2500), min_size=1, max_size=4),
    loops=st.sampled_from([0.0, 1.0]), watched=st.booleans(), reply_chars=st.sampled_from([0, 3000]),
)  # fmt: skip
def test_stages_make_the_same_reply_as_one_request(
    seed: int, caps: list[int], loops: float, watched: bool, reply_chars: int
) -> None:
    rule = Loops() if watched else None
    changes: dict[str, object] = {"loops": loops, "reply_chars": reply_chars, "flaws": 0.5}
    (whole,) = replied([request(seed=seed, max_tokens=sum(caps), loops=rule)], **changes)
    text, ids, reply = "", (5, 6, 7), whole
    for stage, cap in enumerate(caps):
        asked = request(seed=seed, tokens=ids, max_tokens=cap, written=text, stage=stage, loops=rule)
        (reply,) = replied([asked], **changes)
        assert reply.prompt_tokens == len(ids)
        text += reply.text
        if reply.finish_reason is not FinishReason.LENGTH:
            break
        assert reply.token_ids is not None and len(reply.token_ids) == reply.completion_tokens == cap
        assert len(reply.text) == 4 * cap
        ids += reply.token_ids
    assert (text, reply.finish_reason) == (whole.text, whole.finish_reason)


def test_no_reply_is_longer_than_it_may_be() -> None:
    for cap in (1, 7, 50):
        for reply in replied([request(prompt, max_tokens=cap) for prompt in PROMPTS[:50]], reply_chars=1000):
            assert reply.completion_tokens <= cap and reply.finish_reason is FinishReason.LENGTH
    (reply,) = replied([request(tokens=tuple(range(90)))], context_tokens=100, reply_chars=1000)
    assert (reply.completion_tokens, reply.finish_reason) == (10, FinishReason.LENGTH)


def test_a_prompt_that_is_too_long_is_its_own_fault() -> None:
    for long in (request(tokens=tuple(range(100))), request(tokens=(), messages=(Message("user", "x" * 400),))):
        (failure,) = ask([long], context_tokens=100)
        assert isinstance(failure, Failure) and failure.prompt_at_fault and "prompt too long: 100" in failure.error
    (failure,) = ask([request()], failures=1.0)
    assert isinstance(failure, Failure) and not failure.prompt_at_fault


def test_replies_that_repeat_themselves_are_cut_as_a_stream_would_be() -> None:
    requests = [request(prompt) for prompt in PROMPTS]
    cut = replied(requests, loops=0.25, flaws=0.0)
    endless = replied([replace(one, loops=None) for one in requests], loops=0.25, flaws=0.0, context_tokens=65536)
    looping = [reply.finish_reason is FinishReason.LOOP for reply in cut]
    assert 70 <= sum(looping) <= 130
    for short, long, loops in zip(cut, endless, looping, strict=True):
        if loops:
            assert long.finish_reason is FinishReason.LENGTH and long.completion_tokens == 32768
            watch = LoopWatch(Loops())
            watch.take(long.text)
            assert short.text == long.text[: watch.text_end]
        else:
            assert short == long


@pytest.mark.parametrize("reply_chars", [0, 16_384])
def test_replies_without_flaws_have_none(reply_chars: int) -> None:
    given = replied([request(prompt) for prompt in PROMPTS], accuracy=1.0, flaws=0.0, reply_chars=reply_chars)
    assert all(is_right(reply) and reply.finish_reason is FinishReason.STOP for reply in given)
    assert min(len(reply.text) for reply in given) >= reply_chars
    for reply in given[:50]:
        assert not LoopWatch(Loops()).take(reply.text)
    languages = [ANSWERS[prompt][0] for prompt in PROMPTS]
    frame = pl.DataFrame({"completion_id": PROMPTS, "language": languages, "text": [reply.text for reply in given]})
    found = frame.join(measures.measure(frame), on="completion_id")
    assert found.select(replies.reasoning(pl.col("text")).is_not_null().all()).item()
    found = found.with_columns(finish_reason=pl.lit(FinishReason.STOP.value), thinking=pl.lit(None, pl.Boolean))
    asked = expressions(Selection())
    offences = [asked[reason].alias(reason.value) for reason in FILTERS]
    assert {column.name for column in found.select(offences) if column.any()} == set()


def test_prompts_differ_by_spread_and_not_by_more() -> None:
    requests = [request(prompt, seed) for prompt in PROMPTS[:40] for seed in range(200)]

    def rates(**changes: float) -> list[float]:
        right = [is_right(reply) for reply in replied(requests, flaws=0.0, **changes)]
        return [sum(right[start : start + 200]) / 200 for start in range(0, len(right), 200)]

    alike, different = rates(accuracy=0.5), rates(accuracy=0.5, spread=0.5)
    assert min(alike) > 0.35 and max(alike) < 0.65
    assert min(different) < 0.2 and max(different) > 0.8
    assert 0.35 < sum(different) / 40 < 0.65


def test_chats_are_answered_too() -> None:
    (reply,) = replied([request(tokens=(), messages=(Message("user", "What is 2 + 2?"),))])
    assert reply.prompt_tokens == 4 and "<think>" in reply.text


def test_answers_may_come_later() -> None:
    answers: dict[str, tuple[str, str | None]] = {}
    engine = ScriptedEngine(Settings(kind="scripted", accuracy=1.0, flaws=0.0), answers)
    answers[PROMPTS[0]] = ("en", "4")
    reply = asyncio.run(engine.complete(request()))
    assert isinstance(reply, Reply) and is_right(reply)
