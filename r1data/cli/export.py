"""`r1data export`: a dataset in another trainer's form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from r1data.handoff import FORMATS
from r1data.handoff import export as export_dataset


def export(
    source: Annotated[Path, typer.Argument(help="A workspace of r1data, of a mix, or a dataset's folder.")],
    form: Annotated[str, typer.Option("--format", "-f", help=f"Who is to read it: {', '.join(FORMATS)}.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder to write; default SOURCE/export/FORMAT.")
    ] = None,
    task: Annotated[
        Literal["sft", "rl"], typer.Option("--for", help="`sft` for conversations, `rl` for prompts and references.")
    ] = "sft",
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Write SOURCE in the form that another trainer reads."""
    done = export_dataset(source, form, task, out or source / "export" / f"{form}-{task}")
    if as_json:
        counts = {"files": done.files, "left_out": done.left_out, "held_back": done.held_back}
        typer.echo(json.dumps({"folder": str(done.folder), **counts}))
        return
    for name, rows in done.files.items():
        typer.echo(f"{done.folder / name}   {rows:,} rows")
    if done.left_out:
        typer.echo(f"left out: {done.left_out:,} prompts that no rule checks")
    if done.held_back:
        typer.echo(f"held back: {done.held_back:,} prompts of the dataset's other splits")
    typer.echo(f"to use   {done.use}")
