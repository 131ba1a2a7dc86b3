"""Tokens a second of `r1data run` beside a bare asyncio client, on one local vLLM server with the tiny model.

    python benchmarks/engine_tax.py [--rounds 3] [--draws 8] [--in-flight 256] [--json]

Both sides ask the same server for the same draws, prompt tokens and seeds alike, with the same number of requests in
flight, in turns. The client does nothing else: it sends, counts and forgets, without streaming. `r1data run` streams,
journals, measures and verifies every completion. The server's own counter of written tokens is read twice a
second, and a side's time is that from the first token to the last: loading, planning and assembling are left out, the
slow beginning and end of sampling are not. The goal is a ratio of at least 0.95.

The processor time of everything, server and side, in the same stretch is told too: without a GPU the engine has the
same cores as the rest, so what a side takes the engine lacks. That figure stands where other programs disturb the
clock's.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import platform
import random
import re
import shutil
import statistics
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import aiohttp
import demo
import psutil

from r1data.engines.local import LocalServer
from r1data.model import load_model
from r1data.prompts import Renderer
from r1data.recipe import LocalEngine, Recipe
from r1data.sampling import seed_of
from r1data.sources import read_prompts
from schemas import Message

POLL_SECONDS = 0.5
KEEP_ALIVE_SECONDS = 2.0
COUNTER = re.compile(r"^vllm:generation_tokens_total\{[^}]*\} ([0-9.e+]+)", re.MULTILINE)
RUNNING = re.compile(r"^vllm:num_requests_running\{[^}]*\} ([0-9.e+]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Draw:
    """One request, as both sides make it."""

    tokens: tuple[int, ...]
    seed: int


@dataclass(frozen=True, slots=True)
class Round:
    """What one side did in one round. `running` are the requests that the engine had at a time, on average; processor
    time is in seconds.
    """

    side: str
    tokens: int
    seconds: float
    running: float
    server_cpu: float
    side_cpu: float

    @property
    def per_second(self) -> float:
        """Tokens a second."""
        return self.tokens / self.seconds

    @property
    def cpu_per_token(self) -> float:
        """Processor time that a token took, server and side together, in microseconds."""
        return (self.server_cpu + self.side_cpu) / self.tokens * 1e6

    @property
    def side_share(self) -> float:
        """What of that was the side's."""
        return self.side_cpu / (self.server_cpu + self.side_cpu)


@dataclass(frozen=True, slots=True)
class Reading:
    """Where the counters stood."""

    at: float
    tokens: int
    running: int
    server_cpu: float
    side_cpu: float


class Meter:
    """Reads the server's counter of written tokens, and everybody's processor time, while a block runs.

    What runs already when the block begins is the server, what is started in it the side.
    """

    def __init__(self, url: str) -> None:
        self._metrics = url.removesuffix("/v1") + "/metrics"
        self._server = {process.pid for process in psutil.Process().children(recursive=True)}
        self._used: dict[int, float] = {}
        self._readings: list[Reading] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Meter:
        self._read()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._read()

    def round(self, side: str) -> Round:
        """Tokens that were written in the block, and what the stretch from the first to the last of them took."""
        before, after = self._readings[0].tokens, self._readings[-1].tokens
        begun = max((r for r in self._readings if r.tokens == before), key=lambda r: r.at)
        ended = min((r for r in self._readings if r.tokens == after), key=lambda r: r.at)
        server, own = ended.server_cpu - begun.server_cpu, ended.side_cpu - begun.side_cpu
        running = statistics.mean(r.running for r in self._readings if begun.at < r.at < ended.at)
        return Round(side, after - before, ended.at - begun.at, running, server, own)

    def _watch(self) -> None:
        while not self._ended.wait(POLL_SECONDS):
            self._read()

    def _read(self) -> None:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(self._metrics, timeout=60) as response:
            text = response.read().decode()
        tokens, running = (int(sum(map(float, pattern.findall(text)))) for pattern in (COUNTER, RUNNING))
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                self._used[process.pid] = sum(process.cpu_times()[:2])
        server = sum(used for pid, used in self._used.items() if pid in self._server)
        side = sum(self._used.values()) - server
        self._readings.append(Reading(time.perf_counter(), tokens, running, server, side))


def draws_of(recipe: Recipe, draws: int) -> list[Draw]:
    """What `r1data run` will ask for, in its order: prompt by prompt, sorted by their ids."""
    renderer = Renderer(load_model(recipe), recipe.template)
    wanted = []
    columns = read_prompts(recipe).prompts.sort("prompt_id").select("prompt_id", "messages", "language").iter_rows()
    for prompt_id, messages, language in columns:
        rendered = renderer.render([Message(m["role"], m["content"]) for m in messages], language)
        wanted += [Draw(rendered.tokens, seed_of(recipe.seed, prompt_id, draw)) for draw in range(draws)]
    return wanted


def bare_client(url: str, model: str, max_tokens: int, draws: list[Draw], in_flight: int) -> None:
    """Ask for all draws, so many at a time, and throw the replies away."""
    asyncio.run(_ask_all(url, model, max_tokens, draws, in_flight))


async def _ask_all(url: str, model: str, max_tokens: int, draws: list[Draw], in_flight: int) -> None:
    remaining = iter(draws)
    connector = aiohttp.TCPConnector(limit=in_flight, keepalive_timeout=KEEP_ALIVE_SECONDS)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None)) as session:

        async def work() -> None:
            for draw in remaining:
                body = {
                    "model": model, "prompt": list(draw.tokens), "seed": draw.seed, "max_tokens": max_tokens,
                    "temperature": 1.0, "top_p": 1.0, "top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0,
                }  # fmt: skip
                while True:
                    try:
                        async with session.post(f"{url}/completions", json=body) as response:
                            reply = await response.json()
                    except aiohttp.ServerDisconnectedError:
                        continue  # an idle connection was closed at that moment; nothing was begun
                    break
                if not reply["usage"]["completion_tokens"]:
                    raise ValueError(f"no tokens in {reply}")

        async with asyncio.TaskGroup() as group:
            for _ in range(in_flight):
                group.create_task(work())


def run_bare(url: str, recipe: Recipe, draws: list[Draw], in_flight: int) -> None:
    """The bare client in a process of its own."""
    arguments = (url, "tiny", recipe.sampling.max_tokens, draws, in_flight)
    process = get_context("spawn").Process(target=bare_client, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"the bare client failed ({process.exitcode})")


def compare(rounds: int, draws: int, in_flight: int, folder: Path) -> list[Round]:
    """Both sides in turns, the one that goes first drawn by lot; one round each before that counts."""
    path = folder / "recipe.yaml"
    recipe = demo.write_recipe(path, draws)
    wanted = draws_of(recipe, draws)
    demo.say(f"{len(wanted):,} draws a round, {in_flight} in flight")
    results = []
    with LocalServer(LocalEngine(), load_model(recipe), folder / "engine.log", demo.say) as server:
        run_bare(server.url, recipe, wanted[: 2 * in_flight], in_flight)
        for number in range(rounds):
            for side in random.Random(number).sample(("r1data run", "bare client"), 2):
                with Meter(server.url) as meter:
                    if side == "bare client":
                        run_bare(server.url, recipe, wanted, in_flight)
                    else:
                        demo.run(server.url, path, folder / f"workspace-{number}", in_flight)
                results.append(meter.round(side))
                took = results[-1]
                demo.say(
                    f"{side:12} {took.tokens:9,} tokens in {took.seconds:6.1f} s: {took.per_second:7,.0f} tokens/s, "
                    f"{took.running:3.0f} requests at a time; "
                    f"processor time a token {took.cpu_per_token:4.0f} us, of it the side's {took.side_share:.1%}"
                )
    return results


def ratios(results: list[Round], value: Callable[[Round], float]) -> list[float]:
    """Ours to theirs, round by round."""
    ours = [value(r) for r in results if r.side == "r1data run"]
    bare = [value(r) for r in results if r.side == "bare client"]
    return [a / b for a, b in zip(ours, bare, strict=True)]


def main() -> None:
    """Run both sides in turns and print the ratio of each round and their median."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--draws", type=int, default=8, help="per prompt")
    parser.add_argument("--in-flight", type=int, default=256)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="engine-tax-"))

    try:
        results = compare(options.rounds, options.draws, options.in_flight, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    speed = ratios(results, lambda r: r.per_second)
    thrift = ratios(results, lambda r: 1 / r.cpu_per_token)
    if options.json:
        machine = {"python": platform.python_version(), "cores": os.cpu_count()}
        sides = [asdict(r) | {"per_second": r.per_second, "cpu_per_token": r.cpu_per_token} for r in results]
        figures = {"ratio": statistics.median(speed), "cpu_ratio": statistics.median(thrift)}
        print(json.dumps({"rounds": sides, "ratios": speed, "cpu_ratios": thrift} | figures | machine))
        return
    for name, each in (("tokens a second", speed), ("tokens a processor second", thrift)):
        print(f"{name:26} ratio {statistics.median(each):.3f} (rounds: {', '.join(f'{ratio:.3f}' for ratio in each)})")


if __name__ == "__main__":
    main()
