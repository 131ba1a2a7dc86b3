"""Models: loading what a training begins with, and leaving behind what it made."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    GenerationConfig,
)

from r1data.errors import ModelError, RecipeError
from r1data.recipe import Grpo, TrainingRuntime
from training.conversations import end_ids
from training.job import Job


def on_gpu(where: TrainingRuntime) -> bool:
    """Whether this training computes on GPUs."""
    return where.device == "gpu" or (where.device == "auto" and torch.cuda.is_available())


def in_bfloat16(where: TrainingRuntime) -> bool:
    """Whether matrices are multiplied in bfloat16; the weights themselves stay in float32, or small steps get lost."""
    return where.precision == "bfloat16" or (where.precision == "auto" and on_gpu(where))


def load_tokenizer(job: Job) -> Any:  # noqa: ANN401 - transformers is untyped
    """The model's tokenizer, with the job's chat template."""
    tokenizer = AutoTokenizer.from_pretrained(job.model, revision=job.revision)
    if job.chat_template is not None:
        tokenizer.chat_template = job.chat_template
    if job.settings.end_token is not None:
        if len(tokenizer.encode(job.settings.end_token, add_special_tokens=False)) != 1:
            raise ModelError(
                f"end_token: {job.settings.end_token!r} is no token of the model",
                "name the one that its template writes",
            )
        tokenizer.eos_token = job.settings.end_token
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_generation_config(job: Job) -> GenerationConfig:
    """How the model is meant to be sampled, which says where its replies end."""
    try:
        return GenerationConfig.from_pretrained(job.model, revision=job.revision or "main")
    except OSError:  # there is none
        return GenerationConfig()


def load_policy(job: Job, tokenizer: Any) -> Any:  # noqa: ANN401
    """The language model that is trained. It stops where its tokenizer says that a reply ends."""
    require_room(job)
    model = AutoModelForCausalLM.from_pretrained(job.model, revision=job.revision, **_loading(job))
    config = load_generation_config(job)
    config.eos_token_id = end_ids(tokenizer, config)
    model.generation_config = config
    return model


def require_room(job: Job) -> None:
    """Refuse to train on more tokens than the model says that it has room for: no engine would serve them.

    Raises:
        ModelError: it has not.
    """
    settings = job.settings
    key = "max_tokens" if isinstance(settings, Grpo) else "max_length"
    asked = getattr(settings, key)
    has = getattr(AutoConfig.from_pretrained(job.model, revision=job.revision), "max_position_embeddings", None)
    if settings.positions is None and has is not None and asked > has:
        raise ModelError(
            f"the model has room for {has:,} tokens, and the training is for {asked:,}",
            f"set {key}: {has} or less, or positions: {asked}, which what comes out will say, too",
        )


def load_scorer(job: Job, tokenizer: Any) -> Any:  # noqa: ANN401
    """The same network with a head that gives one number."""
    require_room(job)
    model = AutoModelForSequenceClassification.from_pretrained(
        job.model, revision=job.revision, num_labels=1, **_loading(job)
    )
    model.config.pad_token_id = tokenizer.pad_token_id
    return model


def _loading(job: Job) -> dict[str, Any]:
    attention = {} if job.where.attention is None else {"attn_implementation": job.where.attention}
    room = {} if job.settings.positions is None else {"max_position_embeddings": job.settings.positions}
    return {"dtype": torch.float32, **attention, **room}


def adapters(job: Job, task: str) -> LoraConfig | None:
    """What peft calls the adapters; None where all weights are trained.

    Raises:
        RecipeError: the weights are spread over devices, where adapters cannot be merged into them.
    """
    lora = job.settings.lora
    if lora is None:
        return None
    if job.where.accelerate is not None:
        raise RecipeError(
            "lora: adapters cannot be merged into weights that are spread over devices",
            "leave training.accelerate out of the runtime: with training.processes each device has the whole model",
        )
    targets = lora.targets if isinstance(lora.targets, str) else list(lora.targets)
    return LoraConfig(
        task_type=task, r=lora.rank, lora_alpha=lora.alpha, lora_dropout=lora.dropout, target_modules=targets
    )


def leave(trainer: Any, tokenizer: Any, job: Job, notes: Mapping[str, str] | None = None) -> None:  # noqa: ANN401
    """Write the model, adapters merged into it, with files of text (`notes`) beside it, and let it appear whole. Called
    by every process.
    """
    target = job.folder.model
    staged = target.with_name("model.staged")
    if trainer.accelerator.is_main_process:
        shutil.rmtree(staged, ignore_errors=True)
    trainer.accelerator.wait_for_everyone()
    if job.settings.lora is None:
        trainer.save_model(str(staged))  # gathers what is spread over devices
    elif trainer.accelerator.is_main_process:
        merged = trainer.accelerator.unwrap_model(trainer.model).merge_and_unload()
        merged.save_pretrained(staged)
    trainer.accelerator.wait_for_everyone()
    if not trainer.accelerator.is_main_process:
        return
    tokenizer.save_pretrained(staged)
    for name, text in (notes or {}).items():
        (staged / name).write_text(text)
    (staged / "training_args.bin").unlink(missing_ok=True)  # a pickle, which nobody should load
    _sync(staged)
    shutil.rmtree(target, ignore_errors=True)
    staged.rename(target)


def _sync(folder: Path) -> None:
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
