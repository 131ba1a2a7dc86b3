"""`r1data merge`: one dataset from those of several runs; what a mix does at its end, for folders that are there."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
import yaml
from rich.console import Console
from rich.table import Table
from rich.text import Text

from r1data import __version__
from r1data.cli.output import listening
from r1data.errors import RecipeError
from r1data.progress import Progress
from r1data.recipe.reading import read_merge
from r1data.report.mix_card import MixFacts
from r1data.stages.merge import Merging
from r1data.stages.merge import merge as merge_parts
from r1data.store import Workspace
from r1data.visible import visible


def merge(
    parts: Annotated[
        list[str],
        typer.Argument(metavar="[NAME=]FOLDER...", help="Workspaces of runs, or folders with dataset/data/*.parquet."),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the merged dataset, its card and its page.")],
    settings: Annotated[
        Path | None, typer.Option(help="YAML with quotas and the rest, at the top or under the key merge.")
    ] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="Change a key: quotas.math=1000, keep_per_prompt=4. Repeatable.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Makes every choice that is left to chance.")] = 0,
    scale: Annotated[float, typer.Option(min=0, help="Quotas and budgets times this.")] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Merge the datasets of runs, in the order of precedence. What is short is told, and nothing is repeated."""
    what = read_merge(settings, changes).scaled(scale)
    facts = MixFacts(
        name=out.name or "merged",
        mix_yaml=yaml.safe_dump({"merge": what.model_dump(mode="json")}, sort_keys=False, allow_unicode=True),
        command=shlex.join(["r1data", "merge", *(Path(part).name for part in parts), "--out", out.name]),
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
        seed=seed,
    )
    folders = _named(parts)
    try:
        with listening() as listener, Workspace(out).locked():
            merging = merge_parts(folders, what, seed, out, Progress(listener), facts)
    except KeyboardInterrupt:
        typer.echo("\nstopped. What was there before is there still; the same command begins again.", err=True)
        raise typer.Exit(130) from None
    show_merging(merging, out, as_json)


def _named(parts: list[str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for part in parts:
        name, separator, folder = part.partition("=")
        path = Path(folder if separator else part)
        name = name if separator else path.name
        if not name or name in found:
            raise RecipeError(
                f"{part}: {'needs a name' if not name else f'two parts are called {name}'}", "write NAME=FOLDER"
            )
        found[name] = path
    return found


def show_merging(merging: Merging, root: Path, as_json: bool) -> None:
    """Print how a merge came out: domains with what is missing, and why examples were left out."""
    if as_json:
        paths = {"dataset": str(root / "dataset"), "report": str(root / "report.html")}
        typer.echo(json.dumps({**merging.as_dict(), **paths}, ensure_ascii=False))
        return
    console = Console()
    console.print(_quotas(merging))
    console.print(_left_out(merging))
    if merging.missing:
        console.print(f"{merging.missing:,} rows are missing: nothing that was offered could fill them", style="bold")
    splits = ", ".join(f"{split} {rows:,}" for split, rows in merging.splits.items())
    console.print(f"kept     {merging.kept:,} with {merging.tokens:,} tokens ({splits})", highlight=False)
    console.print(f"time     {merging.seconds:,.1f} s", highlight=False)
    for title, name in (("dataset", "dataset"), ("report", "report.html")):
        console.print(f"{title:8} {root / name}", highlight=False, soft_wrap=True)


def _quotas(merging: Merging) -> Table:
    table = Table("domain", "quota", "wanted", "offered", "fit", "kept", "missing", title_justify="left")
    for column in table.columns[2:]:
        column.justify = "right"
    for row in merging.shortage:
        quota = {"domain": "rows", "tokens": "tokens"}.get(row["quota"]) or f"{row['quota']} {visible(row['name'], 60)}"
        missing = f"{row['missing']:,}" if row["quota"] == "domain" and row["missing"] is not None else ""
        wanted = "no limit" if row["wanted"] is None else f"{row['wanted']:,}"
        counts = (wanted, *(f"{row[name]:,}" for name in ("offered", "fit", "kept")), missing)
        style = "bold" if row["quota"] == "domain" and row["missing"] else ""
        table.add_row(Text(visible(row["domain"], 60)), Text(quota), *counts, style=style)
    return table


def _left_out(merging: Merging) -> Table:
    table = Table("", "rows", "share", title=f"{merging.offered:,} examples offered", title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    total = max(merging.offered, 1)
    for reason, count in merging.reasons.items():
        table.add_row(f"  left out: {reason.replace('_', ' ')}", f"{count:,}", f"{count / total:.1%}", style="dim")
    for name, part in merging.parts.items():
        table.add_row(Text(f"  kept of {visible(name, 60)}"), f"{part['kept']:,}", f"{part['kept'] / total:.1%}")
    table.add_row("kept", f"{merging.kept:,}", f"{merging.kept / total:.1%}", style="bold")
    return table
