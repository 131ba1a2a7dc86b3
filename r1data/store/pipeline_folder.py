"""The folder of a pipeline: what tells it from a run's, and how far its stages are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import yaml

from r1data.store.workspace import Workspace
from r1data.trained import TrainingFolder

KIND = "pipeline"


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a stage is: `done`, `under way` or `waiting`; `step` of a training, `accuracy` of a measured model."""

    seed: int
    stage: str
    kind: str
    state: str
    step: int | None = None
    accuracy: float | None = None


def is_pipeline_folder(root: Path) -> bool:
    """Whether a pipeline is made here."""
    return Workspace(root).read_manifest().get("kind") == KIND


def standing(root: Path) -> list[Standing]:
    """Every stage for every seed, the models of the beginning first."""
    pipeline = yaml.safe_load((root / "pipeline.yaml").read_text(encoding="utf-8"))
    found = []
    for seed in pipeline["seeds"]:
        place = root / f"seed-{seed}"
        if seed == pipeline["seeds"][0]:  # they are the same for all seeds
            found += [_measured(place, seed, name, "model") for name in pipeline["models"]]
        for stage in pipeline["stages"]:
            name, kind = stage["name"], stage["kind"]
            found.append(_data(place, seed, name) if kind == "data" else _training(place, seed, name, kind))
    return found


def workspaces(root: Path) -> list[Path]:
    """The workspaces in which a pipeline has drawn."""
    return sorted(path.parent for path in root.glob("seed-*/**/recipe.yaml"))


def _training(place: Path, seed: int, name: str, kind: str) -> Standing:
    folder = TrainingFolder(place / "models" / name)
    rows = folder.read_metrics()
    step = int(rows[-1]["step"]) if rows else None
    if not folder.is_done:
        return Standing(seed, name, kind, "under way" if folder.job.exists() else "waiting", step)
    if kind == "reward":
        return Standing(seed, name, kind, "done", step)
    measured = _measured(place, seed, name, kind)
    return Standing(seed, name, kind, measured.state, step, measured.accuracy)


def _measured(place: Path, seed: int, name: str, kind: str) -> Standing:
    known = place / "held-out" / name / "scores.json"
    if known.exists():
        accuracy = json.loads(known.read_text(encoding="utf-8"))["accuracy"]["mean"]
        return Standing(seed, name, kind, "done", accuracy=accuracy)
    return Standing(seed, name, kind, "under way" if known.parent.is_dir() else "waiting")


def _data(place: Path, seed: int, name: str) -> Standing:
    folder = place / "data" / name
    done = (folder / "made.json").exists()
    return Standing(seed, name, "data", "done" if done else "under way" if folder.is_dir() else "waiting")
