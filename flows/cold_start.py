"""The cold-start flow: the routes of a mix's cold start, their rewriting, and where it is wanted the review by people.

python -m flows.cold_start data/recipes/r1-800k.yaml
"""

from __future__ import annotations

from pathlib import Path

from prefect import flow

from flows.command import run_as_command
from flows.holding import holding
from flows.parts import Where, make_parts, open_making
from flows.review import reviewed

GROUP = "cold_start"


@flow(name="cold-start", persist_result=False)
def cold_start(
    mix: Path, workspace: Where = None, runtime: Path | None = None, scale: float = 1.0, review: bool = False
) -> bool:
    """Make the parts of a mix that are cold start. Returns whether they may be used: with `review` only when people
    have signed off every part that offers rows, whose dataset is then made again with what they decided.
    """
    making = open_making(mix, workspace, runtime, scale)
    job = making.job
    with holding(job.root, GROUP):
        make_parts(making, [GROUP])
        if not review:
            return True
        offering = [part.name for part in job.mix.offering if part.group == GROUP]
        if not reviewed([job.workspace(name).root for name in offering]):
            return False
        make_parts(making, offering)
        return True


if __name__ == "__main__":
    run_as_command(cold_start, lambda ready: "cold start is ready" if ready else "cold start waits for its review")
