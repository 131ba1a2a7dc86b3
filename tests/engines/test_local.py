"""The real vLLM, half killed and stopped while it works: it is started again, and every request is answered."""

import asyncio
import signal
from collections import Counter
from pathlib import Path

import psutil
import pytest

from r1data.engines import Failure, Reply, Request, connected, serving
from r1data.model import load_model
from r1data.recipe import LocalEngine, Runtime, read_recipe

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]


def test_an_engine_that_lost_its_heart_and_one_that_was_stopped(tiny: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(f"name: deaths\nmodel: {tiny}\nprompts: [{{kind: file, path: none.jsonl}}]\n")
    model = load_model(read_recipe(recipe))
    tokens = tuple(model.tokenizer.encode("123+456="))
    runtime = Runtime(engine=LocalEngine(silence_seconds=15), concurrency=64)
    said: list[str] = []

    async def go() -> list[Reply | Failure]:
        async with connected(service, {}) as engine:
            asked = [Request(f"p{n}", tokens, n, 1.0, 1.0, 200) for n in range(600)]
            replies: list[Reply | Failure] = []

            async def ask(requests: list[Request]) -> None:
                replies.extend(await asyncio.gather(*[engine.complete(request) for request in requests]))

            for start, hurt in ((0, kill_the_engines_heart), (300, stop_everything)):
                asking = asyncio.create_task(ask(asked[start : start + 300]))
                await asyncio.sleep(0.5)
                hurt(family(service.server._process.pid))  # type: ignore[union-attr]
                await asking
            return replies

    with serving(runtime, model, tmp_path / "engine.log", said.append) as service:
        replies = asyncio.run(go())
        print(said, Counter(type(reply).__name__ for reply in replies))
        assert all(isinstance(reply, Reply) for reply in replies), [r for r in replies if isinstance(r, Failure)][:3]
        assert service.server is not None and service.server.life == 2, said
        assert any("said nothing for" in line for line in said)


def family(guard: int) -> list[psutil.Process]:
    return psutil.Process(guard).children(recursive=True)


def kill_the_engines_heart(processes: list[psutil.Process]) -> None:
    """What computes, while what speaks HTTP lives."""
    for process in processes[1:]:
        process.send_signal(signal.SIGKILL)


def stop_everything(processes: list[psutil.Process]) -> None:
    for process in processes:
        process.send_signal(signal.SIGSTOP)
