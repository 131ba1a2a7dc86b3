"""Real trainings of the tiny model, sampled by a real vLLM: they survive a kill, they improve what they train for, and
the first reward is the accuracy that the engine measures.
"""

import json
import math
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from safetensors.torch import load_file

from r1data.engines import Standby
from r1data.pipeline import open_pipeline, run_pipeline, write_page
from r1data.progress import Progress, Silence
from r1data.recipe import Grpo, Recipe, Runtime, read_runtime
from r1data.run import run
from r1data.scores import Scores, scores
from r1data.sources import read_prompts
from r1data.stages import open_job
from r1data.store import Workspace
from r1data.trained import TrainingFolder
from training.prompts import order
from training.tiny import flaws
from training.tiny.prompts import practice_tasks
from training.tiny.tasks import Pen

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(3600)]

REPOSITORY = Path(__file__).parents[2]
SMALL = REPOSITORY / "data" / "recipes" / "r1-small"
PRACTICE = [{"kind": "file", "path": str(SMALL / f"practice-{language}.jsonl")} for language in ("en", "zh")]
STEPS, QUESTIONS, GROUP = 30, 16, 8
ALMOST_CERTAIN = 3.3
"""Standard deviations of a 99.9% interval: a check of every day may not fail one day in twenty."""


def solved(count: int) -> list[dict[str, Any]]:
    """Conversations in which practice tasks are solved without a slip and without a flaw."""
    rng, rows = random.Random(5), []
    for language in ("en", "zh"):
        for task, _ in zip(practice_tasks(language), range(count // 2)):  # type: ignore[arg-type] # noqa: B905
            draft = flaws.draft(task.solve(Pen(rng, 0.0)), task.language, task.code, rng)
            reply = flaws.plain(draft, rng).text
            rows.append(
                {"messages": [{"role": "user", "content": task.question}, {"role": "assistant", "content": reply}]}
            )
    return rows


def write_lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


# --- killed and gone on -----------------------------------------------------------------------------------------

KILLED = {
    "sft": {"kind": "sft", "epochs": 2, "batch": 8, "max_length": 512, "learning_rate": 5e-4},
    "grpo": {"kind": "grpo", "prompts": PRACTICE, "steps": 8, "questions": 2, "group": 4, "rollout_steps": 1,
             "max_tokens": 96, "kl": 0.1, "reference_every": 3, "learning_rate": 1e-4},
}  # fmt: skip


def start(file: Path, out: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "r1data", "train", "run", str(file), "-o", str(out)]
    every = ["--set", "runtime.training.checkpoint_every=2", "--set", "runtime.training.device=cpu"]
    return subprocess.Popen([*command, *every], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


@pytest.mark.parametrize("kind", KILLED)
def test_a_killed_training_goes_on_and_ends_where_it_would_have(kind: str, tiny: Path, tmp_path: Path) -> None:
    write_lines(tmp_path / "data.jsonl", solved(64))
    settings = {"model": str(tiny), **KILLED[kind], **({"data": ["./data.jsonl"]} if kind == "sft" else {})}
    file = tmp_path / "t.yaml"
    file.write_text(json.dumps(settings))

    whole = start(file, tmp_path / "whole")
    assert whole.wait() == 0, whole.stderr.read().decode()[-2000:]  # type: ignore[union-attr]

    folder = TrainingFolder(tmp_path / "killed")
    victim = start(file, folder.root)
    while not (folder.checkpoints / "checkpoint-4" / "complete").exists():  # the reference has moved at step 3
        assert victim.poll() is None, victim.stderr.read().decode()[-2000:]  # type: ignore[union-attr]
        time.sleep(0.02)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    deadline = time.monotonic() + 30
    while trainers_of(folder.root):
        assert time.monotonic() < deadline, "the training outlives the run that started it"
        time.sleep(0.1)
    assert not folder.is_done
    (folder.checkpoints / "checkpoint-7777").mkdir()  # a kill in the middle of a save leaves something like this

    again = start(file, folder.root)
    assert again.wait() == 0, again.stderr.read().decode()[-2000:]  # type: ignore[union-attr]
    first, second = (load_file(tmp_path / name / "model" / "model.safetensors") for name in ("whole", "killed"))
    assert all((first[name] == second[name]).all() for name in first)
    steps = [row["step"] for row in folder.read_metrics()]
    assert steps == list(range(1, len(steps) + 1)) and len(steps) == folder.read_summary()["steps"]
    assert [row.get("loss") for row in folder.read_metrics()] == [
        row.get("loss") for row in TrainingFolder(tmp_path / "whole").read_metrics()
    ]

    done = start(file, folder.root)  # and once more: there is nothing left to do
    assert done.wait() == 0
    assert [row["step"] for row in folder.read_metrics()] == steps


def trainers_of(root: Path) -> list[int]:
    """Processes that train in this folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"training" in words and os.fsencode(str(root)) in words:
            found.append(int(path.parts[2]))
    return found


# --- R1 in small, much shortened --------------------------------------------------------------------------------

SHORT: dict[str, Any] = {
    "name": "short",
    "held_out": {
        "prompts": [{"kind": "file", "path": str(SMALL / f"held-out-{language}.jsonl")} for language in ("en", "zh")],
        "draws": 4, "temperature": 1.0, "top_p": 1.0, "max_tokens": 256,
    },
    "stages": [
        {"name": "zero", "kind": "grpo", "model": "base", "prompts": PRACTICE, "steps": STEPS,
         "questions": QUESTIONS, "group": GROUP, "rollout_steps": 1, "max_tokens": 176, "kl": 0, "learning_rate": 1e-4,
         "rewards": {"accuracy": 1, "format": 0.25}},
        {"name": "tuned", "kind": "sft", "model": "base", "data": ["./solved.jsonl"], "epochs": 2, "batch": 32,
         "max_length": 512, "learning_rate": 5e-4},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Scores], Scores]:
    """The folder, the scores of the models, and those of the base on the prompts of the first step of GRPO."""
    folder = tmp_path_factory.mktemp("short")
    tiny = REPOSITORY / "data" / "models" / "tiny"
    write_lines(folder / "solved.jsonl", solved(800))
    (folder / "short.yaml").write_text(json.dumps({**SHORT, "models": {"base": str(tiny)}}))
    runtime = read_runtime(REPOSITORY / "data" / "runtimes" / "cpu.yaml")
    job = open_pipeline(folder / "short.yaml", runtime, folder / "run", Progress(Silence()), [])
    with Standby() as standby:
        first = first_prompts(folder, runtime, tiny, standby)
    result = run_pipeline(job)
    assert write_page(job).exists()
    return folder / "run" / "seed-0", result.scores[0], first


def first_prompts(folder: Path, runtime: Runtime, tiny: Path, standby: Standby) -> Scores:
    """What the engine says of the base on the questions that GRPO asks first: the mean of all of their draws."""
    settings = Grpo.model_validate({**SHORT["stages"][0], "model": str(tiny)})
    recipe = Recipe.model_validate({"name": "all", "model": str(tiny), "prompts": PRACTICE})
    prompts = read_prompts(recipe).prompts
    places = order(settings, prompts.height, 0)[: settings.questions]
    rows = prompts[places]
    write_lines(
        folder / "first.jsonl",
        [
            {"question": row["messages"][-1]["content"], "answer": row["reference"], "language": row["language"]}
            for row in rows.iter_rows(named=True)
        ],
    )
    what = Recipe.model_validate(
        {
            "name": "first", "model": str(tiny), "prompts": [{"kind": "file", "path": str(folder / "first.jsonl")}],
            "sampling": {"draws": GROUP, "temperature": 1.0, "max_tokens": 176}, "duplicates": {"prompts": "keep"},
            "audit": {"rules": [], "reference": False},
        }
    )  # fmt: skip
    run(open_job(what, runtime, folder / "first", Progress(Silence()), standby=standby))
    return scores(Workspace.existing(folder / "first"))


def test_reinforcement_learning_improves_what_it_rewards(made: tuple[Path, dict[str, Scores], Scores]) -> None:
    _, of, _ = made
    for key in ("accuracy", "format"):
        gain = of["zero"].gain(of["base"], key)
        assert gain.mean > gain.margin


def test_fine_tuning_improves_what_it_shows(made: tuple[Path, dict[str, Scores], Scores]) -> None:
    _, of, _ = made
    mixed = of["tuned"].gain(of["base"], "mixed")
    assert mixed.mean < -mixed.margin
    for key in ("readable", "format"):
        gain = of["tuned"].gain(of["base"], key)
        assert gain.mean > gain.margin


def test_the_first_reward_is_the_accuracy_that_the_engine_measures(
    made: tuple[Path, dict[str, Scores], Scores],
) -> None:
    folder, _, first = made
    first_step = TrainingFolder(folder / "models" / "zero").read_metrics()[0]
    completions = QUESTIONS * GROUP
    for key in ("accuracy", "format"):
        reported, measured = first_step[f"reward_{key}"], first.estimate(key).mean
        both = (reported + measured) / 2
        spread = math.sqrt(2 * both * (1 - both) / completions)
        assert abs(reported - measured) <= ALMOST_CERTAIN * spread + 1 / completions
    assert first_step["faults"] < 0.05


def test_every_model_is_one_that_vllm_has_served(made: tuple[Path, dict[str, Scores], Scores]) -> None:
    folder, of, _ = made
    for name in of:
        drawn = pl.scan_parquet(folder / "held-out" / name / "completions" / "*.parquet").collect()
        assert drawn["engine"].str.contains("vllm").all()
        assert drawn.height == of[name].completions == 4 * of[name].prompts


def test_the_rewards_of_the_training_are_those_of_its_metrics(made: tuple[Path, dict[str, Scores], Scores]) -> None:
    folder, _, _ = made
    rows = TrainingFolder(folder / "models" / "zero").read_metrics()
    assert [row["step"] for row in rows] == list(range(1, STEPS + 1))
    assert all(abs(row["reward"] - row["reward_accuracy"] - 0.25 * row["reward_format"]) < 1e-3 for row in rows)
    assert all({"loss", "length", "entropy", "reward_std"} <= row.keys() for row in rows)
    assert list((folder / "models" / "zero" / "tensorboard").rglob("events.out.tfevents.*"))
