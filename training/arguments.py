"""Arguments that every trainer of TRL shares, from a job."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from r1data.errors import RecipeError
from training.job import Job
from training.models import in_bfloat16, on_gpu


def batches(batch: int, job: Job) -> tuple[int, int]:
    """Samples that a device takes at once, and how often it does so for one step.

    Raises:
        RecipeError: the batch cannot be shared out evenly.
    """
    each, left = divmod(batch, job.where.processes)
    if left:
        raise RecipeError(
            f"a batch of {batch} cannot be shared out over {job.where.processes} processes",
            "change training.processes in the runtime, or the batch",
        )
    micro = min(job.where.micro_batch or each, each)
    if each % micro:
        raise RecipeError(
            f"training.micro_batch: {micro} does not divide the {each} samples of a process",
            f"of {batch} samples a step each of {job.where.processes} processes has {each}",
        )
    return micro, each // micro


def arguments(job: Job, steps: int, own: Mapping[str, Any]) -> dict[str, Any]:
    """Keyword arguments for a configuration of TRL, for a training of so many steps: what all have in common, what is
    the trainer's `own`, and what the runtime adds.

    Raises:
        RecipeError: the runtime would change what the training is.
    """
    ours = {**_common(job, steps), **own}
    if taken := sorted(job.where.settings.keys() & {*ours, "max_steps", "num_train_epochs"}):
        raise RecipeError(
            f"runtime.training.settings: {', '.join(taken)} would change what the training is, or has a key of its own",
            "change it in the training's file, or under runtime.training",
        )
    return {**ours, **job.where.settings}


def _common(job: Job, steps: int) -> dict[str, Any]:
    settings, where = job.settings, job.where
    every = where.checkpoint_every
    if settings.kind == "grpo":
        every = math.ceil(every / settings.rollout_steps) * settings.rollout_steps  # never between two generations
    schedule: dict[str, Any] = {"lr_scheduler_type": "constant_with_warmup"}
    if settings.schedule == "cosine":
        schedule = {
            "lr_scheduler_type": "cosine_with_min_lr",
            "lr_scheduler_kwargs": {"min_lr_rate": settings.final_share},
        }
    return {
        "output_dir": str(job.folder.checkpoints),
        "seed": settings.seed,
        "data_seed": settings.seed,
        "learning_rate": settings.learning_rate,
        **schedule,
        "warmup_steps": round(settings.warmup * steps),
        "weight_decay": settings.weight_decay,
        "max_grad_norm": settings.grad_clip,
        "bf16": in_bfloat16(where),
        "use_cpu": not on_gpu(where),
        "gradient_checkpointing": where.gradient_checkpointing,
        "save_strategy": "steps",
        "save_steps": every,
        "save_total_limit": where.keep_checkpoints,
        "logging_strategy": "steps",
        "logging_steps": 1,
        "logging_first_step": True,
        "report_to": list(where.log_to),
        "disable_tqdm": True,
        "push_to_hub": False,
    }
