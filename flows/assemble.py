"""The assembling flow: what the parts of a mix keep becomes one dataset, which is published where that is wanted.

python -m flows.assemble data/recipes/r1-800k.yaml --repo me/r1-800k
"""

from __future__ import annotations

from pathlib import Path

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from flows.command import run_as_command
from flows.holding import holding
from flows.parts import Making, Where, open_making
from r1data.mix import merge_parts
from r1data.publishing import Published, Request, publish
from r1data.stages.merge import Merging
from r1data.store import Workspace


@task(cache_policy=NO_CACHE)
def merge_task(making: Making) -> Merging:
    """Merge what the parts keep."""
    return merge_parts(making.job)


@task(cache_policy=NO_CACHE)
def publish_task(root: Path, repo: str, public: bool) -> Published:
    """Publish the dataset, unless the very same is there already. HF_TOKEN of the environment is the token."""
    return publish(Workspace(root), Request(repo, public=public), get_run_logger().info)


@flow(name="assemble", persist_result=False)
def assemble(
    mix: Path,
    workspace: Where = None,
    runtime: Path | None = None,
    scale: float = 1.0,
    repo: str | None = None,
    public: bool = False,
) -> Path:
    """Merge the parts of a mix; with `repo`, publish what is new to the Hub. Returns the mix's folder."""
    making = open_making(mix, workspace, runtime, scale)
    root = making.job.root
    with holding(root, "assemble"):
        merging = merge_task(making)
        create_table_artifact(
            key="shortage", table=list(merging.shortage), description=f"{making.job.mix.name}: {root}"
        )
        if repo is not None:
            published = publish_task(root, repo, public)
            what = f"version {published.tag} is published" if published.changed else "nothing is new; nothing was sent"
            get_run_logger().info(f"{published.url}: {what}")
    return root


if __name__ == "__main__":
    run_as_command(assemble, lambda root: f"dataset  {root / 'dataset'}\nreport   {root / 'report.html'}")
