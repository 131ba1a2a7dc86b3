"""The whole of R1's data: cold start, reasoning, general, then one dataset, each as a flow of its own inside this one.

python -m flows.r1_data data/recipes/r1-800k.yaml --repo me/r1-800k
"""

from __future__ import annotations

from pathlib import Path

from prefect import flow, get_run_logger

from flows.assemble import assemble
from flows.cold_start import cold_start
from flows.command import run_as_command
from flows.general import general
from flows.holding import holding
from flows.parts import Where
from flows.reasoning import reasoning
from r1data.recipe import read_mix


@flow(name="r1-data", persist_result=False)
def r1_data(
    mix: Path,
    workspace: Where = None,
    runtime: Path | None = None,
    scale: float = 1.0,
    review: bool = False,
    repo: str | None = None,
    public: bool = False,
) -> Path:
    """From a mix's file to its dataset, and to the Hub where `repo` names a place. Returns the mix's folder.

    With `review`, what cold start made is used when people have signed it off, and nothing is merged before.
    """
    what = read_mix(mix)
    root = workspace or Path("runs") / what.name
    groups = {part.group for part in what.parts}
    with holding(root, "r1-data"):
        ready = cold_start(mix, root, runtime, scale, review) if "cold_start" in groups else True
        if "reasoning" in groups:
            reasoning(mix, root, runtime, scale=scale)
        if "general" in groups:
            general(mix, root, runtime, scale)
        if ready:
            assemble(mix, root, runtime, scale, repo, public)
        else:
            get_run_logger().info("nothing is merged before the cold start is signed off; the next run looks again")
    return root


if __name__ == "__main__":
    run_as_command(r1_data, lambda root: f"dataset  {root / 'dataset'}\nreport   {root / 'report.html'}")
