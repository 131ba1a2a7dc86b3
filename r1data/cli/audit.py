"""`r1data audit`: what a recipe's prompts lack, before a token is spent."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from r1data.audit import Audited
from r1data.audit import audit as audit_prompts
from r1data.cli.workspaces import RUNS
from r1data.recipe import read_recipe
from r1data.sources import Ingested, read_prompts
from r1data.stages import load_items, screen_prompts
from r1data.store import Workspace
from r1data.verifiers import VerifierPool

EXAMPLES = 3
"""So many prompts are shown for each source and rule."""


def audit(
    recipe: Annotated[Path, typer.Argument(help="The recipe's YAML file.")],
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="Change a key, such as audit.rules=[link,proof]. May be repeated.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print counts and examples as JSON.")] = False,
) -> None:
    """Show which prompts of RECIPE would be set aside, and why. Writes nothing, and needs no model and no engine."""
    what = read_recipe(recipe, changes or [])
    ingested = read_prompts(what)
    known = Workspace(RUNS / what.name).read_audits()
    with VerifierPool(None, what.verification.deadline) as pool:
        items = load_items(what, lambda line: typer.echo(line, err=True)).items
        clean, held = screen_prompts(what, items, ingested.prompts)
        near = what.duplicates.prompts == "drop"
        audited = audit_prompts(clean, what.audit, pool, sources=ingested.sources, known=known, near=near)
        audited = replace(audited, set_aside=pl.concat([held, audited.set_aside]))
    if as_json:
        typer.echo(json.dumps(_as_dict(ingested, audited), ensure_ascii=False))
    else:
        _show(ingested, audited)


def _as_dict(ingested: Ingested, audited: Audited) -> dict[str, Any]:
    by_source = _by_source(audited).to_dicts()
    return {
        "rows": ingested.rows,
        "prompts": audited.prompts.height,
        "bad": ingested.bad.height,
        "duplicates": ingested.duplicates,
        "set_aside": audited.counts,
        "by_source": [{key: row[key] for key in ("source", "rule", "prompts", "examples")} for row in by_source],
    }


def _by_source(audited: Audited) -> pl.DataFrame:
    """For each source and rule the number of prompts, and a few of them."""
    example = pl.struct("row", "detail", "content").sort_by("row").head(EXAMPLES)
    return audited.set_aside.group_by("source", "rule").agg(prompts=pl.len(), examples=example).sort("source", "rule")


def _show(ingested: Ingested, audited: Audited) -> None:
    console = Console()
    set_aside = audited.set_aside.height
    if set_aside:
        table = Table("source", "rule", "prompts", "such as", title="set aside by the audit", title_justify="left")
        table.columns[2].justify = "right"
        for row in _by_source(audited).iter_rows(named=True):
            examples = "\n".join(f"{e['row']}: {_line(e['content'], 70)}\n  {_line(e['detail'], 90)}"
                                 for e in row["examples"])  # fmt: skip
            table.add_row(Text(row["source"]), row["rule"], f"{row['prompts']:,}", Text(examples))
        console.print(table)
    console.print(
        f"{ingested.rows:,} rows = {audited.prompts.height:,} prompts + {ingested.bad.height:,} unusable + "
        f"{ingested.duplicates:,} duplicates + {set_aside:,} set aside by the audit",
        highlight=False,
    )


def _line(text: str, width: int) -> str:
    """The start of a text on one line, printable."""
    flat = "".join(c if c.isprintable() else " " for c in " ".join(text[: 4 * width].split()))
    return flat if len(flat) <= width else flat[: width - 1] + "…"
