"""The demo's recipe on a server that runs already: what the benchmarks with the real engine share."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import yaml

from r1data.recipe import Recipe, read_recipe

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "data" / "models" / "tiny"


def write_recipe(path: Path, draws: object) -> Recipe:
    """The demo's recipe, with all prompts of the shipped sets so that there are enough of them, and these draws."""
    document = yaml.safe_load((ROOT / "data" / "recipes" / "demo.yaml").read_text(encoding="utf-8"))
    document["model"] = str(MODEL)
    document["sampling"]["draws"] = draws
    for source in document["prompts"]:
        source.pop("limit", None)
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return read_recipe(path)


def run(url: str, recipe: Path, workspace: Path, in_flight: int) -> None:
    """`r1data run` in a new workspace, as a user would have it."""
    runtime = workspace.with_suffix(".runtime.yaml")
    engine = {"kind": "server", "endpoints": [url], "model": MODEL.name}
    runtime.write_text(yaml.safe_dump({"engine": engine, "concurrency": in_flight}), encoding="utf-8")
    command = [sys.executable, "-m", "r1data", "run", str(recipe), "-w", str(workspace), "--runtime", str(runtime)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode:
        raise SystemExit(f"r1data run failed:\n{done.stderr[-2000:]}")


def say(line: str) -> None:
    """A line of news, beside the figures on standard output."""
    print(line, file=sys.stderr, flush=True)
