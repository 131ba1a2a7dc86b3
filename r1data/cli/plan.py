"""`r1data plan`: what a recipe will take, before anything is spent; and afterwards how far off that was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from r1data.cli.figures import amount, hours, short, storage
from r1data.cli.output import listening
from r1data.cli.settings import read_settings
from r1data.cli.workspaces import RUNS, find_workspace
from r1data.errors import WorkspaceError
from r1data.estimate import (
    ASSUMED,
    Assumptions,
    Comparison,
    Figures,
    Forecast,
    Row,
    Span,
    compare_stored,
    estimate,
    store,
)
from r1data.pilot import pilot as run_pilot
from r1data.progress import Progress
from r1data.stages import open_job, preview
from r1data.store import Workspace
from r1data.verifiers import VerifierPool


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
    with listening() as listener:
        job = open_job(what, where, root, Progress(listener))
        with VerifierPool(where.verify_workers, what.verification.deadline) as pool:
            if pilot is not None:
                run_pilot(job, pool, pilot)
            _, prompts = preview(job, pool)
        forecast = estimate(job, prompts, Assumptions(pass_rate, tokens), tokens_per_second)
        store(job.workspace, forecast)
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
        typer.echo(json.dumps({"when": compared.when, "draws_there": compared.draws_there, "rows": rows}))
        return
    Console().print(comparison_table(compared))


def comparison_table(compared: Comparison) -> Table:
    """Estimated, actual, and how many times the one the other is."""
    known = f", when {compared.draws_there:,} draws were there" if compared.draws_there else ""
    table = Table(
        "", "estimated", "90% range", "actual", "times", title=f"estimate of {compared.when}{known}",
        title_justify="left",
    )  # fmt: skip
    for column in table.columns[1:]:
        column.justify = "right"
    for row in compared.rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        span = f"{_figure(row, row.estimated.low)} – {_figure(row, row.estimated.high)}"
        table.add_row(row.name, _figure(row, row.estimated.mean), span, _figure(row, row.actual), ratio)
    return table


def _figure(row: Row, number: float) -> str:
    return written(number, row.unit)


def written(number: float, unit: str) -> str:
    """A figure in its unit: draws, tokens, prompts, hours, bytes, or a currency."""
    match unit:
        case "bytes":
            return storage(number)
        case "draws" | "tokens" | "prompts":
            return short(round(number))
        case "hours":
            return hours(number)
        case currency:
            return amount(number, currency)


def _show(forecast: Forecast, root: Path) -> None:
    console = Console()
    if len(forecast.domains) > 1:
        console.print(_by_domain(forecast))
    console.print(_whole(forecast))
    for name, basis in [(one.domain, one.basis) for one in forecast.domains] + list(forecast.basis.items()):
        console.print(f"{name}: {basis}", highlight=False, markup=False)
    kept = f"kept in {root / 'estimate.json'}; `r1data plan -w {root}` holds it against what comes of it"
    console.print(kept, highlight=False, markup=False, soft_wrap=True)


def _spans(one: Figures, currency: str) -> list[tuple[str, str, Span]]:
    """Name, unit and span of what is known of a domain."""
    figures = [
        ("solved", "prompts", one.solved),
        ("draws", "draws", one.draws),
        ("tokens written", "tokens", one.completion_tokens),
        ("tokens sent", "tokens", one.prompt_tokens),
        ("GPU-hours", "hours", one.gpu_hours) if one.gpu_hours else ("hours", "hours", one.hours),
        ("cost", currency, one.money),
        ("disk", "bytes", one.disk),
    ]
    return [(name, unit, span) for name, unit, span in figures if span is not None]


def _by_domain(forecast: Forecast) -> Table:
    names = list(dict.fromkeys(name for one in forecast.domains for name, _, _ in _spans(one, forecast.currency)))
    table = Table("domain", "prompts", *names, title=f"{forecast.recipe}: means by domain", title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for one in (*forecast.domains, forecast.whole):
        means = {name: written(span.mean, unit) for name, unit, span in _spans(one, forecast.currency)}
        cells = [means.get(name, "?") for name in names]
        style = "bold" if one is forecast.whole else ""
        table.add_row(one.domain, f"{one.prompts:,}", *cells, style=style)
    return table


def _whole(forecast: Forecast) -> Table:
    """All domains together: the mean of each figure, and the range that holds nine times in ten."""
    whole = forecast.whole
    title = f"{forecast.recipe}: {whole.prompts:,} prompts, {forecast.draws_there:,} draws there already"
    table = Table("", "estimated", "90% range", title=title, title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, unit, span in _spans(whole, forecast.currency):
        table.add_row(name, written(span.mean, unit), f"{written(span.low, unit)} – {written(span.high, unit)}")
    return table
