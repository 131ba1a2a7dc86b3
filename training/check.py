"""A look at what a training would learn from: one batch, token by token with its mask, before any step is paid for."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import Any

from r1data.errors import RecipeError
from r1data.recipe import Sft
from training import models
from training.conversations import Dropped, Encoder, end_ids
from training.job import Job
from training.sft import encoded

SHOWN = 4


def check(job: Job) -> dict[str, Any]:
    """What is learnt: `rows` of the first batch, each a `prompt` (no loss) and a `learnt` text with its `end` token;
    `counts` of all samples, taken and left out.

    Raises:
        ModelError: the template swallows reasoning, or ends replies with a token that no engine stops at.
        RecipeError: it is no SFT.
    """
    settings = job.settings
    if not isinstance(settings, Sft):
        raise RecipeError("only trainings of the kind sft learn from conversations", "check the file of an SFT")
    models.require_room(job)
    tokenizer = models.load_tokenizer(job)
    encoder = Encoder(tokenizer, end_ids(tokenizer, models.load_generation_config(job)))
    encoder.probe()
    counts: Counter[str] = Counter()
    samples = encoded(job, encoder, counts)
    rows = [_row(one, tokenizer) for one in islice(samples, min(settings.batch, SHOWN))]
    for _ in samples:
        pass
    left_out = sum(counts[why] for why in Dropped)
    return {
        "rows": rows, "counts": dict(counts), "conversations": counts["taken"] + left_out,
        "max_length": settings.max_length,
    }  # fmt: skip


def _row(sample: dict[str, list[int]], tokenizer: Any) -> dict[str, Any]:  # noqa: ANN401
    ids, labels = sample["input_ids"], sample["labels"]
    first = next(place for place, label in enumerate(labels) if label >= 0)
    return {
        "prompt": tokenizer.decode(ids[:first]),
        "learnt": tokenizer.decode(ids[first:-1]),
        "end": tokenizer.decode(ids[-1:]),
        "tokens": len(ids),
        "learnt_tokens": len(ids) - first,
    }
