"""Chaos: runs, servers, verifier workers and all of them at once are killed at random moments, and what that cost is
counted.

`Scripted` is a scripted server as a process. `Chaos` runs a recipe against it by `python -m r1data run`, kills, and
starts again until everything is there. Moments come from a seed, so that a failure can be repeated, as far as a machine
repeats itself.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import psutil

from r1data.model import load_model
from r1data.prompts import Renderer
from r1data.recipe import Recipe, read_recipe
from r1data.sampling import seed_of
from r1data.sources import read_prompts
from r1data.store import Workspace
from schemas import Message
from tests.engines.scripted_server import Key, Part, read_log, write_cast

STARTUP_SECONDS = 240.0
RUN_SECONDS = 500.0
LONGEST_WAIT = 20.0
"""Seconds without a new request after which a moment has come all the same: the run is at something else."""
START_SECONDS = 240.0
"""For a run to send its first request: who looks for its server then has to find one."""


def wait_until(condition: object, seconds: float) -> bool:
    """Whether it became true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.01)
    return False


# --- the server -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scripted:
    """A scripted server that is running: `folder` holds its log."""

    folder: Path
    port: int
    keeper: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Its base address."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def pid(self) -> int:
        """Of the process that serves."""
        return int((self.folder / "pid").read_text())

    def is_up(self) -> bool:
        """Whether somebody listens."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def is_alone(self) -> bool:
        """Whether nobody is connected any more: what a client that is gone had sent has arrived."""
        open_ends = (psutil.CONN_ESTABLISHED, psutil.CONN_SYN_RECV, psutil.CONN_CLOSE_WAIT)
        connections = psutil.net_connections("tcp")
        return not any(one.laddr and one.laddr.port == self.port and one.status in open_ends for one in connections)

    def asked(self) -> int:
        """How many requests it has got, about: the size of the log in lines would cost reading it."""
        log = self.folder / "log"
        return log.stat().st_size // 50 if log.exists() else 0

    def requests(self) -> list[Key]:
        """All that it was ever asked."""
        return read_log(self.folder / "log")[0]

    def kill(self) -> set[Key]:
        """Kill the process that serves, and wait for the next one; returns what it was being asked."""
        pid = self.pid
        kill(pid)
        assert wait_until(lambda: self.pid != pid and self.is_up(), STARTUP_SECONDS), "the server does not come back"
        return read_log(self.folder / "log")[1].get(pid, set())


@contextmanager
def scripted_server(folder: Path, cast: Path, *options: str, **engine: object) -> Iterator[Scripted]:
    """Serve until the end of the block; `engine` are settings of the scripted engine."""
    folder.mkdir(parents=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "tests.engines.scripted_server", "--cast", str(cast), "--folder", str(folder),
               "--port", str(port), "--engine", json.dumps(engine), *options]  # fmt: skip
    with (folder / "errors").open("wb") as errors:
        keeper = subprocess.Popen(command, stdout=errors, stderr=errors)
    server = Scripted(folder, port, keeper)
    try:
        assert wait_until(server.is_up, STARTUP_SECONDS), (folder / "errors").read_text()
        yield server
    finally:
        keeper.kill()
        keeper.wait()


def cast_of(recipe: Recipe, path: Path, natures: dict[str, str] | None = None) -> None:
    """Tell the server who is who in this recipe; `natures` are by prompt id."""
    prompts = read_prompts(recipe).prompts
    renderer = Renderer(load_model(recipe), recipe.template)
    parts = []
    columns = prompts.select("prompt_id", "messages", "language", "reference").iter_rows()
    for prompt_id, messages, language, reference in columns:
        tokens = renderer.render([Message(m["role"], m["content"]) for m in messages], language).tokens
        seeds = tuple(seed_of(recipe.seed, prompt_id, draw) for draw in range(recipe.sampling.most_draws))
        nature = (natures or {}).get(prompt_id, "plain")
        parts.append((tokens, Part(prompt_id, language, reference, seeds, nature)))
    write_cast(path, parts)


# --- the run ----------------------------------------------------------------------------------------------------------


def runtime_of(urls: Sequence[str], *settings: str) -> list[str]:
    """Changes of the runtime that have the run use these servers."""
    return ["engine.kind=server", f"engine.endpoints={json.dumps(list(urls))}", "engine.model=tiny", *settings]


def run_command(recipe: Path, root: Path, urls: Sequence[str], *settings: str) -> list[str]:
    """The command that a user would give."""
    changes = [part for setting in runtime_of(urls, *settings) for part in ("--set", f"runtime.{setting}")]
    return [sys.executable, "-m", "r1data", "run", str(recipe), "-w", str(root), *changes]


def workers_of(run: psutil.Process) -> tuple[psutil.Process | None, list[psutil.Process]]:
    """The nursery of a run's verifiers and its workers."""
    with suppress(psutil.Error):
        for child in run.children():
            if any("r1data.verifiers.nursery" in part for part in child.cmdline()):
                return child, child.children()
    return None, []


@dataclass
class Toll:
    """What chaos has done, and what may have been lost by it."""

    kills: Counter[str] = field(default_factory=Counter)
    in_flight: list[int] = field(default_factory=list)
    starts: int = 0
    diary: list[str] = field(default_factory=list)

    @property
    def redraws_allowed(self) -> int:
        """Requests that were in flight when something was killed."""
        return sum(self.in_flight)


class Chaos:
    """Kills the runs of one recipe in one workspace, with `slots` requests in flight against one server."""

    def __init__(
        self, recipe: Path, root: Path, server: Scripted, seed: int, slots: int, settings: Sequence[str] = ()
    ) -> None:
        self._recipe_seed = read_recipe(recipe).seed
        self._root = root
        self._server = server
        self._slots = slots
        self._dice = random.Random(seed)
        self._command = run_command(recipe, root, [server.url], f"concurrency={slots}", *settings)
        self._log = root.parent / f"{root.name}.log"
        self._began = time.monotonic()
        self.toll = Toll()

    def unleash(self, victims: Sequence[str], pace: int) -> Toll:
        """Kill all `victims` in this order, each after up to `pace` further requests; then let a run come to its end.

        What is not there when its time has come is killed later. A run that ends by itself before has to end well; then
        only runs are left to kill, in their start and their end.
        """
        remaining = list(victims)
        while True:
            run = self._start()
            try:
                while remaining and self._moment(run, remaining[0], pace):
                    victim = remaining.pop(0)
                    if self._kill(victim, run):
                        self.toll.kills[victim] += 1
                    else:  # not born yet: on a busy machine that takes its time
                        remaining.append(victim)
                    if victim in ("run", "everything"):
                        break
                else:
                    status = run.wait(RUN_SECONDS)
                    assert status == 0, self._log.read_text()[-4000:]
                    if not remaining:
                        return self.toll
                    remaining = [victim for victim in remaining if victim in ("run", "everything")]
            finally:
                run.kill()
                run.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        self.toll.starts += 1
        self._asked_before = len(self._server.requests())
        self._asked_at_start = self._server.asked()
        self.toll.diary.append(f"{time.monotonic() - self._began:6.2f} start")
        with self._log.open("ab") as log:
            return subprocess.Popen(self._command, stdout=log, stderr=log)

    def _moment(self, run: subprocess.Popen[bytes], victim: str, pace: int) -> bool:
        """Wait for the next moment; False where the run has ended before it.

        Most moments lie in the sampling and come by the requests that the server gets; some come by the clock and lie
        anywhere, in the start of a run too.
        """
        if victim in ("run", "everything") and self._dice.random() < 0.25:
            return not wait_until(lambda: run.poll() is not None, self._dice.uniform(0.0, 5.0))
        wait_until(lambda: run.poll() is not None or self._server.asked() > self._asked_at_start, START_SECONDS)
        goal = self._server.asked() + self._dice.randint(1, pace)
        wait_until(lambda: run.poll() is not None or self._server.asked() >= goal, LONGEST_WAIT)
        time.sleep(self._dice.uniform(0.0, 0.02))
        return run.poll() is None

    def _kill(self, victim: str, run: subprocess.Popen[bytes]) -> bool:
        """Kill it; False where it is not there."""
        self.toll.diary.append(f"{time.monotonic() - self._began:6.2f} {victim}, {self._server.asked()} asked")
        nursery, workers = workers_of(psutil.Process(run.pid))
        match victim:
            case "run":
                run.kill()
                self._bury_run(run)
            case "server":
                self._count(len(self._server.kill()))
            case "worker" if workers:
                kill(self._dice.choice(workers).pid)
            case "nursery" if nursery is not None:
                kill(nursery.pid)
            case "worker" | "nursery":
                return False
            case "everything":
                everybody = [run.pid, self._server.pid, *(worker.pid for worker in workers)]
                for pid in [*everybody, *([nursery.pid] if nursery else [])]:
                    kill(pid)
                self._bury_run(run)
                assert wait_until(self._server.is_up, STARTUP_SECONDS)
            case _:
                raise AssertionError(victim)
        return True

    def _bury_run(self, run: subprocess.Popen[bytes]) -> None:
        """What this run asked for, and is not durable, is lost, and no more than there were slots."""
        run.wait()
        # A server that has just come back, on a busy machine, may read what was sent a good while after.
        assert wait_until(self._server.is_alone, STARTUP_SECONDS), "somebody holds on to the server"
        requests = self._server.requests()[self._asked_before :]
        self._count(len(set(requests) - self.durable(requests)))

    def _count(self, lost: int) -> None:
        assert lost <= self._slots, f"{lost} requests were in flight, and there are {self._slots} slots"
        self.toll.in_flight.append(lost)

    def durable(self, requests: Sequence[Key]) -> set[Key]:
        """Those of the requests whose replies are safe in the workspace."""
        workspace = Workspace(self._root)
        ended = set(workspace.scan_all_completions().select("prompt_id", "seed").collect().iter_rows())
        reached: dict[tuple[str, int], int] = {}
        for prompt_id, draw, tokens in cuts_in(workspace).iter_rows():
            draw_of = (prompt_id, seed_of(self._recipe_seed, prompt_id, draw))
            reached[draw_of] = max(tokens, reached.get(draw_of, 0))
        return {
            key
            for key in requests
            if (key.prompt_id, key.seed) in ended or key.start < reached.get((key.prompt_id, key.seed), 0)
        }


def cuts_in(workspace: Workspace) -> pl.DataFrame:
    """All interrupted draws of a workspace, sealed or not: `prompt_id`, `draw`, `completion_tokens`."""
    columns = ["prompt_id", "draw", "completion_tokens"]
    frames = [pl.read_parquet(path, columns=columns) for path in (workspace.root / "cuts").glob("[!.]*.parquet")]
    for path in workspace.journals():
        # A journal that was killed before it had its tables is no journal yet.
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file, suppress(sqlite3.OperationalError):
            rows = file.execute(f"SELECT {', '.join(columns)} FROM cuts").fetchall()
            frames.append(pl.DataFrame(rows, schema=columns, orient="row"))
    schema = {"prompt_id": pl.String, "draw": pl.Int64, "completion_tokens": pl.Int64}
    return pl.concat([pl.DataFrame(schema=schema), *(frame.cast(schema) for frame in frames)])


def kill(pid: int) -> None:
    """Kill a process of this test; one that is gone already is no matter."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
