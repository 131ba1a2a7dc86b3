"""The general flow: writing, questions of fact, self-cognition and the rest of what is not reasoning.

python -m flows.general data/recipes/r1-800k.yaml
"""

from __future__ import annotations

from pathlib import Path

from prefect import flow

from flows.command import run_as_command
from flows.holding import holding
from flows.parts import Where, make_parts, open_making

GROUP = "general"


@flow(name="general", persist_result=False)
def general(mix: Path, workspace: Where = None, runtime: Path | None = None, scale: float = 1.0) -> Path:
    """Make the parts of a mix that are general; returns the mix's folder."""
    making = open_making(mix, workspace, runtime, scale)
    with holding(making.job.root, GROUP):
        make_parts(making, [GROUP])
    return making.job.root


if __name__ == "__main__":
    run_as_command(general, lambda root: f"parts    {root / 'parts'}")
