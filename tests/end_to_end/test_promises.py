"""The promises, from recipe to dataset, with the scripted engine."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import datasets
import polars as pl
import pytest

from r1data.errors import WorkspaceError
from r1data.explain import DrawStory, PromptStory, explain
from r1data.status import status
from r1data.store import Workspace
from tests.conftest import PATIENT
from tests.end_to_end.rehearsal import SCRIPTED, assert_same, contents, rehearse, write_recipe


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> tuple[Path, Path]:
    """A recipe with one draw in ten failing, and its workspace."""
    folder = tmp_path_factory.mktemp("finished")
    recipe = write_recipe(folder, tiny)
    rehearse(recipe, folder / "w", runtime=("engine.failures=0.1",))
    return recipe, folder / "w"


def test_the_counts_add_up_at_every_stage(finished: tuple[Path, Path]) -> None:
    state = status(Workspace(finished[1]))
    assert state.planned == 160 == state.completed + state.failed + state.pending
    assert state.failed > 0 and state.pending == 0
    assert state.completed == state.judged == state.kept + state.rejected
    assert state.kept == state.examples > 0
    assert sum(state.rejected_by_reason.values()) == state.rejected
    tables = contents(finished[1])
    assert tables["completions"].height == 160
    assert set(tables["examples"]["example_id"]) <= set(tables["completions"]["completion_id"])


def test_a_second_run_samples_nothing(finished: tuple[Path, Path]) -> None:
    recipe, root = finished
    parts = {p: p.stat().st_mtime_ns for p in (root / "completions").iterdir()}
    result = rehearse(recipe, root, runtime=("engine.failures=0.1",))
    assert result.sampled == 0
    assert {p: p.stat().st_mtime_ns for p in (root / "completions").iterdir()} == parts


def test_the_dataset_opens_with_datasets(finished: tuple[Path, Path]) -> None:
    recipe, root = finished
    for change in ("selection.correctness=any", "selection.correctness=correct"):  # the second time, no stale cache
        rehearse(recipe, root, change, runtime=("engine.failures=0.1",))
        loaded = datasets.load_dataset(str(root / "dataset"), split="train")
        examples = contents(root)["examples"]
        assert len(loaded) == examples.height
        assert set(loaded["example_id"]) == set(examples["example_id"])
    last = loaded[0]["messages"][-1]
    assert last["role"] == "assistant" and last["content"].startswith("<think>\n")


def test_every_row_answers_for_itself(finished: tuple[Path, Path]) -> None:
    workspace = Workspace(finished[1])
    tables = contents(finished[1])
    rejected = tables["decisions"].filter(~pl.col("kept"))["completion_id"][0]
    failed = tables["completions"].filter(pl.col("finish_reason") == "error")["completion_id"][0]
    for wanted, fate in (
        (tables["examples"]["example_id"][0], "in the dataset"),
        (rejected, "rejected"),
        (failed, "the draw failed (scripted failure)"),
    ):
        story = explain(workspace, wanted[:16])
        assert isinstance(story, DrawStory) and fate in story.fate
        assert story.prompt is not None and story.planned is not None
        assert story.planned["seed"] == (story.completion or {})["seed"]
    prompt = explain(workspace, tables["prompts"]["prompt_id"][0])
    assert isinstance(prompt, PromptStory) and len(prompt.draws) == 4


def test_a_threshold_changes_decisions_and_nothing_else(tmp_path: Path, tiny: Path) -> None:
    recipe = write_recipe(tmp_path, tiny)
    rehearse(recipe, tmp_path / "w")
    before = contents(tmp_path / "w")
    result = rehearse(recipe, tmp_path / "w", "selection.correctness=any", "selection.language_share=0")
    after = contents(tmp_path / "w")
    assert result.sampled == 0 and after["examples"].height > before["examples"].height
    for name in ("completions", "verdicts", "measures"):
        assert after[name].equals(before[name])


@pytest.mark.slow
def test_prompts_come_go_and_change_places_without_a_new_draw(tmp_path: Path, tiny: Path) -> None:
    recipe = write_recipe(tmp_path, tiny, prompts=30)
    rehearse(recipe, tmp_path / "w")
    first = set(contents(tmp_path / "w")["completions"]["completion_id"])
    write_recipe(tmp_path, tiny, prompts=40)
    lines = (tmp_path / "prompts.jsonl").read_text().splitlines()
    (tmp_path / "prompts.jsonl").write_text("\n".join(reversed(lines)))
    assert rehearse(recipe, tmp_path / "w").sampled == 40
    assert first < set(contents(tmp_path / "w")["completions"]["completion_id"])
    (tmp_path / "prompts.jsonl").write_text("\n".join(lines[:30]))
    assert rehearse(recipe, tmp_path / "w").sampled == 0
    assert set(contents(tmp_path / "w")["completions"]["completion_id"]) == first
    (tmp_path / "prompts.jsonl").write_text("\n".join(lines))
    assert rehearse(recipe, tmp_path / "w").sampled == 0
    assert status(Workspace(tmp_path / "w")).unjudged == 0


@pytest.mark.slow
def test_the_runtime_changes_no_row(tmp_path: Path, tiny: Path) -> None:
    recipe = write_recipe(tmp_path, tiny)
    rehearse(recipe, tmp_path / "one")
    rehearse(recipe, tmp_path / "other", runtime=("shard_prompts=7", "concurrency=3", "verify_workers=1"))
    assert_same(tmp_path / "one", tmp_path / "other")


@pytest.mark.slow
def test_failed_draws_can_be_tried_again(tmp_path: Path, tiny: Path) -> None:
    from r1data.progress import Progress, Silence
    from r1data.recipe import read_recipe, read_runtime
    from r1data.run import run
    from r1data.stages import open_job

    recipe = write_recipe(tmp_path, tiny)
    rehearse(recipe, tmp_path / "w", runtime=("engine.failures=0.2",))
    failed = status(Workspace(tmp_path / "w")).failed
    assert failed > 0 and rehearse(recipe, tmp_path / "w").sampled == 0
    job = open_job(read_recipe(recipe), read_runtime(None, SCRIPTED), tmp_path / "w", Progress(Silence()))
    assert run(job, retry_failed=True).sampled == failed
    state = status(Workspace(tmp_path / "w"))
    assert state.failed == 0 and state.completed == state.planned == state.judged


def command(recipe: Path, root: Path) -> list[str]:
    scripted = [part for setting in SCRIPTED for part in ("--set", f"runtime.{setting}")]
    slow = ["--set", "runtime.engine.latency_seconds=0.1"]
    return [sys.executable, "-m", "r1data", "run", str(recipe), "-w", str(root), *scripted, *slow]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_stopped_at_any_moment_and_started_again_it_ends_the_same(
    tmp_path: Path, tiny: Path, number: signal.Signals
) -> None:
    recipe = write_recipe(tmp_path, tiny, prompts=60)
    rehearse(recipe, tmp_path / "whole")
    dice = random.Random(number)
    statuses = []
    for _ in range(3):
        process = subprocess.Popen(
            command(recipe, tmp_path / "w"), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        journal = tmp_path / "w" / "journal"
        give_up = time.monotonic() + PATIENT
        while not any(journal.glob("*.sqlite")) and process.poll() is None and time.monotonic() < give_up:
            time.sleep(0.02)
        time.sleep(dice.uniform(0, 1.0))
        os.kill(process.pid, number)
        statuses.append(process.wait(PATIENT))
        if (tmp_path / "w" / "manifest.json").exists():
            state = status(Workspace(tmp_path / "w"))
            assert state.planned == state.completed + state.failed + state.pending
    assert any(statuses), "at least one run was really stopped"
    rehearse(recipe, tmp_path / "w")
    assert_same(tmp_path / "whole", tmp_path / "w")
    assert not list((tmp_path / "w").rglob(".staging-*")) and not list((tmp_path / "w" / "journal").iterdir())


def test_two_runs_at_once_are_refused(tmp_path: Path, tiny: Path) -> None:
    recipe = write_recipe(tmp_path, tiny)
    with Workspace(tmp_path / "w").locked(), pytest.raises(WorkspaceError, match="another run"):
        rehearse(recipe, tmp_path / "w")
