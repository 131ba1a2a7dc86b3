"""The folder of a mix: what tells it from a run's, and where its parts are."""

from __future__ import annotations

from pathlib import Path

from r1data.store.workspace import Workspace

PARTS = "parts"
KIND = "mix"


def is_mix_folder(root: Path) -> bool:
    """Whether a mix is made here rather than a single recipe."""
    return Workspace(root).read_manifest().get("kind") == KIND


def part_folder(root: Path, name: str) -> Path:
    """Where a part of the mix is made."""
    return root / PARTS / name


def started_parts(root: Path) -> dict[str, Path]:
    """The parts that have a workspace already, in the order of the mix."""
    places = {name: part_folder(root, name) for name in Workspace(root).read_manifest().get("all_parts", [])}
    return {name: place for name, place in places.items() if (place / "manifest.json").is_file()}
