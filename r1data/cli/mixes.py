"""`r1data run MIX`: parts, then the merge; and how that came out."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from r1data.cli.merge import show_merging
from r1data.cli.output import listening
from r1data.cli.workspaces import RUNS
from r1data.mix import MixResult, open_mix, run_mix
from r1data.progress import Progress
from r1data.recipe import Runtime, read_mix
from r1data.report import Funnel
from r1data.stages.merge import Merging


def run_a_mix(
    path: Path,
    runtime: Runtime,
    workspace: Path | None,
    *,
    scale: float,
    only: list[str],
    merging: bool,
    retry_failed: bool,
    top_up: bool,
    as_json: bool,
) -> None:
    """Run a mix and show how it came out."""
    root = workspace or RUNS / read_mix(path).name
    try:
        with listening() as listener:
            progress = Progress(listener)
            job = open_mix(path, runtime, root, progress, scale)
            progress.say(f"mix {path} -> {root}")
            result = run_mix(job, only, merging=merging, retry_failed=retry_failed, top_up=top_up)
    except KeyboardInterrupt:
        typer.echo(f"\nstopped. What was finished is safe in {root}; run the same command again to go on.", err=True)
        raise typer.Exit(130) from None
    _show(result, root, as_json)


def _show(result: MixResult, root: Path, as_json: bool) -> None:
    if as_json:
        parts = {name: funnel.as_dict() for name, funnel in result.funnels.items()}
        merged = result.merging.as_dict() if result.merging else None
        paths = {"dataset": str(root / "dataset"), "report": str(root / "report.html")} if merged else {}
        typer.echo(json.dumps({"parts": parts, "merged": merged, "seconds": round(result.seconds, 1), **paths}))
        return
    console = Console()
    console.print(_parts_table(result.funnels, result.merging))
    if result.merging is not None:
        show_merging(result.merging, root, as_json=False)
    console.print(f"in all   {timedelta(seconds=round(result.seconds))}", highlight=False)


def _parts_table(funnels: dict[str, Funnel], merging: Merging | None) -> Table:
    table = Table("part", "drawn", "kept", "in the mix", title="parts", title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    merged = merging.parts if merging else {}
    for name in dict.fromkeys((*funnels, *merged)):
        funnel = funnels.get(name)
        drawn = f"{funnel.completed:,}" if funnel else ""
        kept = f"{funnel.kept:,}" if funnel else ""
        mine = f"{merged[name]['kept']:,}" if name in merged else "(rewritten)" if merged else ""
        table.add_row(name, drawn, kept, mine)
    return table
