"""A real Prefect server and a real worker, each a process of its own, with a home of their own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from tests.conftest import PATIENT, REPOSITORY

START_SECONDS = 400.0
INTERVAL, FIRST = timedelta(seconds=60), timedelta(seconds=12)
"""Of a schedule that is taken away again as soon as it has fired; a busy server may miss its first time."""
QUICK = {
    "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "3",
    "PREFECT_WORKER_QUERY_SECONDS": "2",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
}


def wait_for(what: str, condition: Callable[[], Any], seconds: float = START_SECONDS) -> Any:
    """What the condition gives as soon as it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.3)
    raise AssertionError(f"{what}: not within {seconds:.0f} s")


@dataclass(frozen=True, slots=True)
class Server:
    """A Prefect server that is up; its commands and its REST interface."""

    url: str
    environment: dict[str, str]
    folder: Path

    def prefect(self, *arguments: str) -> str:
        """Run a command of Prefect's in the repository, as the docs say; returns what it printed."""
        ended = subprocess.run(
            [sys.executable, "-m", "prefect", *arguments],
            cwd=REPOSITORY, env=self.environment, capture_output=True, text=True, timeout=900,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def ask(self, path: str, body: object = None, method: str | None = None) -> Any:
        """GET, or POST where there is a body and no other method is named. A locked database is asked again.

        The server waits for its database for up to a minute before it says so: whoever asks must wait longer.
        """
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}{path}", data, headers, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        for pause in (0.5, 1, 2, 4, 8, None):
            try:
                with opener.open(request, timeout=PATIENT) as answer:
                    return json.loads(answer.read() or b"null")
            except urllib.error.HTTPError as error:
                if error.code != 503 or pause is None:
                    raise
                time.sleep(pause)
        raise AssertionError

    def runs(self, deployment: str) -> dict[str, str]:
        """States of a deployment's flow runs that a worker has taken up, by id, in the order of their times."""
        wanted = {"deployments": {"id": {"any_": [deployment]}}, "sort": "EXPECTED_START_TIME_ASC"}
        runs = self.ask("/flow_runs/filter", wanted)
        return {run["id"]: run["state_type"] for run in runs if run["state_type"] != "SCHEDULED"}

    def fire(self, deployment: str, parameters: dict[str, str]) -> str:
        """Have a schedule of the deployment fire once; returns the flow run that it starts."""
        before = self.runs(deployment)
        anchor = datetime.now(UTC) + FIRST - INTERVAL
        schedule = {"interval": INTERVAL.total_seconds(), "anchor_date": anchor.isoformat(), "timezone": "UTC"}
        path = f"/deployments/{deployment}/schedules"
        body = [{"schedule": schedule, "active": True, "parameters": parameters}]
        (made,) = self.ask(path, body)
        (run,) = wait_for("the schedule fires", lambda: [one for one in self.runs(deployment) if one not in before])
        self.ask(f"{path}/{made['id']}", method="DELETE")
        return str(run)

    @contextmanager
    def worker(self) -> Iterator[psutil.Process]:
        """A worker of the pool `r1data`; what it started is killed with it."""
        command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "r1data", "--type", "process"]
        with (self.folder / "worker.log").open("ab") as log:
            process = psutil.Popen(command, cwd=REPOSITORY, env=self.environment, stdout=log, stderr=log)
        try:
            yield process
        finally:
            kill_all(process)


def kill_all(process: psutil.Process) -> None:
    """Kill a process and all that came from it at once, as a machine does that goes down."""
    if process.is_running():
        for one in [process, *process.children(recursive=True)]:
            one.kill()
    process.wait()


@contextmanager
def prefect_server(folder: Path) -> Iterator[Server]:
    """Serve from a folder until the end of the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/api"
    environment = {**os.environ, **QUICK, "PREFECT_HOME": str(folder / "home"), "PREFECT_API_URL": url}
    command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port), "--no-ui"]
    with (folder / "server.log").open("wb") as log:
        process = psutil.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
    server = Server(url, environment, folder)
    try:
        wait_for("the server is up", lambda: _is_up(server))
        yield server
    finally:
        kill_all(process)


def _is_up(server: Server) -> bool:
    try:
        return bool(server.ask("/health"))
    except (urllib.error.URLError, OSError):
        return False
