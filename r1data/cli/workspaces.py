"""Finding the workspace that a command is about."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from r1data.errors import WorkspaceError
from r1data.store import Workspace

RUNS = Path("runs")
WorkspaceOption = Annotated[
    Path | None, typer.Option("--workspace", "-w", help="The run's folder; by default the newest in runs/.")
]


def find_workspace(given: Path | None) -> Workspace:
    """The named workspace, or the one that was written last in `runs/`."""
    if given is not None:
        return Workspace.existing(given)
    manifests = sorted(RUNS.glob("*/manifest.json"), key=lambda path: path.stat().st_mtime)
    if not manifests:
        raise WorkspaceError("there is no run in runs/ here", "name a workspace with -w, or run a recipe first")
    return Workspace.existing(manifests[-1].parent)
