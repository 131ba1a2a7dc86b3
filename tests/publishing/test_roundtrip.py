"""From the command line to the Hub and back with `load_dataset`: what is loaded is what was staged, row for row."""

import json
import os
import subprocess
import sys
from pathlib import Path

import huggingface_hub.constants
import polars as pl
import pytest
from click.testing import CliRunner

from r1data.cli.app import Commands
from r1data.publishing import Request, outlook
from r1data.store import Workspace
from schemas import Examples
from tests.conftest import PATIENT
from tests.publishing.fake_hub import TOKEN, FakeHub
from tests.publishing.staging import REPO, Publisher, edit_card, examples, stage

LOAD = """
import sys
import datasets
loaded = datasets.load_dataset(sys.argv[1], revision=sys.argv[2])
for split, rows in loaded.items():
    rows.to_parquet(f"{sys.argv[3]}/{split}.parquet")
"""


def environment(publisher: Publisher, tmp_path: Path) -> dict[str, str]:
    """Of a process that may ask the fake Hub and nothing else."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    return kept | publisher.environment | {"HF_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_XET": "1"}


def call(publisher: Publisher, tmp_path: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command], env=environment(publisher, tmp_path),
        capture_output=True, text=True, timeout=PATIENT,
    )  # fmt: skip


def test_what_the_command_publishes_is_loaded_back_row_for_row(
    publisher: Publisher, hub: FakeHub, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = examples(64)
    stage(workspace.root, rows, files=4)
    folder = workspace.root / "dataset" / "data"
    last = sorted(folder.iterdir())[-1]
    digest = last.stem.rpartition("-")[2]
    last.rename(folder / f"test-00000-of-00001-{digest}.parquet")
    train = f"path: data/train-*-{digest}.parquet"
    edit_card(workspace, lambda card: card.replace(train, f"{train}\n  - split: test\n    path: data/test-*.parquet"))
    command = ("-m", "r1data", "publish", "-w", str(workspace.root), "--repo", REPO, "--json")
    ran = call(publisher, tmp_path, *command)
    assert ran.returncode == 0, ran.stderr
    done = json.loads(ran.stdout)
    assert (done["changed"], done["tag"], done["rows"]) == (True, "v1", {"train": 48, "test": 16})
    assert "sent 4 of 4 files" in ran.stderr and TOKEN not in ran.stderr + ran.stdout
    ran = call(publisher, tmp_path, "-c", LOAD, REPO, "v1", str(tmp_path))
    assert ran.returncode == 0, ran.stderr
    for split, staged in (("train", rows.head(48)), ("test", rows.tail(16))):
        loaded = Examples.validate(pl.read_parquet(tmp_path / f"{split}.parquet"), cast=True)
        assert loaded.equals(staged), split
    code, out = invoke(monkeypatch, publisher.environment, *command[3:-1])
    assert code == 0 and f"nothing new: {hub.url}/datasets/{REPO} has it as v1" in out


def test_the_outlook_shows_what_would_go_and_sends_nothing(
    publisher: Publisher, hub: FakeHub, workspace: Workspace
) -> None:
    def look(**request: object) -> object:
        asked = Request(REPO, **request)  # type: ignore[arg-type]
        return outlook(workspace, asked, environment=publisher.environment)

    fresh = look()
    assert (fresh.exists, fresh.unreachable, fresh.tag, len(fresh.steps)) == (False, None, "v1", 2)
    assert {file.path for file in fresh.change.added} >= {"README.md", "r1data.json"} and not hub.repos
    publisher(workspace)
    requests = len(hub.asked)
    same = look()
    assert (same.steps, same.tag, same.troubles) == ((), None, ())
    stage(workspace.root, examples(50))
    more = look()
    assert (len(more.change.added), len(more.change.replaced), len(more.change.deleted), more.tag) == (3, 2, 3, "v2")
    hub.commit(REPO, {"README.md": b"mine"})
    assert "README.md" in str(look().troubles[0]) and "is private" in str(look(public=True).troubles[0])
    assert all(method in ("GET", "HEAD") for method, _ in hub.asked[requests:])


def test_a_dry_run_needs_neither_network_nor_token(
    publisher: Publisher, hub: FakeHub, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.close()
    command = ("-w", str(workspace.root), "--repo", REPO, "--dry-run")
    given = {"HF_TOKEN": "", "HF_ENDPOINT": hub.url, "COLUMNS": "140"}
    code, out = invoke(monkeypatch, given, *command)
    assert code == 0 and "the Hub was not asked what is there" in out and "5 files" in out
    (workspace.root / "dataset" / "x").write_text("?")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    code, out = invoke(monkeypatch, given, *command)
    assert code == 1 and "would not be published: dataset/x" in out and "HF_HUB_OFFLINE" in out


def test_the_command_says_what_it_did(
    publisher: Publisher, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("-w", str(workspace.root), "--repo", REPO, "--message", "Sums", "--verify", "hashes")
    code, out = invoke(monkeypatch, publisher.environment, *command)
    assert code == 0 and "as v1 (private; 40 train)" in out and "read back and found whole" in out
    assert [one.title for one in publisher.hub.repos[REPO].commits][-1] == "Sums"
    code, out = invoke(monkeypatch, publisher.environment, *command, "--json")
    assert code == 0 and '"changed": false' in out


def invoke(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], *arguments: str) -> tuple[int, str]:
    """The command in this process: its status and what it printed."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    ran = CliRunner().invoke(Commands()["publish"], list(arguments))
    return ran.exit_code, ran.output
