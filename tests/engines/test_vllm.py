"""The wire formats, and the judge's forms, against a real vLLM with the tiny model."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from r1data.engines import Engine, Failure, Reply, Request, Service, connected, serving
from r1data.engines.client.api import Api
from r1data.engines.client.chat_api import ChatApi
from r1data.engines.client.completions_api import CompletionsApi
from r1data.engines.client.doubles import MARK
from r1data.engines.client.exchange import Answer, Exchange
from r1data.judging import JudgeItem, PairItem, judge, open_judge, prefer
from r1data.judging.reply import Judgement, read_reply, schema_of
from r1data.model import LoadedModel, load_model
from r1data.prompts import Renderer
from r1data.recipe import JudgeSettings, Loops, Recipe, Runtime, ServerEngine, Template
from schemas import FinishReason, Message, Outcome

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]
QUESTION = (Message("user", "What is 345 + 678?"),)


@pytest.fixture(scope="module")
def service(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    prompts = [{"kind": "shipped", "dataset": "arithmetic-en"}]
    model = load_model(Recipe.model_validate({"name": "t", "model": str(tiny), "prompts": prompts}))
    log = tmp_path_factory.mktemp("engine") / "engine.log"
    # Chunks of prompts are small; and float32 everywhere, in which sums hardly depend on the chunks.
    args = ["--max-num-seqs", "64", "--max-num-batched-tokens", "64", "--dtype", "float32"]
    small = {"kind": "local", "args": args}
    with serving(Runtime.model_validate({"engine": small}), model, log, lambda line: None) as started:
        yield started


def over(service: Service, talk: Callable[[Engine], Awaitable[list[Reply]]], **server: object) -> list[Reply]:
    """Talk to the service; with settings, as to a server of somebody's."""
    if server:
        assert service.server is not None
        settings = ServerEngine.model_validate({"kind": "server", "endpoints": [service.server.url], **server})
        model = LoadedModel("tiny", "tiny", None, "", None, "chat") if server.get("model") else service.model
        service = Service(Runtime(engine=settings), model, None)

    async def go() -> list[Reply]:
        async with connected(service, {}) as engine:
            return await talk(engine)

    return asyncio.run(go())


def replied(given: Sequence[Reply | Failure]) -> list[Reply]:
    assert all(isinstance(one, Reply) for one in given), given
    return list(given)  # type: ignore[arg-type]


def request(service: Service, seed: int = 1, **more: object) -> Request:
    rendered = Renderer(service.model, Template()).render(QUESTION, "en")
    return replace(Request("p", rendered.tokens, seed, 1.0, 1.0, 200, loops=Loops()), **more)  # type: ignore[arg-type]


def test_streamed_and_whole_replies_are_the_same(service: Service) -> None:
    """Greedily, since a seed is no promise over different batches; with token ids, which say the same as the text."""

    async def talk(engine: Engine) -> list[Reply]:
        return replied([await engine.complete(request(service, temperature=0.0))])

    (streamed,), (whole,) = over(service, talk), over(service, talk, stream=False)
    assert streamed == whole
    assert streamed.finish_reason is FinishReason.STOP and streamed.token_ids is not None
    assert len(streamed.token_ids) == streamed.completion_tokens
    assert service.model.tokenizer.decode(streamed.token_ids, skip_special_tokens=True) == streamed.text
    assert streamed.prompt_tokens == len(request(service).tokens)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("api", [CompletionsApi(), ChatApi()])
def test_the_id_of_a_reply_shows_whose_it_is(service: Service, api: Api, stream: bool) -> None:
    asked = request(service, messages=QUESTION, max_tokens=5)

    async def go() -> Answer:
        assert service.server is not None
        async with Exchange(None) as exchange:
            body = api.body(asked, service.model.name, 5, stream=stream, vllm=True)
            return await exchange.ask(service.server.url, api, asked, body, lambda: None)

    answer = asyncio.run(go())
    assert isinstance(answer.reply, Reply) and answer.reply_id is not None and MARK.search(answer.reply_id)


def test_a_seed_says_the_same_whether_the_prompt_was_read_in_chunks_or_not(service: Service) -> None:
    """The first time it is read in chunks of 64 tokens; the second time all but its end is in the prefix cache."""
    rendered = Renderer(service.model, Template()).render((Message("user", "What is 345 + 678?\n" * 20),), "en")
    asked = [replace(request(service, seed), tokens=rendered.tokens) for seed in range(4)]
    assert len(rendered.tokens) > 3 * 64

    async def talk(engine: Engine) -> list[Reply]:
        cold = [await engine.complete(one) for one in asked[:1]]
        return replied([*cold, *[await engine.complete(one) for one in asked]])

    first, *again = over(service, talk)
    assert first.text == again[0].text
    assert len({reply.text for reply in again}) > 1  # so that a seed says something


def test_a_reply_goes_on_from_its_own_tokens(service: Service) -> None:
    asked = request(service, temperature=0.0)

    async def talk(engine: Engine) -> list[Reply]:
        (whole, first) = replied([await engine.complete(asked), await engine.complete(replace(asked, max_tokens=20))])
        assert first.token_ids is not None
        tokens = asked.tokens + first.token_ids
        later = replace(asked, tokens=tokens, written=first.text, written_tokens=first.completion_tokens, stage=1)
        return [whole, first, *replied([await engine.complete(later)])]

    whole, first, rest = over(service, talk)
    assert (first.finish_reason, first.completion_tokens) == (FinishReason.LENGTH, 20)
    assert rest.prompt_tokens == first.prompt_tokens + 20
    assert (first.text + rest.text, rest.finish_reason) == (whole.text, FinishReason.STOP)
    assert first.completion_tokens + rest.completion_tokens == whole.completion_tokens


def test_a_loop_is_cut_while_it_streams(service: Service) -> None:
    """The tiny model does not loop by itself: a schema makes it say the same a hundred times."""
    line = {"type": "string", "enum": ["Let me think again."]}
    schema = {"type": "array", "items": line, "minItems": 100, "maxItems": 100}
    asked = request(service, temperature=0.0, max_tokens=4000, json_schema=schema)

    async def talk(engine: Engine) -> list[Reply]:
        return replied([await engine.complete(asked), await engine.complete(replace(asked, loops=None))])

    cut, whole = over(service, talk)
    assert cut.finish_reason is FinishReason.LOOP
    assert 1200 <= len(cut.text) < len(whole.text) and whole.text.startswith(cut.text)
    assert cut.completion_tokens < whole.completion_tokens


@pytest.mark.parametrize("stream", [True, False])
def test_its_chat_endpoint_as_a_hosted_model(service: Service, stream: bool) -> None:
    chat = Renderer(LoadedModel("tiny", "tiny", None, "", None, "chat"), Template()).render(QUESTION, "en")
    asked = request(service, temperature=0.0)
    hosted = replace(asked, tokens=(), messages=chat.messages)

    async def tokens(engine: Engine) -> list[Reply]:
        return replied([await engine.complete(asked)])

    async def messages(engine: Engine) -> list[Reply]:
        return replied([await engine.complete(hosted), await engine.complete(replace(hosted, max_tokens=20))])

    (ours,) = over(service, tokens)
    theirs, short = over(service, messages, model="tiny", stream=stream)
    assert theirs == replace(ours, token_ids=None), "the same template, the same tokens, the same text"
    assert (short.finish_reason, short.completion_tokens) == (FinishReason.LENGTH, 20)
    assert ours.text.startswith(short.text)


def test_the_engine_holds_a_judge_to_its_schema(service: Service) -> None:
    """The tiny model has never seen JSON, and writes nothing else here."""
    by = open_judge(service.model, JudgeSettings(max_tokens=160, temperature=1.0))
    items = [JudgeItem(f"{n:032x}", f"{n} + 1?", str(n + 1), f"{n + n % 2}", "en") for n in range(40)]
    pairs = [PairItem(f"{n:032x}", f"{n} + 1?", str(n + 1), str(n), "en") for n in range(4)]
    tokens = by.renderer.render([Message("user", "What is 2 + 2?")], "en").tokens
    free, held = (Request("p", tokens, 7, 1.0, 1.0, 160, json_schema=s) for s in (None, schema_of(Judgement, 160)))

    async def go() -> None:
        async with connected(service, {}) as engine:
            prose, form = await engine.complete(free), await engine.complete(held)
            assert isinstance(prose, Reply) and not prose.text.lstrip().startswith("{")
            assert isinstance(form, Reply) and read_reply(Judgement, form.text)
            outcomes = Counter([verdict.outcome async for verdict in judge(items, engine, by, 16)])
            assert outcomes[Outcome.CORRECT] + outcomes[Outcome.INCORRECT] >= 38, outcomes
            assert len([preference async for preference in prefer(pairs, engine, by, 4)]) == len(pairs)

    asyncio.run(go())
