"""`r1data benchmarks`: the benchmarks that r1data knows."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from r1data.contamination.registry import BENCHMARKS


def benchmarks(as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False) -> None:
    """List the benchmarks that R1 was judged on; a recipe names them under contamination.benchmarks."""
    if as_json:
        typer.echo(json.dumps([asdict(known) for known in BENCHMARKS.values()], ensure_ascii=False))
        return
    table = Table("name", "benchmark", "items", "on the Hub", "language", "licence")
    table.columns[2].justify = "right"
    for known in BENCHMARKS.values():
        place = (known.dataset or "bring a file") + (" (gated)" if known.gated else "")
        table.add_row(known.name, known.title, f"{known.items:,}", place, known.languages, known.licence)
    Console().print(table)
