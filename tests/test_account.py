"""The account of a workspace survives a kill, and counts every session once."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from r1data.account import keeping_account
from r1data.errors import WorkspaceError
from r1data.progress import Progress, Silence
from r1data.recipe import Runtime
from r1data.store import Workspace
from r1data.store.sessions import SESSIONS, Spent, close_killed, close_session, read_live, read_sessions, write_live
from tests.conftest import PATIENT
from tests.end_to_end.rehearsal import rehearse, write_recipe

RUNTIME = Runtime.model_validate(
    {"engine": {"kind": "scripted"}, "gpus": 2, "price": {"gpu_hour": 36, "currency": "EUR"}}
)
WRITER = """
import sys, time
from pathlib import Path
from r1data.account import keeping_account
from r1data.progress import Progress, Silence
from r1data.store import Workspace
from tests.test_account import RUNTIME

progress = Progress(Silence())
with Workspace(Path(sys.argv[1])).locked(), keeping_account(Workspace(Path(sys.argv[1])), progress, RUNTIME):
    progress.begin(planned=100, completed=0, failed=0, prompts=10)
    progress.add(completed=7, failed=1, judged=5, accepted=3, tokens=700, prompt_tokens=70)
    progress.say("working")
    time.sleep(600)
"""


def sample(workspace: Workspace, draws: int) -> None:
    progress = Progress(Silence())
    with keeping_account(workspace, progress, RUNTIME):
        progress.begin(planned=100, completed=0, failed=0)
        progress.add(completed=draws, judged=draws, accepted=1, tokens=10 * draws)


def test_sessions_add_up(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    sample(workspace, 3)
    with pytest.raises(ZeroDivisionError), keeping_account(workspace, Progress(Silence()), RUNTIME):
        assert read_live(tmp_path) is not None and (read_live(tmp_path) or pytest.fail()).alive()
        raise ZeroDivisionError
    sample(workspace, 4)
    assert read_live(tmp_path) is None
    spent = Spent.over(read_sessions(tmp_path))
    assert (spent.sessions, spent.killed, spent.draws, spent.accepted) == (3, 0, 7, 2)
    assert spent.usage.completion_tokens == 70
    assert spent.money == {"EUR": pytest.approx(spent.usage.gpu_seconds / 100)}
    assert spent.usage.gpu_seconds == pytest.approx(2 * spent.engine_seconds)


def test_a_killed_writer_loses_no_session(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)])
    try:
        give_up = time.monotonic() + PATIENT
        while (live := read_live(tmp_path)) is None or live.tally.drawn < 8:
            assert time.monotonic() < give_up and process.poll() is None
            time.sleep(0.05)
        assert live.alive() and live.news == "working"
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    live = read_live(tmp_path)
    assert live is not None and not live.alive()
    assert [(s.draws, s.accepted, s.killed) for s in read_sessions(tmp_path)] == [(8, 3, True)]

    close_session(tmp_path, live.session)  # killed between the two files: the line is there, and so is live.json
    write_live(tmp_path, live)
    assert len(read_sessions(tmp_path)) == 1
    sample(Workspace(tmp_path), 2)
    assert [s.draws for s in read_sessions(tmp_path)] == [8, 2]
    assert Spent.over(read_sessions(tmp_path)).killed == 1 and close_killed(tmp_path) is None


def test_a_live_file_of_another_version_is_no_account(tmp_path: Path) -> None:
    (tmp_path / "live.json").write_text('{"id": 1}')
    assert read_live(tmp_path) is None and read_sessions(tmp_path) == []


def test_a_spoilt_account_is_named(tmp_path: Path) -> None:
    (tmp_path / SESSIONS).write_text("{}\n")
    with pytest.raises(WorkspaceError, match=SESSIONS):
        read_sessions(tmp_path)


@pytest.mark.slow
def test_the_judge_is_paid_for_too(tmp_path: Path, tiny: Path) -> None:
    recipe, judge = write_recipe(tmp_path, tiny, prompts=8), "judge_engine.kind=scripted"
    for name, extra in (("shared", ()), ("apart", (judge,))):
        rehearse(recipe, tmp_path / name, "verification.policy=judge", runtime=("price.completion_tokens=1", *extra))
    shared, apart = (read_sessions(tmp_path / name) for name in ("shared", "apart"))
    assert [s.draws for s in shared] == [32] and [s.draws for s in apart] == [32, 0]
    drawn = Workspace(tmp_path / "apart").tables().completions.collect()["completion_tokens"].sum()
    assert apart[0].tokens == drawn and apart[1].tokens > 0 and apart[1].money == apart[1].tokens / 1e6
    assert shared[0].tokens == drawn + apart[1].tokens
