"""Reward models: training them (R1 paper, 3.1), and asking them.

Helpfulness is learnt from pairs, and what is read of a reply is its answer alone, so that the thought is free; safety
is learnt from single replies that are safe or not, and the whole reply is read.
"""

from __future__ import annotations

import contextlib
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import torch
from datasets import Dataset
from peft import get_peft_model
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
)
from trl import RewardConfig, RewardTrainer

from r1data import replies
from r1data.errors import SourceError
from r1data.recipe import RewardModelling
from training import checkpoints, models
from training.arguments import arguments, batches
from training.conversations import Encoder, Message, Unfit, end_ids
from training.job import Job
from training.metrics import WriteMetrics

RATED_AT_ONCE = 64
NEEDED = {"pairwise": ("messages", "chosen", "rejected"), "pointwise": ("messages", "response", "safe")}
"""What a row must have, by the loss."""
CARD = "reward.json"
"""Beside the weights: what the model reads of a reply, and the tokens that end one."""


def read_part(reply: str, part: str) -> str:
    """What a reward model reads of a reply: all of it, or the answer behind the thought; without one an empty text."""
    return reply if part == "whole" else replies.split(reply).answer or ""


def conversation(messages: Sequence[Message], reply: str, part: str) -> list[Message]:
    """The turns that the model is shown."""
    return [*messages, {"role": "assistant", "content": read_part(reply, part)}]


@dataclass(frozen=True, slots=True)
class RewardModel:
    """A trained reward model. `part` is what it reads of a reply."""

    network: Any
    tokenizer: Any
    encoder: Encoder
    part: str

    @classmethod
    def load(cls, folder: Path, device: str) -> RewardModel:
        """Load what `train` left."""
        network = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).to(device).eval()
        card = json.loads((folder / CARD).read_text())
        tokenizer = AutoTokenizer.from_pretrained(folder)
        return cls(network, tokenizer, Encoder(tokenizer, card["ends"]), card["reads"])

    @torch.no_grad()
    def rate(self, conversations: Sequence[Sequence[Message]], written: Sequence[str]) -> list[float]:
        """How good replies are, between 0 and 1: the logistic function of the network's number. One of which there is
        nothing to read, or which forges turns, has 0.
        """
        readable: dict[int, list[int]] = {}
        for place, (messages, reply) in enumerate(zip(conversations, written, strict=True)):
            with contextlib.suppress(Unfit):
                readable[place] = self.encoder.encode(conversation(messages, reply, self.part)).ids
        rated = [0.0] * len(written)
        places = list(readable)
        for first in range(0, len(places), RATED_AT_ONCE):
            some = places[first : first + RATED_AT_ONCE]
            batch = self.tokenizer.pad({"input_ids": [readable[place] for place in some]}, return_tensors="pt")
            points = torch.sigmoid(self.network(**batch.to(self.network.device)).logits[:, 0].float())
            for place, point in zip(some, points.tolist(), strict=True):
                rated[place] = point
        return rated


def _rows(paths: Sequence[Path], needed: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    for path in paths:
        with path.open(encoding="utf-8") as lines:
            for number, text in enumerate(lines, 1):
                row = json.loads(text)
                if missing := [name for name in needed if name not in row]:
                    raise SourceError(
                        f"{path}, line {number}: has no key `{missing[0]}`", f"needed: {', '.join(needed)}"
                    )
                yield row


def train(job: Job) -> dict[str, Any]:
    """Train, and leave the model with a note of what it reads. Returns the summary."""
    settings = job.settings
    assert isinstance(settings, RewardModelling)
    tokenizer = models.load_tokenizer(job)
    encoder = Encoder(tokenizer, end_ids(tokenizer, models.load_generation_config(job)))
    counts: Counter[str] = Counter()
    rows = list(_pairs(job, encoder, counts) if settings.loss == "pairwise" else _points(job, encoder, counts))
    if not rows:
        raise SourceError(f"no sample is left to learn from: {dict(counts)}")
    unseen = list(_rows(job.held_out, NEEDED[settings.loss]))  # now, so that what is wrong with it costs no training
    model = models.load_scorer(job, tokenizer)
    micro, accumulated = batches(settings.batch, job)
    steps = math.ceil(math.ceil(len(rows) / settings.batch) * settings.epochs)
    own = {
        "num_train_epochs": settings.epochs,
        "per_device_train_batch_size": micro,
        "gradient_accumulation_steps": accumulated,
    }
    data = Dataset.from_list(rows)
    if settings.loss == "pairwise":
        trainer: Any = RewardTrainer(
            model=model,
            args=RewardConfig(**arguments(job, steps, {**own, "max_length": None})),
            train_dataset=data,
            processing_class=tokenizer,
            peft_config=models.adapters(job, "SEQ_CLS"),
            callbacks=[WriteMetrics(job.folder)],
        )
    else:
        if settings.lora is not None:
            model = get_peft_model(model, models.adapters(job, "SEQ_CLS"))
        model.config.problem_type = "multi_label_classification"  # one label, so binary cross-entropy of one number
        trainer = Trainer(
            model=model,
            args=TrainingArguments(**arguments(job, steps, own)),
            train_dataset=data,
            data_collator=DataCollatorWithPadding(tokenizer),
            callbacks=[WriteMetrics(job.folder)],
        )
    checkpoints.go_on(trainer, job.folder, steps)
    card = {"reads": settings.part, "loss": settings.loss, "ends": sorted(encoder.end_ids)}
    models.leave(trainer, tokenizer, job, {CARD: json.dumps(card)})
    summary = {"steps": trainer.state.global_step, "samples": dict(counts)}
    if unseen and trainer.accelerator.is_main_process:
        rater = RewardModel.load(job.folder.model, str(trainer.accelerator.device))
        summary["held_out"] = told_right(rater, settings.loss, unseen)
    return summary


def told_right(model: RewardModel, loss: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """How a model does on rows that it has not seen: the share of pairs whose better reply it rates higher (a tie is
    half), or of replies that it puts on the right side of a half; with the 95% margin, and the number of `rows`.
    """
    asked = [row["messages"] for row in rows]
    if loss == "pairwise":
        chosen, rejected = (model.rate(asked, [row[name] for row in rows]) for name in ("chosen", "rejected"))
        right = [1.0 if ours > other else 0.5 if ours == other else 0.0
                 for ours, other in zip(chosen, rejected, strict=True)]  # fmt: skip
    else:
        rated = model.rate(asked, [row["response"] for row in rows])
        right = [float((one > 0.5) == row["safe"]) for one, row in zip(rated, rows, strict=True)]
    share = sum(right) / len(right)
    return {"share": share, "margin": 1.96 * math.sqrt(share * (1 - share) / len(right)), "rows": len(right)}


def judged_pairs(path: Path, min_difference: float, counts: Counter[str]) -> Iterator[dict[str, Any]]:
    """Pairs of a table that `r1data judge pairs` has made, as rows with messages, chosen and rejected. Those that are
    even, or nearly so, or on which the judge failed are left out and counted.
    """
    for batch in pq.ParquetFile(path).iter_batches():
        for row in batch.to_pylist():
            if row["preferred"] is None or abs(row["difference"]) <= min_difference:
                counts["failed" if row["error"] else "even"] += 1
                continue
            better, worse = ("first", "second") if row["preferred"] == "first" else ("second", "first")
            asked = [{"role": "user", "content": row["question"]}]
            yield {"messages": asked, "chosen": row[better], "rejected": row[worse]}


def _pairs(job: Job, encoder: Encoder, counts: Counter[str]) -> Iterator[dict[str, Any]]:
    settings = job.settings
    assert isinstance(settings, RewardModelling)
    judged = [path for path in job.inputs if path.suffix == ".parquet"]
    plain = [path for path in job.inputs if path.suffix != ".parquet"]
    made = chain.from_iterable(judged_pairs(path, settings.min_difference, counts) for path in judged)
    for row in chain(made, _rows(plain, NEEDED["pairwise"])):
        ids = {name: _ids(job, encoder, row, name, counts) for name in ("chosen", "rejected")}
        if all(ids.values()):
            counts["taken"] += 1
            yield {f"{name}_ids": one for name, one in ids.items()}


def _points(job: Job, encoder: Encoder, counts: Counter[str]) -> Iterator[dict[str, Any]]:
    for row in _rows(job.inputs, NEEDED["pointwise"]):
        if ids := _ids(job, encoder, row, "response", counts):
            counts["taken"] += 1
            yield {"input_ids": ids, "labels": [float(row["safe"])]}


def _ids(job: Job, encoder: Encoder, row: Mapping[str, Any], name: str, counts: Counter[str]) -> list[int] | None:
    settings = job.settings
    assert isinstance(settings, RewardModelling)
    try:
        ids = encoder.encode(conversation(row["messages"], row[name], settings.part)).ids
    except Unfit as unfit:
        counts[unfit.why] += 1
        return None
    if len(ids) > settings.max_length:
        counts["too_long"] += 1
        return None
    return ids
