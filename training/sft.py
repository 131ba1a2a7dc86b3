"""SFT on conversations, and distillation, which is SFT on those of a better model (R1 paper, B.4.2 and B.4.3)."""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from accelerate import PartialState
from datasets import Dataset
from trl import SFTConfig, SFTTrainer

from r1data.errors import ModelError, SourceError
from r1data.recipe import Sft
from training import checkpoints, models
from training.arguments import arguments, batches
from training.conversations import Dropped, Encoder, Message, Unfit, end_ids
from training.job import Job
from training.metrics import WriteMetrics

SCHEMA = pa.schema({"input_ids": pa.list_(pa.int32()), "labels": pa.list_(pa.int32())})
ROWS_AT_ONCE = 256
KEEPS_APART = ("flash_attention_2", "flash_attention_3", "flex_attention")
"""Attentions that do not look across the samples of a packed row."""


def conversations(paths: Sequence[Path]) -> Iterator[list[Message]]:
    """The conversations of Parquet and JSONL files, one after the other; only their `messages` are read.

    Raises:
        SourceError: a file has none.
    """
    for path in paths:
        if path.suffix == ".parquet":
            file = pq.ParquetFile(path)
            if "messages" not in file.schema_arrow.names:
                raise SourceError(
                    f"{path}: has no column `messages`", "name a dataset of r1data, or a file that has one"
                )
            for batch in file.iter_batches(batch_size=256, columns=["messages"]):
                yield from batch.column(0).to_pylist()
        else:
            with path.open(encoding="utf-8") as lines:
                for number, text in enumerate(lines, 1):
                    row = json.loads(text)
                    if "messages" not in row:
                        raise SourceError(f"{path}, line {number}: has no key `messages`")
                    yield row["messages"]


def encoded(job: Job, encoder: Encoder, counts: Counter[str]) -> Iterator[dict[str, list[int]]]:
    """The samples to learn from as ids and labels; `counts` is told of each, taken or left out."""
    settings = job.settings
    assert isinstance(settings, Sft)
    for messages in conversations(job.inputs):
        try:
            one = encoder.encode(messages)
            if len(one.ids) > settings.max_length:
                raise Unfit(Dropped.TOO_LONG)
        except Unfit as unfit:
            counts[unfit.why] += 1
            continue
        counts["taken"] += 1
        counts["tokens"] += len(one.ids)
        counts["trained_tokens"] += len(one.ids) - one.prompt_length
        yield {"input_ids": one.ids, "labels": one.labels}


def train(job: Job) -> dict[str, Any]:
    """Train, and leave the model. Returns the summary."""
    settings = job.settings
    assert isinstance(settings, Sft)
    if settings.packing and job.where.attention not in KEEPS_APART:
        raise ModelError(
            "packing: samples of one row would look at each other under this attention",
            f"set training.attention in the runtime to one of {', '.join(KEEPS_APART)}, or leave out packing",
        )
    tokenizer = models.load_tokenizer(job)
    encoder = Encoder(tokenizer, end_ids(tokenizer, models.load_generation_config(job)))
    encoder.probe()
    counts: Counter[str] = Counter()
    rows = _stored(job, encoder, counts)
    if not len(rows):
        raise SourceError(f"no sample is left to learn from: {dict(counts)}", "`r1data train check` shows why")
    model = models.load_policy(job, tokenizer)
    micro, accumulated = batches(settings.batch, job)
    steps = math.ceil(math.ceil(len(rows) / settings.batch) * settings.epochs)
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(
            **arguments(
                job,
                steps,
                {
                    "num_train_epochs": settings.epochs,
                    "per_device_train_batch_size": micro,
                    "gradient_accumulation_steps": accumulated,
                    "max_length": settings.max_length,
                    "packing": settings.packing,
                    "dataset_kwargs": {"skip_prepare_dataset": not settings.packing},  # it is prepared
                    "shuffle_dataset": False,
                    "eos_token": tokenizer.eos_token,
                },
            )
        ),
        train_dataset=rows,
        processing_class=tokenizer,
        peft_config=models.adapters(job, "CAUSAL_LM"),
        callbacks=[WriteMetrics(job.folder)],
    )
    checkpoints.go_on(trainer, job.folder, steps)
    models.leave(trainer, tokenizer, job)
    return {"steps": trainer.state.global_step, "samples": dict(counts)}


def _stored(job: Job, encoder: Encoder, counts: Counter[str]) -> Dataset:
    """The samples on disk, memory-mapped: a set of R1's size has more tokens than memory. Made once for a job."""
    path, counted = job.folder.samples, job.folder.sample_counts
    if PartialState().is_main_process and not counted.exists():
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, SCHEMA) as out:
            for rows in _in_batches(encoded(job, encoder, counts), ROWS_AT_ONCE):
                out.write_batch(pa.RecordBatch.from_pylist(rows, SCHEMA))
        staged = counted.with_suffix(".staged")
        staged.write_text(json.dumps(counts))
        staged.replace(counted)
    while not counted.exists():  # a barrier gives up after ten minutes, and 800,000 samples take longer
        time.sleep(1)
    counts.clear()
    counts.update(json.loads(counted.read_text()))
    return Dataset.from_file(str(path))


def _in_batches(rows: Iterator[dict[str, list[int]]], size: int) -> Iterator[list[dict[str, list[int]]]]:
    while batch := list(islice(rows, size)):
        yield batch
