"""`r1data run PIPELINE`: stage after stage, then the table of all models."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from r1data.cli.output import listening
from r1data.cli.settings import RUNTIME_PREFIX
from r1data.cli.workspaces import RUNS
from r1data.pipeline import PipelineJob, PipelineResult, open_pipeline, run_pipeline
from r1data.progress import Progress
from r1data.recipe import read_pipeline, read_runtime
from r1data.report.model_table import COLUMNS, rows


def run_a_pipeline(
    path: Path, runtime: Path | None, changes: list[str], workspace: Path | None, *, as_json: bool
) -> None:
    """Run a pipeline and show how its models do."""
    ours = [change for change in changes if not change.startswith(RUNTIME_PREFIX)]
    theirs = [change.removeprefix(RUNTIME_PREFIX) for change in changes if change.startswith(RUNTIME_PREFIX)]
    root = workspace or RUNS / read_pipeline(path, ours).name
    try:
        with listening() as listener:
            progress = Progress(listener)
            job = open_pipeline(path, read_runtime(runtime, theirs), root, progress, ours)
            progress.say(f"pipeline {path} -> {root}")
            result = run_pipeline(job)
    except KeyboardInterrupt:
        typer.echo(f"\nstopped. What was finished is safe in {root}; run the same command again to go on.", err=True)
        raise typer.Exit(130) from None
    _show(job, result, as_json)


def _show(job: PipelineJob, result: PipelineResult, as_json: bool) -> None:
    page = job.root / "report.html"
    if as_json:
        scores = {str(seed): {name: one.as_dict() for name, one in of.items()} for seed, of in result.scores.items()}
        typer.echo(json.dumps({"scores": scores, "seconds": round(result.seconds, 1), "report": str(page)}))
        return
    several = len(result.scores) > 1
    prompts = next((one.prompts for of in result.scores.values() for one in of.values()), 0)
    held = job.pipeline.held_out
    title = f"{prompts:,} held-out prompts, {held.draws} draws at temperature {held.temperature:g}"
    table = Table(
        "model", COLUMNS[0][1], "gained", *(heading for _, heading, _ in COLUMNS[1:]), title=title, title_justify="left"
    )
    if several:
        table.add_column("accuracy by seed")
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows(job.pipeline, result.scores):
        gained = row.gains[0] if row.gains else ""
        table.add_row(row.label, row.cells[0], gained, *row.cells[1:], *([", ".join(row.seeds)] if several else []))
    console = Console(highlight=False)
    console.print(table)
    console.print(f"report   {page}")
    console.print(f"in all   {timedelta(seconds=round(result.seconds))}")
