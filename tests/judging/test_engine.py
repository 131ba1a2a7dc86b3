"""The real vLLM holds a reply to the schema: the tiny model has never seen JSON, and writes nothing else here."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from r1data.engines import Reply, Request, connected, serving
from r1data.judging import JudgeItem, PairItem, judge, open_judge, prefer
from r1data.judging.reply import Judgement, read_reply, schema_of
from r1data.recipe import JudgeSettings, Runtime
from schemas import Message, Outcome
from tests.judging.bench import model

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]
SETTINGS = JudgeSettings(max_tokens=160, temperature=1.0)


def test_the_engine_holds_the_schema(tiny: Path, tmp_path: Path) -> None:
    loaded = model(tiny)
    by = open_judge(loaded, SETTINGS)
    items = [JudgeItem(f"{n:032x}", f"{n} + 1?", str(n + 1), f"{n + n % 2}", "en") for n in range(40)]
    pairs = [PairItem(f"{n:032x}", f"{n} + 1?", str(n + 1), str(n), "en") for n in range(4)]
    tokens = by.renderer.render([Message("user", "What is 2 + 2?")], "en").tokens
    free, held = (Request("p", tokens, 7, 1.0, 1.0, 160, json_schema=s) for s in (None, schema_of(Judgement, 160)))

    async def go() -> None:
        async with connected(service, {}) as engine:
            prose, form = await engine.complete(free), await engine.complete(held)
            print(prose, form)
            assert isinstance(prose, Reply) and not prose.text.lstrip().startswith("{")
            assert isinstance(form, Reply) and read_reply(Judgement, form.text)
            outcomes = Counter([verdict.outcome async for verdict in judge(items, engine, by, 16)])
            print(outcomes)
            assert outcomes[Outcome.CORRECT] + outcomes[Outcome.INCORRECT] >= 38, outcomes
            preferences = [preference async for preference in prefer(pairs, engine, by, 4)]
            print(preferences)

    with serving(Runtime(), loaded, tmp_path / "engine.log", lambda line: None) as service:
        asyncio.run(go())
