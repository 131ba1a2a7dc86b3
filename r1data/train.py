"""A training, from its settings to a model's folder. The training itself is a process of its own, as an engine is: it
can be killed and goes on from its last checkpoint, it never outlives the run, and nothing of its libraries is imported.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from r1data.engines import guard
from r1data.errors import TrainingError
from r1data.model import LoadedModel, folder_fingerprint, load_model
from r1data.progress import Progress
from r1data.recipe import Grpo, RewardModelling, Sft, TrainingRuntime, fingerprint, fingerprint_file
from r1data.store import Workspace
from r1data.store.files import write_text
from r1data.train_inputs import held_out_files, inputs, recipe_for, reward_models
from r1data.trained import TrainingFolder

POLL_SECONDS = 0.5
TELL_SECONDS = 15.0
LOG_TAIL_LINES = 20
ENVIRONMENT = {
    # Threads that wait for each other by spinning take the processor from the verifiers beside them.
    "OMP_WAIT_POLICY": "PASSIVE",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "PYTHONUNBUFFERED": "1",
    "TRL_EXPERIMENTAL_SILENCE": "1",
}
PLACES = {"model", "data", "prompts", "held_out", "chat_template", "name"}
"""Settings that say where something is; what it is tells one training from another."""
TOLD = {"loss": "loss", "reward": "reward", "reward_accuracy": "right", "length": "tokens"}
"""Metrics that are told while it goes on, and how they are called. The loss is not where there are rewards: the
advantages of a group add up to 0, so that it stays there, however well the training goes."""


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """What to train (`settings`), where (`where`), and the folder that it is made in."""

    settings: Sft | Grpo | RewardModelling
    where: TrainingRuntime
    folder: TrainingFolder
    progress: Progress
    model: LoadedModel


@dataclass(frozen=True, slots=True)
class Trained:
    """How a training ended. `resumed_from` is the step that it went on from; None where it began anew."""

    model: Path
    summary: dict[str, Any]
    seconds: float
    resumed_from: int | None
    was_done: bool


def open_training(
    settings: Sft | Grpo | RewardModelling, where: TrainingRuntime, root: Path, progress: Progress
) -> TrainingJob:
    """Find what a training begins with; nothing is written yet.

    Raises:
        ModelError: the model cannot be used.
    """
    model = load_model(recipe_for(settings, ()))
    return TrainingJob(settings, where, TrainingFolder(root), progress, model)


def train(job: TrainingJob) -> Trained:
    """Train, or go on with a training that was stopped, or find that it is done.

    Raises:
        TrainingError: the folder holds another training, or the process has failed.
    """
    started = time.monotonic()
    with Workspace(job.folder.root).locked():
        done = prepare(job)
        if done:
            job.progress.say(f"{job.folder.model} is trained already")
            return Trained(job.folder.model, job.folder.read_summary(), 0.0, None, was_done=True)
        before = _last_step(job.folder)
        if before is not None:
            job.progress.say(f"going on after step {before}")
        _carry_out(job)
        seconds = time.monotonic() - started
        return Trained(job.folder.model, job.folder.read_summary(), seconds, before, was_done=False)


def look_at(job: TrainingJob) -> dict[str, Any]:
    """What an SFT would learn from: a batch with its mask, and the counts. Nothing is trained.

    Raises:
        TrainingError: a template swallows reasoning, or something else is wrong with model or data.
    """
    with tempfile.TemporaryDirectory(prefix="r1data-check-") as place:
        return _look_at(replace(job, folder=TrainingFolder(Path(place))))


def _look_at(job: TrainingJob) -> dict[str, Any]:
    prepare(job)
    done = subprocess.run(
        [sys.executable, "-m", "training", "--check", str(job.folder.root)], env={**os.environ, **ENVIRONMENT},
        capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode:
        raise _failure(job.folder, done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.rstrip("\n").rpartition("\n")[2])
    return found


def prepare(job: TrainingJob) -> bool:
    """Write down what is to be done, with what is learnt from; returns whether it is done already.

    Raises:
        TrainingError: something else has been trained in this folder.
    """
    folder, settings = job.folder, job.settings
    files, what = inputs(settings, job.model, folder.root)
    template = None if settings.chat_template is None else settings.resolve(settings.chat_template).read_text("utf-8")
    raters = reward_models(settings)
    held_out = held_out_files(settings)
    identity = fingerprint(
        {
            "settings": settings.model_dump(mode="json", exclude=PLACES),
            "model": job.model.fingerprint, "inputs": what, "chat_template": template,
            "reward_models": {name: folder_fingerprint(path) for name, path in raters.items()},
            "held_out": [fingerprint_file(path) for path in held_out],
        }
    )  # fmt: skip
    known = folder.read_job().get("fingerprint")
    if known not in (None, identity) and folder.has_begun:
        raise TrainingError(
            f"{folder.root}: another training is in this folder: its settings, its model or its data were different",
            "use another folder with -o, or remove this one",
        )
    if known == identity and folder.is_done:
        return True
    if known != identity:
        folder.forget_samples()
    folder.trouble.unlink(missing_ok=True)
    written = {
        "fingerprint": identity,
        "settings": settings.model_dump(mode="json"),
        "where": job.where.model_dump(mode="json"),
        "model": job.model.source,
        "revision": job.model.revision,
        "inputs": [str(path) for path in files],
        "chat_template": template,
        "special_tokens": isinstance(settings, Grpo) and settings.template.name not in ("chat", "direct"),
        "reward_models": {name: str(path) for name, path in raters.items()},
        "held_out": [str(path) for path in held_out],
    }
    write_text(folder.job, json.dumps(written, indent=2, ensure_ascii=False) + "\n")
    return False


def _carry_out(job: TrainingJob) -> None:
    """Run the process to its end, and tell how far it is.

    Raises:
        TrainingError: it has failed.
    """
    folder = job.folder
    with folder.log.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-S", guard.__file__, *_command(job)], stdin=subprocess.PIPE, stdout=log,
            stderr=subprocess.STDOUT, env={**os.environ, **ENVIRONMENT}, start_new_session=True,
        )  # fmt: skip
    assert process.stdin is not None
    told, step = time.monotonic(), 0
    try:
        while process.poll() is None:
            time.sleep(POLL_SECONDS)
            if time.monotonic() - told >= TELL_SECONDS:
                told, step = time.monotonic(), _tell(job, step)
    finally:
        process.stdin.close()  # the guard ends the training with us
        process.wait()
    if process.returncode or not folder.is_done:
        raise _failure(folder, "\n".join(folder.log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]))


def _command(job: TrainingJob) -> list[str]:
    where, target = job.where, ["-m", "training", str(job.folder.root)]
    if where.processes == 1 and where.accelerate is None:
        return [sys.executable, *target]
    spread = ["--config_file", where.accelerate] if where.accelerate else ["--multi_gpu"]
    return [
        sys.executable, "-m", "accelerate.commands.launch", *spread, "--num_processes", str(where.processes), *target
    ]  # fmt: skip


def _failure(folder: TrainingFolder, output: str) -> TrainingError:
    if folder.trouble.exists():
        trouble = json.loads(folder.trouble.read_text(encoding="utf-8"))
        return TrainingError(trouble["message"], trouble["remedy"])
    return TrainingError(
        f"the training has ended without a model; the end of {folder.log}:\n{output}",
        "run the same command again: it goes on from the last checkpoint",
    )


def _tell(job: TrainingJob, before: int) -> int:
    """Say how far it is, where it has come further than the step `before`; returns the step."""
    rows = job.folder.read_metrics()
    if not rows or rows[-1]["step"] == before:
        return before
    last = rows[-1]
    steps = f" of {job.settings.steps}" if isinstance(job.settings, Grpo) else ""
    told = {key: name for key, name in TOLD.items() if key in last and (key != "loss" or "reward" not in last)}
    said = [f"{name} {last[key]:.3g}" for key, name in told.items()]
    job.progress.say(f"step {last['step']}{steps}: {', '.join(said)}")
    return int(last["step"])


def _last_step(folder: TrainingFolder) -> int | None:
    steps = [int(mark.parent.name.rpartition("-")[2]) for mark in folder.checkpoints.glob("checkpoint-*/complete")]
    return max(steps, default=None)
