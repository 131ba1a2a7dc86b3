"""`r1data run`: from a recipe to a dataset."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from r1data.cli.estimates import comparison_table
from r1data.cli.mixes import run_a_mix
from r1data.cli.output import listening
from r1data.cli.pipelines import run_a_pipeline
from r1data.cli.settings import read_mix_runtime, read_settings
from r1data.cli.workspaces import RUNS
from r1data.errors import RecipeError
from r1data.estimate import compare_stored
from r1data.progress import Progress
from r1data.recipe import Recipe, Runtime, is_mix, is_pipeline, scaled_recipe
from r1data.report import Funnel
from r1data.run import Result
from r1data.run import run as run_job
from r1data.stages import open_job, preview
from r1data.standing_in import with_stand_ins
from r1data.store import Workspace
from r1data.verifiers import VerifierPool


def run(
    recipe: Annotated[Path, typer.Argument(help="The YAML file of a recipe, of a mix of several, or of a pipeline.")],
    workspace: Annotated[
        Path | None, typer.Option("--workspace", "-w", help="Folder for everything made; default runs/NAME.")
    ] = None,
    runtime: Annotated[
        Path | None, typer.Option(help="Runtime's YAML file; by default a local vLLM with all defaults.")
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change a key: sampling.draws=8, runtime.concurrency=64. May be repeated."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be sampled; write nothing.")] = False,
    retry_failed: Annotated[bool, typer.Option(help="Draw again what failed in earlier runs.")] = False,
    top_up: Annotated[
        bool, typer.Option(help="Let prompts go on that have too few good completions under the present thresholds.")
    ] = False,
    scale: Annotated[
        float, typer.Option(help="Of a mix: so many times its numbers of prompts and its quotas.", min=1e-9)
    ] = 1.0,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Of a mix: make this part or group only (cold_start, reasoning, general). May be repeated."),
    ] = None,
    merging: Annotated[bool, typer.Option("--merge/--no-merge", help="Of a mix: whether to merge its parts.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Make the dataset that RECIPE describes. Running it again goes on where it stopped."""
    if is_pipeline(recipe):
        if dry_run or only or scale != 1:
            raise RecipeError(f"{recipe}: a pipeline has no --dry-run, --only or --scale", "change its keys with --set")
        run_a_pipeline(recipe, runtime, changes or [], workspace, as_json=as_json)
        return
    if is_mix(recipe):
        if dry_run:
            raise RecipeError(f"{recipe}: a mix has no --dry-run", "use it on the recipes of its parts")
        where = read_mix_runtime(recipe, runtime, changes or [])
        run_a_mix(
            recipe, where, workspace, scale=scale, only=only or [], merging=merging, retry_failed=retry_failed,
            top_up=top_up, as_json=as_json,
        )  # fmt: skip
        return
    what, where = read_settings(recipe, runtime, changes or [])
    what = with_stand_ins(scaled_recipe(what, scale) if scale != 1 else what, where, what.name)
    root = workspace or RUNS / what.name
    if dry_run:
        _show_preview(what, where, root, retry_failed=retry_failed, top_up=top_up, as_json=as_json)
        return
    try:
        with listening() as listener:
            progress = Progress(listener)
            progress.say(f"recipe {recipe} -> {root}")
            result = run_job(open_job(what, where, root, progress), retry_failed=retry_failed, top_up=top_up)
    except KeyboardInterrupt:
        message = f"\nstopped. What was finished is safe in {root}; run the same command again to go on."
        typer.echo(message, err=True)
        raise typer.Exit(130) from None
    _show_result(result, root, as_json)


def _show_preview(
    recipe: Recipe, runtime: Runtime, root: Path, *, retry_failed: bool, top_up: bool, as_json: bool
) -> None:
    with listening() as listener:
        job = open_job(recipe, runtime, root, Progress(listener))
        with VerifierPool(runtime.verify_workers, recipe.verification.deadline) as pool:
            plan, prompts = preview(job, pool, retry_failed=retry_failed, top_up=top_up)
    sources = dict(prompts.group_by("source").len().sort("source").iter_rows())
    if as_json:
        names = ("prompts", "bad", "duplicates", "set_aside", "planned", "completed")
        counts = {name: getattr(plan, name) for name in names}
        typer.echo(json.dumps(counts | {"failed": plan.failed, "pending": plan.pending, "sources": sources}))
        return
    table = Table("source", "prompts", "draws, at most", title="would be sampled (nothing is written)")
    for source, count in sources.items():
        table.add_row(source, f"{count:,}", f"{count * recipe.sampling.first_draws:,}")
    table.add_row("all", f"{plan.prompts:,}", f"{plan.planned:,}", style="bold")
    console = Console()
    console.print(table)
    console.print(
        f"{plan.completed + plan.failed:,} of {plan.planned:,} draws are in {root} already, {plan.pending:,} to make: "
        f"at most {plan.pending * recipe.sampling.max_tokens:,} tokens from {recipe.model.id}",
        highlight=False,
    )


def _show_result(result: Result, root: Path, as_json: bool) -> None:
    compared = compare_stored(Workspace(root))
    if as_json:
        paths = {"dataset": str(root / "dataset"), "report": str(root / "report.html")}
        estimated = [row.as_dict() for row in compared.rows] if compared else None
        facts = {**result.funnel.as_dict(), "sampled": result.sampled, "estimate": estimated}
        typer.echo(json.dumps({**facts, **paths}))
        return
    console = Console()
    console.print(_funnel_table(result.funnel))
    if compared:
        console.print(comparison_table(compared))
    console.print(f"time     {timedelta(seconds=round(result.seconds))}", highlight=False)
    console.print(f"dataset  {root / 'dataset'}", highlight=False, soft_wrap=True)
    console.print(f"report   {root / 'report.html'}", highlight=False, soft_wrap=True)


def _funnel_table(funnel: Funnel) -> Table:
    table = Table("stage", "rows", "share", title="from planned to kept", title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    total = max(funnel.planned, 1)

    def row(name: str, count: int, style: str = "") -> None:
        table.add_row(name, f"{count:,}", f"{count / total:.1%}", style=style)

    row("planned", funnel.planned)
    row("  pending", funnel.pending, "dim")
    row("  failed", funnel.failed, "dim")
    row("completed", funnel.completed)
    for reason, count in funnel.rejected_by_reason.items():
        row(f"  rejected: {reason}", count, "dim")
    row("kept", funnel.kept, "bold")
    return table
