"""How long `r1data whatif` takes over a million rows: in this process, and as a command with its start.

    python -m benchmarks.whatif [--rows 1000000] [--folder DIR]

It makes a workspace with the tables that a run would leave (candidates, kinship with signatures for a fifth of the
rows, sealed draws whose texts are short), and asks what other thresholds would change. The target is 2 seconds.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import typer

from r1data.selection import MEASURES, numbered
from r1data.store import Workspace
from r1data.whatif import whatif
from schemas import Completions, Decisions, Measures
from schemas.kinship import BINS

DRAWS = 4
PART_ROWS = 20_000
QUESTIONS = (
    ("selection.longest_paragraph=1500",),
    ("selection.language_share=0.9", "selection.repeated_ngrams=0.2"),
    ("selection.similarity=0.95",),
    ("selection.keep_per_prompt=2", "selection.keep_rule=shortest", "selection.pass_rate=[0.1, 0.9]"),
    ("selection.keep_per_prompt=2", "selection.keep_rule=random"),
)
CLEAN = {
    "think_in_order": True, "answers_agree": True, "language_share": 1.0, "answer_language_share": 1.0,
    "think_opens": 1, "think_closes": 1, "answer_chars": 400, "tail_repeats": 1,
}  # fmt: skip


def made(root: Path, rows: int, seed: int = 0) -> Workspace:
    """A workspace with so many replies, four of each prompt."""
    random = np.random.default_rng(seed)
    workspace = Workspace(root)
    prompts = rows // DRAWS
    frame = pl.DataFrame({
        "completion_id": _ids(random, prompts * DRAWS),
        "prompt_id": _ids(random, prompts).gather(np.repeat(np.arange(prompts), DRAWS)),
        "draw": np.tile(np.arange(DRAWS), prompts),
        "finish_reason": random.choice(["stop", "length", "loop"], prompts * DRAWS, p=[0.93, 0.05, 0.02]),
        "completion_tokens": random.integers(200, 16000, prompts * DRAWS).astype(np.int32),
        "outcome": random.choice(["correct", "incorrect", "no_answer", "timeout"], prompts * DRAWS,
                                 p=[0.6, 0.3, 0.09, 0.01]),
        "domain": random.choice(["math", "code", "logic"], prompts * DRAWS),
    })  # fmt: skip
    frame = frame.with_columns(asked=pl.lit(True), source=pl.lit("made"), language=pl.lit("en"), folded="completion_id")
    frame = frame.with_columns(_measure(name, random, frame.height) for name in MEASURES)
    frame = frame.sort("prompt_id", "draw", "completion_id")
    kinship = _kinship(frame, random)
    workspace.write_kinship(kinship, "benchmark")
    workspace.write_decisions(Decisions.create_empty(), numbered(frame, kinship))
    _seal(workspace, frame)
    recipe = {"name": "benchmark", "model": "./m", "prompts": [{"kind": "shipped", "dataset": "arithmetic-en"}]}
    workspace.write_manifest({"recipe": "benchmark"}, json.dumps(recipe))
    return workspace


def _ids(random: np.random.Generator, count: int) -> pl.Series:
    digits = random.bytes(16 * count).hex()
    return pl.Series([digits[at : at + 32] for at in range(0, 32 * count, 32)])


def _measure(name: str, random: np.random.Generator, rows: int) -> pl.Series:
    """Values of a measure such that most rows are clean."""
    dtype = Measures.columns()[name].dtype
    if dtype == pl.Boolean:
        rare = random.random(rows) < 0.02
        return pl.Series(name, ~rare if CLEAN.get(name) else rare)
    match name:
        case "longest_paragraph":
            return pl.Series(name, random.gamma(4, 250, rows).astype(np.int32))
        case "language_share" | "answer_language_share":
            return pl.Series(name, random.beta(60, 1, rows))
        case "repeated_lines" | "repeated_paragraphs" | "repeated_ngrams":
            return pl.Series(name, random.beta(1, 12, rows))
        case _:
            rare = np.where(random.random(rows) < 0.02, random.integers(1, 20, rows), CLEAN.get(name, 0))
            return pl.Series(name, rare).cast(dtype)


def _kinship(frame: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """A fifth of the rows in groups of five, each made of one signature with some of its places changed."""
    members = random.permutation(frame.height)[: frame.height // 25 * 5]
    groups = np.arange(len(members)) // 5
    base = random.integers(0, 1 << 16, (len(members) // 5 or 1, BINS), dtype=np.uint16)[groups]
    changed = random.random(base.shape) < random.uniform(0, 0.25, (len(members), 1))
    signatures = np.where(changed, random.integers(0, 1 << 16, base.shape, dtype=np.uint16), base)
    return pl.DataFrame({
        "completion_id": frame["completion_id"].gather(members), "group": groups,
        "signature": pl.Series(signatures, dtype=pl.Array(pl.UInt16, BINS)),
    })  # fmt: skip


def _seal(workspace: Workspace, frame: pl.DataFrame) -> None:
    blank = {
        "route": "r", "seed": 0, "model": "m", "model_fingerprint": "m", "rendered": "r", "temperature": 1.0,
        "top_p": 1.0, "max_tokens": 16384, "engine": "benchmark", "prompt_tokens": 20,
        "text": "<think>\nSo.\n</think>\n\nIt is \\boxed{4}." * 8, "stages": 1, "seconds": 1.0, "error": None,
    }  # fmt: skip
    drawn = frame.select("completion_id", "prompt_id", "draw", "finish_reason", "completion_tokens")
    for part in drawn.iter_slices(PART_ROWS):
        whole = part.with_columns(pl.lit(value).alias(name) for name, value in blank.items())
        workspace.seal_completions(whole.select(Completions.column_names()))


def main(rows: int = 1_000_000, folder: Annotated[Path | None, typer.Option()] = None) -> None:
    """Make the tables and print how long each answer takes."""
    with tempfile.TemporaryDirectory(dir=folder) as made_in:
        started = time.perf_counter()
        workspace = made(Path(made_in) / "run", rows)
        typer.echo(f"{rows:,} rows made in {time.perf_counter() - started:.0f} s")
        for settings in QUESTIONS:
            took = [_timed(workspace, settings) for _ in range(3)]
            wall, cpu = min(took)
            typer.echo(f"{wall:6.2f} s, {cpu:6.2f} s of cores  {' '.join(settings)}")
        options = [option for setting in QUESTIONS[0] for option in ("--set", setting)]
        command = [sys.executable, "-m", "r1data", "whatif", "-w", str(workspace.root), *options]
        for name, what in (("the command", command), ("its start alone", [*command[:3], "--version"])):
            started = time.perf_counter()
            subprocess.run(what, check=True, capture_output=True)
            typer.echo(f"{time.perf_counter() - started:6.2f} s  {name}")
        typer.echo(
            f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB, the making included"
        )


def _timed(workspace: Workspace, settings: tuple[str, ...]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    whatif(workspace, settings)
    return time.perf_counter() - wall, time.process_time() - cpu


if __name__ == "__main__":
    typer.run(main)
