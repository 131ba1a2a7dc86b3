"""Finding the workspace that a command is about."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from r1data.errors import WorkspaceError
from r1data.store import Workspace
from r1data.store.mix_folder import is_mix_folder, started_parts
from r1data.store.pipeline_folder import is_pipeline_folder, workspaces

RUNS = Path("runs")
WorkspaceOption = Annotated[
    Path | None, typer.Option("--workspace", "-w", help="The run's folder; by default the newest in runs/.")
]


def find_workspace(given: Path | None, *, mixes: bool = False) -> Workspace:
    """The named workspace, or the one that was written last in `runs/`; that of a mix where the command can do with it.

    Raises:
        WorkspaceError: there is none, or it is that of a mix and `mixes` is false.
    """
    found = Workspace.existing(given) if given is not None else _newest()
    if not mixes and is_mix_folder(found.root):
        parts = ", ".join(str(place) for place in started_parts(found.root).values()) or "none is made yet"
        raise WorkspaceError(
            f"{found.root}: is the workspace of a mix, and this is about one run", f"name a part: {parts}"
        )
    if not mixes and is_pipeline_folder(found.root):
        drawn = ", ".join(str(place) for place in workspaces(found.root)) or "none is made yet"
        raise WorkspaceError(
            f"{found.root}: is the folder of a pipeline, and this is about one run", f"name a workspace: {drawn}"
        )
    return found


def _newest() -> Workspace:
    manifests = sorted(RUNS.glob("*/manifest.json"), key=lambda path: path.stat().st_mtime)
    if not manifests:
        raise WorkspaceError("there is no run in runs/ here", "name a workspace with -w, or run a recipe first")
    return Workspace.existing(manifests[-1].parent)
