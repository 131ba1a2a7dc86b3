"""Workspaces for the tests of reviewing: real runs, of the scripted engine or of replies that the test writes."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import yaml

from r1data.progress import Progress, Silence
from r1data.recipe import read_recipe, read_runtime
from r1data.run import run
from r1data.sampling import expanded
from r1data.stages import open_job, plan
from r1data.store import Workspace
from r1data.verifiers import VerifierPool
from schemas import Completions
from tests.end_to_end.rehearsal import SCRIPTED

GOOD = (
    "<think>\nI take {n} apples and add {m} more, which makes {sum}.\n\nCounting back gives {n} again.\n</think>\n\n"
    "The answer is $\\boxed{{{sum}}}$."
)


def write_recipe(folder: Path, tiny: Path, questions: list[str], **selection: object) -> Path:
    """A recipe that asks each question once; the answer to all of them is 42."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [json.dumps({"question": question, "answer": "42", "licence": "CC0-1.0"}) for question in questions]
    (folder / "prompts.jsonl").write_text("\n".join(rows), encoding="utf-8")
    recipe = {
        "name": "reviewed", "model": str(tiny), "prompts": [{"kind": "file", "path": "prompts.jsonl"}],
        "sampling": {"draws": 1, "max_tokens": 400}, "duplicates": {"scope": "prompt", "prompts": "keep"},
        "audit": {"rules": []},
        "selection": selection,
    }  # fmt: skip
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe), encoding="utf-8")
    return path


def workspace_of(folder: Path, tiny: Path, exchanges: dict[str, str], **selection: object) -> Workspace:
    """A workspace in which each question (a key) has got this reply. Everything else is as a run makes it."""
    recipe = read_recipe(write_recipe(folder, tiny, list(exchanges), **selection))
    job = open_job(recipe, read_runtime(None, [*SCRIPTED]), folder / "run", Progress(Silence()))
    with job.workspace.locked(), VerifierPool(1, 10) as pool:
        plan(job, pool)
    asked = dict(
        job.workspace.read_prompts()
        .select("prompt_id", pl.col("messages").list.last().struct.field("content"))
        .iter_rows()
    )
    limits = job.workspace.scan_limits().collect()
    draws = expanded(limits, job.route, recipe.seed).join(limits.select("prompt_id", "rendered"), on="prompt_id")
    drawn = draws.select(
        "completion_id", "prompt_id", pl.lit(job.route).alias("route"), "draw", "seed",
        pl.lit("by hand").alias("model"), pl.lit("0").alias("model_fingerprint"), "rendered",
        pl.lit(1.0).alias("temperature"), pl.lit(1.0).alias("top_p"), pl.lit(400).alias("max_tokens"),
        pl.lit("none").alias("engine"),
        pl.col("prompt_id").replace_strict(asked).replace_strict(exchanges).alias("text"),
        pl.lit("stop").alias("finish_reason"), pl.lit(9).alias("prompt_tokens"), pl.lit(99).alias("completion_tokens"),
        pl.lit(1).alias("stages"), pl.lit(0.1).alias("seconds"), pl.lit(None, pl.String).alias("error"),
    )  # fmt: skip
    job.workspace.seal_completions(Completions.validate(drawn, cast=True))
    run(job)
    return job.workspace


def sums(count: int) -> dict[str, str]:
    """Questions whose answer is 42, with good replies."""
    return {
        f"What is {n} + {42 - n}?": GOOD.format(n=n, m=42 - n, sum=42) + f"\n\nThat was question {n}."
        for n in range(count)
    }
