"""Engines that die, hang and are killed: nothing is lost, the guilty prompt is set aside, and nobody else is."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from r1data.engines import Failure, Reply, Request
from r1data.engines.client.server import ServerEngine
from r1data.engines.local import LocalServer
from r1data.errors import EngineError
from r1data.model import LoadedModel
from r1data.recipe import LocalEngine
from r1data.recipe import ServerEngine as Settings
from tests.engines import frail_server
from tests.engines.frail_server import DEADLY, STUNNING

MODEL = LoadedModel("tiny", "nowhere", None, "0", None)
Replies = list[Reply | Failure]


class FrailServer(LocalServer):
    """The supervision of a local engine, over a server that dies easily."""

    seconds = 0.01

    def _command(self) -> list[str]:
        return [sys.executable, frail_server.__file__, str(self._port), str(self.seconds)]


def request(n: int, *more: int, prompt: str | None = None) -> Request:
    return Request(prompt or f"p{n}", (n, *more), seed=n, temperature=1.0, top_p=1.0, max_tokens=8)


@contextmanager
def local(tmp_path: Path, **settings: object) -> Iterator[tuple[FrailServer, list[str]]]:
    said: list[str] = []
    chosen = LocalEngine.model_validate({"startup_seconds": 120, **settings})
    with FrailServer(chosen, MODEL, tmp_path / "log", said.append) as server:
        yield server, said


async def ask_all(server: FrailServer, requests: list[Request], concurrency: int = 32) -> Replies:
    settings = Settings(kind="server", endpoints=(server.url,))
    async with ServerEngine(settings, "tiny", concurrency, keeper=server) as engine:
        return await asyncio.gather(*[engine.complete(one) for one in requests])


def assert_own(replies: Replies, requests: list[Request]) -> None:
    for reply, one in zip(replies, requests, strict=True):
        assert isinstance(reply, Reply), reply
        assert reply.text == f"{list(one.tokens)}"


@pytest.mark.slow
def test_the_prompt_that_kills_the_engine_is_set_aside_and_no_other(tmp_path: Path) -> None:
    innocent = [request(n) for n in range(100)]
    guilty = [request(n, DEADLY, prompt="deadly") for n in range(3)]
    asked = [*innocent[:20], *guilty, *innocent[20:]]
    with local(tmp_path, max_restarts=3) as (server, said):
        replies = asyncio.run(ask_all(server, asked))
    assert_own([*replies[:20], *replies[23:]], innocent)
    for reply in replies[20:23]:
        assert isinstance(reply, Failure) and reply.prompt_at_fault and "kills the engine" in reply.error
    assert server.life <= 4, said


@pytest.mark.slow
def test_a_prompt_at_which_the_engine_hangs_is_set_aside_too(tmp_path: Path) -> None:
    asked = [*[request(n) for n in range(10)], request(3, STUNNING, prompt="stunning")]
    with local(tmp_path, silence_seconds=1.5, max_restarts=3) as (server, said):
        replies = asyncio.run(ask_all(server, asked))
    assert_own(replies[:10], asked[:10])
    assert isinstance(replies[10], Failure) and replies[10].prompt_at_fault
    assert any("said nothing for" in line for line in said)


@pytest.mark.slow
def test_an_idle_engine_is_not_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a pause longer than any silence many requests come at once, and the first reply takes its time."""
    monkeypatch.setattr(FrailServer, "seconds", 0.3)
    with local(tmp_path, silence_seconds=2.0) as (server, said):
        time.sleep(2.5)
        asked = [request(n) for n in range(12)]
        assert_own(asyncio.run(ask_all(server, asked, concurrency=4)), asked)
    assert server.life == 0, said


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_an_engine_that_somebody_kills_or_stops_is_started_again(
    tmp_path: Path, how: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [request(n) for n in range(60)]
    monkeypatch.setattr(FrailServer, "seconds", 0.1)

    async def go() -> Replies:
        asking = asyncio.create_task(ask_all(server, asked, concurrency=4))
        await asyncio.sleep(1.0)
        assert server._process is not None
        for process in psutil.Process(server._process.pid).children(recursive=True):
            process.send_signal(how)
        if how is signal.SIGSTOP:
            os.kill(server._process.pid, how)  # the guard as well
        return await asking

    with local(tmp_path, silence_seconds=3.0) as (server, said):
        replies = asyncio.run(go())
    assert_own(replies, asked)
    assert server.life == 1, said


@pytest.mark.slow
def test_an_engine_that_dies_at_everything_ends_the_run(tmp_path: Path) -> None:
    class Doomed(FrailServer):
        def _command(self) -> list[str]:
            if self.life:
                return [sys.executable, "-c", "raise SystemExit('no room')"]
            return super()._command()

    said: list[str] = []
    asked = [request(n, DEADLY) for n in range(4)]
    with (
        pytest.raises(EngineError, match="no room"),
        Doomed(LocalEngine(max_restarts=2), MODEL, tmp_path / "log", said.append) as server,
    ):
        asyncio.run(ask_all(server, asked))


@pytest.mark.slow
def test_a_remote_server_that_dies_of_a_prompt_and_is_brought_back_by_others(tmp_path: Path) -> None:
    """Somebody starts it again each time, on the same port; a second one, which is well, has the others' work."""
    with local(tmp_path / "a") as (first, _), local(tmp_path / "b") as (second, _):
        asked = [*[request(n) for n in range(60)], request(61, DEADLY, prompt="deadly")]

        async def nurse() -> None:
            while True:
                for server in (first, second):
                    await asyncio.to_thread(server.revive, server.life, silent=False)
                    server.progress()
                await asyncio.sleep(0.1)

        async def go() -> Replies:
            settings = Settings(kind="server", endpoints=(first.url, second.url), patience_seconds=120)
            nursing = asyncio.create_task(nurse())
            async with ServerEngine(settings, "tiny", 8) as engine:
                replies = await asyncio.gather(*[engine.complete(one) for one in asked])
            nursing.cancel()
            return replies

        replies = asyncio.run(go())
    assert_own(replies[:60], asked[:60])
    assert isinstance(replies[60], Failure) and replies[60].prompt_at_fault
