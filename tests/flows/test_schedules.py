"""Schedules fire: what docs/schedules.md says, with a real server, a real worker, and runs that are killed."""

from pathlib import Path

import psutil
import pytest
import yaml

pytest.importorskip("prefect", reason="the flows extra is not installed")

from r1data.store import Workspace
from tests.conftest import REPOSITORY
from tests.end_to_end.rehearsal import assert_same, rehearse, write_recipe
from tests.end_to_end.test_kill_anywhere import assert_no_draw_twice
from tests.flows.server import Server, kill_all, prefect_server, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
SLOWLY = {"kind": "scripted", "latency_seconds": 0.5}
RUNTIME = {"engine": SLOWLY, "verify_workers": 1, "shard_prompts": 15, "concurrency": 16}


def test_what_is_shipped_starts_nothing_by_itself() -> None:
    deployments = yaml.safe_load((REPOSITORY / "prefect.yaml").read_text())["deployments"]
    flows = [one["entrypoint"].split(":")[1] for one in deployments]
    assert flows == ["r1_data", "r1", "cold_start", "reasoning", "general", "assemble", "watch"]
    assert all(schedule["active"] is False for one in deployments for schedule in one["schedules"])


def test_a_schedule_fires_and_what_is_killed_is_marked_and_resumed(tmp_path: Path, tiny: Path) -> None:
    recipe, root, runtime = write_recipe(tmp_path, tiny, prompts=60), tmp_path / "w", tmp_path / "runtime.yaml"
    runtime.write_text(yaml.safe_dump(RUNTIME))
    parameters = {"recipe": str(recipe), "workspace": str(root), "runtime": str(runtime)}
    rehearse(recipe, tmp_path / "whole")
    with prefect_server(tmp_path) as server:
        server.prefect("work-pool", "create", "r1data", "--type", "process")
        server.prefect("deploy", "--all", "--no-prompt")
        deployment = server.ask("/deployments/name/reasoning/nightly")["id"]
        with server.worker() as worker:
            first = server.fire(deployment, parameters)
            at_work(worker, root, drawn=20).kill()
            wait_for("the worker says that it crashed", lambda: server.runs(deployment)[first] == "CRASHED")
            second = server.fire(deployment, parameters)
            at_work(worker, root, drawn=60)
            kill_all(worker)  # the whole machine, as it were: nobody is left to say so
        assert server.runs(deployment)[second] == "RUNNING"
        with server.worker():
            third = server.fire(deployment, parameters)
            wait_for("it comes to its end", lambda: server.runs(deployment)[third] not in ("PENDING", "RUNNING"))
        assert server.runs(deployment) == {first: "CRASHED", second: "CRASHED", third: "COMPLETED"}, log_of(server)
    assert_no_draw_twice(root)
    assert_same(tmp_path / "whole", root)
    assert not list(root.glob("flow-*.json"))


def at_work(worker: psutil.Process, root: Path, drawn: int) -> psutil.Process:
    """The process of the flow run, as soon as so many draws are safe."""
    wait_for("it draws", lambda: (root / "plan.parquet").exists() and drawn_in(root) >= drawn)
    return next(child for child in worker.children() if "prefect" in " ".join(child.cmdline()))


def drawn_in(root: Path) -> int:
    return Workspace(root).scan_all_completions().collect().height


def log_of(server: Server) -> str:
    return (server.folder / "worker.log").read_text()[-6000:]
