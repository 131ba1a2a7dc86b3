"""Checkpoints that survive a kill: one counts from the moment that all of it is on the disk."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from accelerate import PartialState
from safetensors.torch import load_file, save_file
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict, set_model_state_dict
from transformers import TrainerCallback, TrainerState
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from r1data.trained import TrainingFolder

MARK = "complete"
REFERENCE = "reference.safetensors"


class MarkComplete(TrainerCallback):
    """Marks a checkpoint when the trainer has written the last file of it."""

    def on_save(self, args: Any, state: Any, control: Any, **rest: Any) -> None:  # noqa: ANN401
        if state.is_world_process_zero:
            mark = Path(args.output_dir) / f"{PREFIX_CHECKPOINT_DIR}-{state.global_step}" / MARK
            with mark.open("w") as file:
                file.flush()
                os.fsync(file.fileno())


class KeepReference(TrainerCallback):
    """Puts a reference model that follows the policy into each checkpoint. A trainer would begin again with the first
    one, and a resumed training would hold the policy to what it was long ago.
    """

    def __init__(self, reference: Any) -> None:  # noqa: ANN401 - of transformers
        self._reference = reference

    def on_save(self, args: Any, state: Any, control: Any, **rest: Any) -> None:  # noqa: ANN401
        options = StateDictOptions(full_state_dict=True, cpu_offload=True)
        weights: dict[str, Any] = dict(get_model_state_dict(self._reference, options=options))
        if state.is_world_process_zero:
            target = Path(args.output_dir) / f"{PREFIX_CHECKPOINT_DIR}-{state.global_step}" / REFERENCE
            save_file({name: one.contiguous().clone() for name, one in weights.items()}, target)  # some share memory

    def restore(self, checkpoint: Path) -> None:
        """Give the reference the weights that a checkpoint has kept."""
        many = PartialState().num_processes > 1
        weights: dict[str, Any] = dict(load_file(checkpoint / REFERENCE) if PartialState().is_main_process else {})
        options = StateDictOptions(full_state_dict=True, broadcast_from_rank0=many)
        set_model_state_dict(self._reference, weights, options=options)


def go_on(trainer: Any, folder: TrainingFolder, steps: int, reference: Any = None) -> None:  # noqa: ANN401 - of TRL
    """Train for so many steps in all, from the last checkpoint where there is one. A `reference` that follows the
    policy is kept with it.
    """
    last = latest(folder.checkpoints)
    if reference is not None:
        kept = KeepReference(reference)
        trainer.add_callback(kept)
        if last is not None:
            kept.restore(last)
    trainer.add_callback(MarkComplete())  # the last one: all else is written
    if last is not None and step_of(last) >= steps and not trainer.is_deepspeed_enabled:
        # Killed between its last checkpoint and its end. transformers looks for the end behind a step only.
        trainer._load_from_checkpoint(str(last))
        trainer.state = TrainerState.load_from_json(str(last / "trainer_state.json"))
        return
    trainer.train(resume_from_checkpoint=None if last is None else str(last))


def latest(folder: Path) -> Path | None:
    """The newest whole checkpoint. What a kill left in the middle of a save is removed."""
    found = sorted(folder.glob(f"{PREFIX_CHECKPOINT_DIR}-*"), key=step_of)
    whole = [one for one in found if (one / MARK).exists()]
    if PartialState().is_main_process:
        for one in set(found) - set(whole):
            shutil.rmtree(one)
    return whole[-1] if whole else None


def step_of(checkpoint: Path) -> int:
    """The step after which a checkpoint was written."""
    return int(checkpoint.name.rpartition("-")[2])
