"""A rehearsal: the whole run with the scripted engine, on prompts made here."""

import json
from pathlib import Path

import polars as pl
import yaml

from r1data.progress import Progress, Silence
from r1data.recipe import read_recipe, read_runtime
from r1data.run import Result, run
from r1data.stages import open_job
from r1data.store import Tables, Workspace

SCRIPTED = ["engine.kind=scripted", "verify_workers=2", "shard_prompts=15", "concurrency=16"]


def write_recipe(folder: Path, tiny: Path, prompts: int = 40, **changes: object) -> Path:
    """A recipe over `prompts` sums in English and Chinese."""
    rows = [
        {"question": f"What is {n} + {n + 7}?" if n % 2 else f"{n} 加 {n + 7} 等于多少？", "answer": str(2 * n + 7)}
        for n in range(prompts)
    ]
    (folder / "prompts.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    recipe = {
        "name": "rehearsal",
        "model": str(tiny),
        "prompts": [{"kind": "file", "path": "prompts.jsonl"}],
        "sampling": {"draws": 4, "max_tokens": 400},
    }
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe | changes))
    return path


def rehearse(recipe: Path, root: Path, *changes: str, runtime: tuple[str, ...] = ()) -> Result:
    """Run it in this process."""
    what, where = read_recipe(recipe, list(changes)), read_runtime(None, [*SCRIPTED, *runtime])
    return run(open_job(what, where, root, Progress(Silence())))


def contents(root: Path) -> dict[str, pl.DataFrame]:
    """Every table of a workspace in a fixed order, without what only observes the machine."""
    tables: Tables = Workspace(root).tables()
    return {
        "prompts": tables.prompts.collect().sort("prompt_id").drop("source"),
        "completions": tables.completions.collect().sort("completion_id").drop("seconds"),
        "verdicts": tables.verdicts.collect().sort("completion_id", "verifier").drop("seconds"),
        "measures": tables.measures.collect().sort("completion_id"),
        "decisions": tables.decisions.collect().sort("completion_id"),
        "examples": tables.examples.collect().sort("example_id").drop("source"),
    }


def assert_same(one: Path, other: Path) -> None:
    """Both workspaces hold the same rows."""
    left, right = contents(one), contents(other)
    for name, frame in left.items():
        assert frame.equals(right[name]), name
