"""GRPO with the factory's rewards (R1 paper, 2.1 and 3.2; A.3), on TRL's trainer.

What is ours: completions are verified in the pool while others are still being written; a verifier's fault gives no
reward, and the completion neither teaches nor counts in its group; prompts are the factory's own renderings, so that a
model is trained on the very tokens that it is sampled with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import torch
from accelerate import PartialState
from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer

from r1data.errors import RecipeError
from r1data.measures import warm_up
from r1data.recipe import Grpo
from r1data.verifiers import VerifierPool
from training import checkpoints, models
from training.arguments import arguments, batches
from training.conversations import end_ids
from training.job import Job
from training.metrics import WriteMetrics
from training.prompts import order
from training.reward_model import RewardModel
from training.rewards import Scorer
from training.rollouts import Rollouts

COLUMNS = (
    "messages", "verifier", "reference", "task", "language", "question", "category", "thinking", "prefill",
)  # fmt: skip
"""Of a prompt, beside `rendered`: what its rewards need."""


BY_TOKEN = ("completion_ids", "completion_mask", "ref_per_token_logps", "old_per_token_logps")
"""What a batch of TRL's has for each token of a completion."""
PIECES = 4


class Trainer(GRPOTrainer):
    """TRL's trainer, which hands completions to the scorer as they are written."""

    def __init__(self, scorer: Scorer, rollouts: Rollouts | None, special_tokens: bool, **rest: Any) -> None:  # noqa: ANN401
        self._scorer = scorer
        self._rollouts = rollouts
        self._special_tokens = special_tokens
        super().__init__(reward_funcs=[_reward(scorer, name) for name in scorer.names], **rest)

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        self._scorer.begin(inputs)
        self._prefills = [row["prefill"] for row in inputs]
        output: dict[str, Any] = super()._generate_and_score_completions(inputs)
        return output

    def _tokenize_prompts(self, prompts: list[str]) -> tuple[list[list[int]], None, dict[str, Any]]:
        ids = self.processing_class(text=prompts, add_special_tokens=self._special_tokens)["input_ids"]
        return ids, None, {}

    def _generate_single_turn(self, prompt_ids: list[list[int]], *rest: Any) -> tuple[list[list[int]], Any]:  # noqa: ANN401
        """Completions by our own rollouts where one process has the whole model on a CPU; else by TRL's means."""
        if self._rollouts is not None:
            model = self.accelerator.unwrap_model(self.model)
            return self._rollouts.write(model, prompt_ids, self._written), None
        ids, logprobs = super()._generate_single_turn(prompt_ids, *rest)
        self._written(range(len(ids)), ids)
        return ids, logprobs

    def _written(self, places: Sequence[int], ids: Sequence[list[int]]) -> None:
        texts = self.processing_class.batch_decode(ids, skip_special_tokens=True)
        self._scorer.take(places, [self._prefills[place] + text for place, text in zip(places, texts, strict=True)])

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:  # noqa: ANN401
        """On a CPU, in pieces of similar length: a few long completions would pad all others to their width. The loss
        is a mean over completions, so that of equal pieces is the same.
        """
        pieces = list(_by_length(inputs)) if self._rollouts is not None else [inputs]
        losses = [super(Trainer, self)._compute_loss(model, piece) for piece in pieces]
        return torch.stack(losses).mean()

    def _calculate_rewards(self, *given: Any) -> torch.Tensor:  # noqa: ANN401
        """Rewards by completion and name, of all processes. A row with a fault is all NaN, which TRL leaves out of the
        group's mean and spread, and gives no advantage.
        """
        rewards: torch.Tensor = super()._calculate_rewards(*given)
        faults = torch.isinf(rewards).any(dim=1)
        self._metrics["train"]["faults"].append(faults.float().mean().item())
        rewards[faults] = torch.nan
        return rewards


def _by_length(inputs: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A batch of TRL's in `PIECES` of equal size, or whole where it cannot be shared out, without idle padding."""
    mask = inputs["completion_mask"]
    rows = mask.shape[0]
    order = mask.sum(dim=1).argsort()
    for some in order.chunk(PIECES if rows % PIECES == 0 else 1):
        width = max(1, int(mask[some].sum(dim=1).max()))  # of cut completions that are masked nothing is left
        piece = {}
        for key, value in inputs.items():
            cut = value[some] if isinstance(value, torch.Tensor) and value.dim() and value.shape[0] == rows else value
            piece[key] = cut[:, :width] if key in BY_TOKEN else cut
        yield piece


def _reward(scorer: Scorer, name: str) -> Callable[..., list[float | None]]:
    def reward(**given: Any) -> list[float | None]:  # noqa: ANN401 - TRL hands over whatever there is
        return scorer.scores()[name]

    reward.__name__ = name
    return reward


def train(job: Job) -> dict[str, Any]:
    """Train, and leave the model. Returns the summary."""
    settings = job.settings
    assert isinstance(settings, Grpo)
    tokenizer = models.load_tokenizer(job)
    gpu = models.on_gpu(job.where)
    device = str(PartialState(cpu=not gpu).device)  # each process has its own
    raters = {name: RewardModel.load(Path(path), device) for name, path in job.reward_models.items()}
    prompts, places = _prompts(job)
    use_vllm = job.where.rollouts == "vllm" or (job.where.rollouts == "auto" and gpu)
    rollouts = None
    if not use_vllm and job.where.processes == 1:
        ends = end_ids(tokenizer, models.load_generation_config(job))
        rollouts = Rollouts(ends, settings.temperature, settings.max_tokens, job.where.rollout_batch)
    warm_up()
    with VerifierPool(None, settings.deadline) as pool:
        pool.expect(prompts["verifier"].unique())
        scorer = Scorer(pool, settings.rewards, raters)
        trainer = Trainer(
            scorer,
            rollouts,
            job.special_tokens,
            model=models.load_policy(job, tokenizer),
            args=_configuration(job, scorer.weights, use_vllm=use_vllm),
            train_dataset=_dataset(prompts, places),
            processing_class=tokenizer,
            peft_config=models.adapters(job, "CAUSAL_LM"),
            callbacks=[WriteMetrics(job.folder)],
        )
        followed = trainer.ref_model if trainer.args.sync_ref_model else None
        if followed is not None and trainer.is_deepspeed_enabled:
            raise RecipeError(
                "reference_every: a reference that follows the policy cannot be kept in checkpoints of DeepSpeed",
                "use data/runtimes/train-fsdp.yaml, or leave the reference as it is: reference_every: null",
            )
        checkpoints.go_on(trainer, job.folder, settings.steps, followed)
        models.leave(trainer, tokenizer, job)
    return {
        "steps": trainer.state.global_step,
        "samples": {"taken": len(places) * settings.group, "prompts": len(set(places))},
    }


def _configuration(job: Job, weights: Sequence[float], *, use_vllm: bool) -> GRPOConfig:
    """The paper's settings in TRL's words.

    Raises:
        RecipeError: groups cannot be shared out over the processes.
    """
    settings = job.settings
    assert isinstance(settings, Grpo)
    micro, accumulated = batches(settings.questions * settings.group, job)
    if micro * accumulated % settings.group:
        raise RecipeError(
            f"group: {settings.group} completions of a prompt do not fit into the {micro * accumulated} of a process",
            "change training.processes in the runtime, or questions",
        )
    own = {
        "max_steps": settings.steps,
        "per_device_train_batch_size": micro,
        "gradient_accumulation_steps": accumulated,
        "steps_per_generation": accumulated * settings.rollout_steps,
        "num_generations": settings.group,
        "max_completion_length": settings.max_tokens,
        "temperature": settings.temperature,
        "beta": settings.kl,
        "epsilon": settings.clip,
        "loss_type": "grpo",
        "scale_rewards": "group",
        "reward_weights": list(weights),
        "mask_truncated_completions": settings.mask_truncated,
        "sync_ref_model": settings.reference_every is not None and settings.kl > 0 and settings.lora is None,
        "ref_model_sync_steps": settings.reference_every or 1,
        "ref_model_mixup_alpha": 1.0,
        "shuffle_dataset": False,  # `order` has done it
        "use_vllm": use_vllm,
        "vllm_mode": "colocate",
        "vllm_gpu_memory_utilization": job.where.vllm_memory,
        "model_init_kwargs": {"revision": job.revision} if job.revision else None,  # of the reference
    }
    return GRPOConfig(**arguments(job, settings.steps, own))


def _prompts(job: Job) -> tuple[pl.DataFrame, list[int]]:
    """The table of prompts, those with a rule first, and which of them come when."""
    assert isinstance(job.settings, Grpo)
    prompts = pl.concat([pl.read_parquet(path) for path in job.inputs])
    ruled = prompts.filter(~pl.col("general"))
    general = prompts.filter(pl.col("general"))
    return pl.concat([ruled, general]), order(job.settings, ruled.height, general.height)


def _dataset(prompts: pl.DataFrame, places: list[int]) -> Dataset:
    """One row for each question of each step, in their order."""
    rows = prompts.select(*COLUMNS, pl.col("rendered").alias("prompt")).to_dicts()
    return Dataset.from_list(rows).select(places)
