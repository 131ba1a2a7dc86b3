"""A mix makes each part and merges them; killed at any moment, it comes to the same end."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from r1data.store import Workspace
from schemas import Examples

REPO = Path(__file__).parents[2]
MIX = """
name: small
parts:
  - {name: easy, group: cold_start, kind: recipe, recipe: easy.yaml}
  - {name: mended, group: cold_start, kind: rewrite, of: [easy], model: your-org/writer, on_failure: keep_original}
  - {name: math, group: reasoning, kind: recipe, recipe: math.yaml, set: {sampling.draws: 3}}
  - name: sft
    group: general
    kind: replies
    sources: [{kind: file, path: sft.jsonl, licence: CC0-1.0, verifier: math}]
merge:
  quotas: {math: 60000, general: 10000}
  keep_per_prompt: 2
  test_share: 0.2
"""
RECIPE = """
name: {name}
seed: {seed}
model: your-org/model
prompts: [{{kind: shipped, dataset: {dataset}, limit: {limit}}}]
sampling: {{draws: 2, max_tokens: 4000}}
"""
RUNTIME = f"""
engine: {{kind: scripted, accuracy: 0.7, flaws: 0.1, latency_seconds: LATENCY}}
verify_workers: 1
concurrency: 8
stand_ins:
  your-org/model: {REPO / "data" / "models" / "tiny"}
  your-org/writer: {REPO / "data" / "models" / "tiny"}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The mix, its recipes and a small set of conversations."""
    folder = tmp_path_factory.mktemp("mix")
    (folder / "mix.yaml").write_text(MIX, encoding="utf-8")
    for name, seed, dataset, limit in (("easy", 1, "word-problems-en", 8000), ("math", 2, "arithmetic-en", 12000)):
        text = RECIPE.format(name=name, seed=seed, dataset=dataset, limit=limit)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    rows: list[dict[str, Any]] = [
        {"question": f"What is {n} + {n}?", "answer": str(n + n), "domain": "general", "category": "factual_qa",
         "response": f"Twice {n} makes \\boxed{{{n + n + (n == 3)}}}."}
        for n in range(2, 8)
    ]  # fmt: skip
    (folder / "sft.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    for name, latency in (("fast", 0.0), ("slow", 0.2)):
        (folder / f"{name}.yaml").write_text(RUNTIME.replace("LATENCY", str(latency)), encoding="utf-8")
    return folder


def started(folder: Path, root: Path, runtime: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "r1data", "run", str(folder / "mix.yaml"), "--scale", "0.001", "-w", str(root),
               "--runtime", str(folder / f"{runtime}.yaml"), "--json"]  # fmt: skip
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, env=os.environ
    )


def finished(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err[-3000:]
    told: dict[str, Any] = json.loads(out)
    return told


def made(root: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that must come out alike, however often the run was stopped."""
    tables = {"merged": pl.read_parquet(root / "merged.parquet").sort("example_id").rows()}
    for part in sorted((root / "parts").iterdir()):
        drawn = Workspace(part).tables().completions.select("completion_id", "text", "finish_reason")
        tables[part.name] = drawn.sort("completion_id").collect().rows()
    shown = pl.read_parquet(root / "dataset" / "data" / "*.parquet").select("example_id", "prompt_id", "part", "domain")
    return tables | {"dataset": shown.sort("example_id").rows()}


@pytest.fixture(scope="module")
def whole(folder: Path) -> tuple[Path, dict[str, Any]]:
    """The mix made without a break."""
    root = folder / "whole"
    return root, finished(started(folder, root, "fast"))


def test_every_part_offers_and_the_merge_adds_up(whole: tuple[Path, dict[str, Any]]) -> None:
    root, told = whole
    merged = told["merged"]
    assert set(told["parts"]) == {"easy", "mended", "math", "sft"}
    assert all(part["kept"] > 0 for part in told["parts"].values())
    assert set(merged["parts"]) == {"mended", "math", "sft"}, "what was rewritten is not offered twice"
    assert merged["offered"] == merged["kept"] + sum(merged["reasons"].values())
    assert told["parts"]["sft"]["kept"] == 5, "one of the six answers is wrong"
    short = {row["domain"]: row["missing"] for row in merged["shortage"] if row["quota"] == "domain"}
    assert short == {"math": 60 - merged["kept"] + 5, "general": 10 - 5}, "what is missing is told"

    examples = Examples.validate(pl.read_parquet(root / "dataset" / "data" / "*.parquet"))
    assert examples.height == merged["kept"]
    origins = examples.filter(part="mended")
    rewrites = Workspace(root / "parts" / "mended").tables().rewrites.collect()
    anew = {row["completion_id"]: row["original_id"] for row in rewrites.iter_rows(named=True) if row["steps"]}
    assert origins.height and {row["example_id"]: row["rewritten_from"] for row in origins.iter_rows(named=True)} == {
        one: anew.get(one) for one in origins["example_id"]
    }, "what was kept as it was is not called rewritten"
    before = Workspace(root / "parts" / "easy").tables().completions.select("completion_id").collect()
    assert set(rewrites["original_id"]) <= set(before["completion_id"])
    assert set(examples.filter(part="sft")["licence"]) == {"CC0-1.0"}
    splits = (
        pl.read_parquet(root / "merged.parquet").filter("kept").group_by("prompt_id").agg(pl.col("split").n_unique())
    )
    assert splits["split"].max() == 1, "no prompt is on both sides"


def test_a_second_run_draws_nothing_and_changes_nothing(whole: tuple[Path, dict[str, Any]], folder: Path) -> None:
    root, _ = whole
    before, files = made(root), sorted(path.name for path in (root / "dataset" / "data").iterdir())
    finished(started(folder, root, "fast"))
    assert made(root) == before
    assert sorted(path.name for path in (root / "dataset" / "data").iterdir()) == files, (
        "the same bytes, the same names"
    )


@pytest.mark.slow
def test_killed_at_random_moments_it_comes_to_the_same_end(whole: tuple[Path, dict[str, Any]], folder: Path) -> None:
    root, chance = folder / "killed", random.Random(6)
    for _ in range(4):
        process = started(folder, root, "slow")
        time.sleep(chance.uniform(6, 20))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    finished(started(folder, root, "fast"))
    assert made(root) == made(whole[0])
