"""`r1data plan`: what a recipe will take, before anything is spent; and afterwards how far off that was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from r1data.cli.estimates import comparison_table, domains_table, whole_table
from r1data.cli.output import listening
from r1data.cli.settings import read_settings
from r1data.cli.workspaces import RUNS, find_workspace
from r1data.errors import WorkspaceError
from r1data.estimate import Forecast, compare_stored, store
from r1data.pilot import pilot as run_pilot
from r1data.progress import Progress
from r1data.stages import open_job, preview
from r1data.stages.estimate import ASSUMED, estimate
from r1data.stages.evidence import Assumptions
from r1data.store import Workspace
from r1data.verifiers import VerifierPool
from r1data.visible import visible


def plan(
    recipe: Annotated[
        Path | None, typer.Argument(help="The recipe's YAML file; without it, the stored estimate against what came.")
    ] = None,
    workspace: Annotated[
        Path | None, typer.Option("--workspace", "-w", help="The run's folder; default runs/NAME.")
    ] = None,
    runtime: Annotated[Path | None, typer.Option(help="Runtime's YAML file, with GPUs and prices.")] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change a key: sampling.draws=8, runtime.price.gpu_hour=2.5. May be repeated."),
    ] = None,
    pilot: Annotated[
        int | None,
        typer.Option(min=1, help="Sample so many prompts of each domain first, for real: a run does not repeat them."),
    ] = None,
    pass_rate: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of acceptable draws, where none has been measured.")
    ] = ASSUMED.pass_rate,
    tokens: Annotated[
        float, typer.Option(min=1.0, help="Tokens per draw, where none has been measured.")
    ] = ASSUMED.tokens,
    tokens_per_second: Annotated[
        float | None, typer.Option(min=1e-6, help="Of the whole engine, where it has not been measured.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the estimate as JSON.")] = False,
) -> None:
    """Estimate draws, tokens, GPU-hours, money and disk of RECIPE per domain: from what its workspace has drawn
    already, from a pilot, or from stated assumptions. The estimate is kept there, and held against what comes of it.
    """
    if recipe is None:
        show_comparison(find_workspace(workspace), as_json=as_json)
        return
    what, where = read_settings(recipe, runtime, changes or [])
    root = workspace or RUNS / what.name
    try:
        with listening() as listener:
            job = open_job(what, where, root, Progress(listener))
            with VerifierPool(where.verify_workers, what.verification.deadline) as pool:
                if pilot is not None:
                    run_pilot(job, pool, pilot)
                _, prompts = preview(job, pool)
            forecast = estimate(job, prompts, Assumptions(pass_rate, tokens), tokens_per_second)
            store(job.workspace, forecast)
    except KeyboardInterrupt:
        typer.echo(f"\nstopped. What the pilot has drawn is safe in {root}, and no draw is made again.", err=True)
        raise typer.Exit(130) from None
    if as_json:
        typer.echo(forecast.model_dump_json())
        return
    _show(forecast, root)


def show_comparison(workspace: Workspace, *, as_json: bool = False) -> None:
    """Print how far off the workspace's estimate was."""
    compared = compare_stored(workspace)
    if compared is None:
        raise WorkspaceError(f"{workspace.root}: has no estimate", "make one with `r1data plan RECIPE`")
    if as_json:
        rows = [row.as_dict() for row in compared.rows]
        made = {"when": compared.when, "draws_there": compared.draws_there, "same": compared.same}
        typer.echo(json.dumps({**made, "rows": rows}))
        return
    Console().print(comparison_table(compared))


def _show(forecast: Forecast, root: Path) -> None:
    console = Console()
    if len(forecast.domains) > 1:
        console.print(domains_table(forecast))
    console.print(whole_table(forecast))
    for name, basis in [(one.domain, one.basis) for one in forecast.domains] + list(forecast.basis.items()):
        console.print(f"{visible(name, 60)}: {basis}", highlight=False, markup=False)
    kept = f"kept in {root / 'estimate.json'}; `r1data plan -w {root}` holds it against what comes of it"
    console.print(kept, highlight=False, markup=False, soft_wrap=True)
