"""Parts: the parts of a mix as Prefect tasks, side by side where nothing is in the way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from flows.news import FlowLog
from r1data.engines import Standby
from r1data.mix import MixJob, in_turn, make_part, open_mix
from r1data.progress import Progress
from r1data.recipe import RewritePart, ServerEngine, read_mix, read_runtime
from r1data.recipe.mix import Part

Where = Annotated[Path | None, typer.Option("--workspace", "-w", help="Folder for everything made; default runs/NAME.")]
"""A flow's workspace, as a parameter and on the command line."""
Row = dict[str, Any]


class Making:
    """A mix that is being made. A plain object, so that Prefect passes it on without looking inside."""

    def __init__(self, job: MixJob, standby: Standby | None = None) -> None:
        self.job = job
        self.standby = standby


def open_making(mix: Path, workspace: Path | None, runtime: Path | None, scale: float) -> Making:
    """Read a mix and its runtime inside a flow run, which then hears of the progress.

    Raises:
        RecipeError: a file does not fit.
    """
    root = workspace or Path("runs") / read_mix(mix).name
    return Making(open_mix(mix, read_runtime(runtime), root, Progress(FlowLog()), scale))


@task(cache_policy=NO_CACHE, task_run_name="{name}")
def part_task(making: Making, name: str) -> Row:
    """Make one part, from its prompts to its dataset."""
    funnel = make_part(making.job, name, standby=making.standby)
    counts = {key: value for key, value in funnel.as_dict().items() if isinstance(value, int)}
    return {"part": name, **counts}


def make_parts(making: Making, only: Iterable[str]) -> list[Row]:
    """Make the parts with these names or of these groups, and what they rewrite. Returns a row of counts for each.

    Routes that do not need each other run side by side where the engine is a server of somebody's; a local engine
    wants the machine for itself, and stays on for the parts that share its model.
    """
    rows: list[Row] = []
    parts = making.job.mix.chosen(only)
    if isinstance(making.job.runtime.engine, ServerEngine):
        for names in waves(parts):
            futures = [part_task.submit(making, name) for name in names]
            rows += [future.result() for future in futures]
    else:
        with Standby() as standby:
            one_by_one = Making(making.job, standby)
            rows += [part_task(one_by_one, part.name) for part in in_turn(making.job, parts)]
    create_table_artifact(key="parts", table=rows, description=f"{making.job.mix.name}: {making.job.root}")
    return rows


def waves(parts: Sequence[Part]) -> list[list[str]]:
    """Names of parts in waves: what rewrites others comes in a later one than those."""
    wave: dict[str, int] = {}
    for part in parts:  # a mix names what is rewritten before what rewrites it
        after = [wave[name] for name in part.of if name in wave] if isinstance(part, RewritePart) else []
        wave[part.name] = max(after, default=-1) + 1
    return [[name for name, its in wave.items() if its == number] for number in sorted(set(wave.values()))]
