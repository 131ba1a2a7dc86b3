"""Whatever breaks on the way, what is on the Hub in the end is what would be there without it, and nothing twice."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from r1data.errors import PublishError
from r1data.store import Workspace
from tests.conftest import PATIENT
from tests.publishing.fake_hub import ATTRIBUTES, TOKEN, FakeHub, Fault
from tests.publishing.staging import REPO, Publisher, examples, remembered, stage, state

PUT, BATCH, COMMIT, TAG = ("PUT", "/lfs/"), ("POST", "objects/batch"), ("POST", "/commit/"), ("POST", "/tag/")
CREATE, TREE, RESOLVE = ("POST", "/repos/create"), ("GET", "/tree/"), ("GET", r"/resolve/.*parquet")
WRITES = [(kind, place) for place in (PUT, COMMIT, TAG) for kind in ("drop", "lose", "busy", "limit")]
OTHERS = [("lose", CREATE), ("drop", BATCH), ("limit", TREE), ("busy", TREE), ("drop", RESOLVE), ("busy", RESOLVE)]


def without_fault(publisher: Publisher, workspace: Workspace) -> dict[str, object]:
    """The state that publishing leaves in another repository of the same Hub."""
    publisher(workspace, "team/good")
    return state(publisher.hub, "team/good")


@pytest.mark.parametrize(("kind", "place"), WRITES + OTHERS)
def test_a_fault_that_passes_changes_nothing(
    publisher: Publisher, hub: FakeHub, workspace: Workspace, kind: str, place: tuple[str, str]
) -> None:
    hub.faults = [Fault(kind, *place, times=2, skip=1 if place in (PUT, COMMIT) else 0)]
    done = publisher(workspace)
    assert done.changed and done.tag == "v1" and hub.faults[0].times < 2
    assert state(hub) == {"main": hub.contents(REPO), "tags": {"v1": hub.contents(REPO)}, "private": True}
    assert set(hub.contents(REPO)) == {".gitattributes", "r1data.json", *_staged(workspace)}
    assert all(hub.contents(REPO)[path] == content for path, content in _staged(workspace).items())
    if kind != "lose":
        assert set(hub.puts.values()) == {1}
    assert len(hub.repos[REPO].commits) == 3, "a commit whose answer was lost is not made twice"
    if kind == "limit":
        assert any(wait >= 1 for wait in publisher.waits), "Retry-After is heeded"


def _staged(workspace: Workspace) -> dict[str, bytes]:
    folder = workspace.root / "dataset"
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("kind", ["truncate", "refuse", "spoil"])
def test_what_arrives_damaged_is_sent_again_and_never_gets_a_card(
    publisher: Publisher, hub: FakeHub, workspace: Workspace, kind: str
) -> None:
    good = without_fault(publisher, workspace)
    hub.objects.clear()
    hub.puts.clear()
    hub.faults = [Fault(kind, *PUT, skip=1)]
    if kind != "spoil":
        assert publisher(workspace).tag == "v1"
    else:
        # The Hub believes that it has it, by its hash, so it cannot be sent again.
        with pytest.raises(PublishError, match="is not what was sent") as caught:
            publisher(workspace)
        assert "data/train-" in str(caught.value) and "delete" in str(caught.value.remedy)
        assert "README.md" not in hub.contents(REPO) and not hub.repos[REPO].tags
        with pytest.raises(PublishError, match="is not what was sent"):
            publisher(workspace)
        broken = next(oid for oid in hub.objects if hub.puts[oid] == 0)
        del hub.objects[broken]
        assert publisher(workspace).tag == "v1"
    assert state(hub) == good and set(hub.puts.values()) == {1}


def test_a_hub_that_stays_away_is_an_error_that_says_so(
    publisher: Publisher, hub: FakeHub, workspace: Workspace
) -> None:
    good = without_fault(publisher, workspace)
    hub.objects.clear()
    hub.puts.clear()
    for place in (PUT, COMMIT, TAG):
        hub.faults = [Fault("busy", *place, times=10**6)]
        with pytest.raises(PublishError, match=r"out of order \(503\)") as caught:
            publisher(workspace)
        assert "run the same command again" in str(caught.value.remedy)
        hub.faults = [Fault("limit", *place, times=10**6)]
        with pytest.raises(PublishError, match=r"no more requests for now \(429\)"):
            publisher(workspace)
        hub.faults = []
    assert publisher(workspace).changed and state(hub) == good and set(hub.puts.values()) == {1}
    hub.close()
    with pytest.raises(PublishError, match="cannot be reached"):
        publisher(workspace)


def test_a_harmless_commit_that_comes_between_stays(publisher: Publisher, hub: FakeHub, workspace: Workspace) -> None:
    _once_before(hub, COMMIT, lambda: hub.commit(REPO, {"LICENSE": b"MIT"}))
    done = publisher(workspace)
    assert done.tag == "v1" and hub.contents(REPO, "v1")["LICENSE"] == b"MIT"
    assert any("was not there before" in line for line in publisher.said) and set(hub.puts.values()) == {1}


def test_a_commit_that_comes_between_and_means_our_files_is_not_lost(
    publisher: Publisher, hub: FakeHub, workspace: Workspace
) -> None:
    _once_before(hub, COMMIT, lambda: hub.commit(REPO, {"README.md": b"# Theirs\n"}, title="Mine"))
    with pytest.raises(PublishError, match=r"README\.md: was not put there by r1data") as caught:
        publisher(workspace)
    assert "'Mine' by somebody" in str(caught.value)
    assert hub.contents(REPO) == {".gitattributes": ATTRIBUTES, "README.md": b"# Theirs\n"}
    assert not hub.repos[REPO].tags


def test_a_tag_that_somebody_makes_meanwhile_is_left_alone(
    publisher: Publisher, hub: FakeHub, workspace: Workspace
) -> None:
    first = hub.make(REPO).commits[0].oid
    _once_before(hub, TAG, lambda: hub.repos[REPO].tags.update(v1=first))
    done = publisher(workspace)
    assert done.tag == "v2" and hub.repos[REPO].tags == {"v1": first, "v2": done.commit}


def _once_before(hub: FakeHub, place: tuple[str, str], action: Callable[[], object]) -> None:
    def before(method: str, path: str) -> None:
        if method == place[0] and place[1] in path:
            hub.before = lambda method, path: None
            action()

    hub.before = before


PROCESS = """
import sys
from pathlib import Path
from r1data.publishing import Request, publish
from r1data.store import Workspace
publish(Workspace(Path(sys.argv[1])), Request(sys.argv[2]), print)
"""


@pytest.mark.slow
def test_killed_anywhere_it_goes_on(publisher: Publisher, hub: FakeHub, workspace: Workspace, tmp_path: Path) -> None:
    """kill -9 after each kind of request; what a process more has to do is what the dead one had not done."""
    good = without_fault(publisher, workspace)
    hub.objects.clear()
    hub.puts.clear()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")} | {
        "HF_HOME": str(tmp_path / "other"), "HF_HUB_DISABLE_XET": "1", **publisher.environment,
    }  # fmt: skip
    for place in (PUT, COMMIT, ("POST", "/commit/"), TAG):
        command = [sys.executable, "-c", PROCESS, str(workspace.root), REPO]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

        def kill(method: str, path: str, place: tuple[str, str] = place, pid: int = process.pid) -> None:
            if method == place[0] and place[1] in path:
                os.kill(pid, signal.SIGKILL)

        hub.after = kill
        _, errors = process.communicate(timeout=PATIENT)
        assert process.returncode == -signal.SIGKILL, errors.decode()
    hub.after = lambda method, path: None
    assert remembered(workspace)["begun"], "it knew what it had begun"
    assert publisher(workspace).tag == "v1"
    assert state(hub) == good and set(hub.puts.values()) == {1}
    assert len(hub.repos[REPO].commits) == 3 and not list((workspace.root / "publish").glob(".staging-*"))


def test_what_a_broken_publication_left_is_cleared_by_the_next_one(
    publisher: Publisher, hub: FakeHub, workspace: Workspace
) -> None:
    """The rows have changed since it was broken off: its files are known as ours, and go."""
    hub.faults = [Fault("busy", *COMMIT, times=10**6, skip=1)]
    with pytest.raises(PublishError):
        publisher(workspace)
    left = {path for path in hub.contents(REPO) if path.startswith("data/")}
    hub.faults = []
    done = publisher(stage(workspace.root, examples(50)))
    assert left and set(done.deleted) == left and not left & set(hub.contents(REPO))


def test_the_token_is_nowhere_but_in_requests(
    publisher: Publisher,
    hub: FakeHub,
    workspace: Workspace,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level("DEBUG")
    hub.faults = [Fault("busy", *PUT, times=10**6)]
    with pytest.raises(PublishError) as caught:
        publisher(workspace)
    hub.faults = []
    publisher(workspace)
    written = "".join(path.read_text(errors="replace") for path in workspace.root.rglob("*") if path.is_file())
    there = b"".join(hub.contents(REPO).values()).decode(errors="replace")
    out, err = capfd.readouterr()
    told = "\n".join([str(caught.value), *publisher.said, caplog.text, written, there, out, err])
    assert TOKEN not in told and "verySecret" not in told


@pytest.mark.parametrize(("token", "what"), [("", "HF_TOKEN is not set"), ("hf_other", "does not know the token")])
def test_without_a_good_token_nothing_goes(
    publisher: Publisher, hub: FakeHub, workspace: Workspace, token: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.publishing.staging.TOKEN", token)
    with pytest.raises(PublishError, match=what):
        publisher(workspace)
    assert not hub.repos and not hub.puts
