"""Checkpoints that survive a kill: one counts from the moment that all of it is on the disk."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from transformers import TrainerCallback
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from r1data.trained import TrainingFolder

MARK = "complete"


class MarkComplete(TrainerCallback):
    """Marks a checkpoint when the trainer has written the last file of it."""

    def on_save(self, args: Any, state: Any, control: Any, **rest: Any) -> None:  # noqa: ANN401
        if state.is_world_process_zero:
            mark = Path(args.output_dir) / f"{PREFIX_CHECKPOINT_DIR}-{state.global_step}" / MARK
            with mark.open("w") as file:
                file.flush()
                os.fsync(file.fileno())


def go_on(trainer: Any, folder: TrainingFolder) -> None:  # noqa: ANN401 - of TRL or transformers
    """Train to the end, from the last checkpoint where there is one."""
    last = latest(folder.checkpoints)
    trainer.train(resume_from_checkpoint=None if last is None else str(last))


def latest(folder: Path) -> Path | None:
    """The newest whole checkpoint. What a kill left in the middle of a save is removed."""
    found = sorted(folder.glob(f"{PREFIX_CHECKPOINT_DIR}-*"), key=step_of)
    for one in found:
        if not (one / MARK).exists():
            shutil.rmtree(one)
    whole = [one for one in found if one.exists()]
    return whole[-1] if whole else None


def step_of(checkpoint: Path) -> int:
    """The step after which a checkpoint was written."""
    return int(checkpoint.name.rpartition("-")[2])
