"""`r1data refine`: what is to be kept of the replies in a file, and why the others are not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from r1data.cli.output import listening
from r1data.progress import Progress
from r1data.recipe import BenchmarkSource, Refinement, read_refinement
from r1data.stages import Refined, refine_file


def refine(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT",
            help="JSONL or Parquet with id, response and, where known, prompt, solution, language, reference.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="The table to write (Parquet): measures and decision of every row.")],
    benchmarks: Annotated[
        list[Path] | None, typer.Option(help="Benchmark items that no row may hold: id, text, solution. Repeatable.")
    ] = None,
    recipe: Annotated[
        Path | None, typer.Option(help="Thresholds and benchmarks, from a recipe or from its sections alone.")
    ] = None,
    kept: Annotated[Path | None, typer.Option(help="Also write the rows that are kept, whole (Parquet).")] = None,
    report: Annotated[Path | None, typer.Option(help="Also write a page (HTML) to look at.")] = None,
    verify: Annotated[bool, typer.Option(help="Check the answers of rows that have a reference.")] = True,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Threads, and verifier processes; by default one per core.")
    ] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="Change a key: selection.longest_paragraph=1500. Repeatable.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Measure, compare and decide on every reply in INPUT. Another threshold later: `r1data whatif OUT`."""
    settings = with_benchmarks(read_refinement(recipe, changes), benchmarks or [])
    try:
        with listening() as listener:
            refined = refine_file(
                source, out, settings, Progress(listener), kept=kept, report=report, verify=verify, workers=workers
            )
    except KeyboardInterrupt:
        typer.echo("\nstopped. Nothing was written; the same command begins again.", err=True)
        raise typer.Exit(130) from None
    _show(refined, out, kept, report, as_json)


def with_benchmarks(settings: Refinement, files: list[Path]) -> Refinement:
    """The settings with these files among the benchmarks, named after the files."""
    own = tuple(BenchmarkSource(name=file.stem, path=str(file.resolve())) for file in files)
    contamination = settings.contamination.model_copy(update={"benchmarks": (*settings.contamination.benchmarks, *own)})
    return settings.model_copy(update={"contamination": contamination})


def _show(refined: Refined, out: Path, kept: Path | None, report: Path | None, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(refined.as_dict() | {"out": str(out)}, ensure_ascii=False))
        return
    table = Table("reason", "rows", "share", "as the first", title=f"{refined.rows:,} rows", title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    total = max(refined.rows, 1)
    for reason, count in refined.reasons.items():
        table.add_row(reason, f"{count:,}", f"{count / total:.1%}", f"{refined.first_reasons.get(reason, 0):,}")
        for finding, number in refined.findings.items():
            if finding.startswith(f"{reason}/"):
                table.add_row(f"  {finding.partition('/')[2]}", f"{number:,}", f"{number / total:.1%}", "", style="dim")
    table.add_row("kept", f"{refined.kept:,}", f"{refined.kept / total:.1%}", "", style="bold")
    console = Console()
    console.print(table)
    if refined.checked:
        names = ", ".join(f"{name} ({count:,} items)" for name, count in refined.checked.items())
        console.print(f"held against {names}", highlight=False, soft_wrap=True)
    for name, why in refined.unchecked.items():
        console.print(f"NOT held against {name}: {why}", style="bold", highlight=False, soft_wrap=True)
    pace = f"{refined.rows / refined.seconds:,.0f} rows a second" if refined.seconds else ""
    console.print(f"{refined.seconds:,.1f} s, {pace}", highlight=False)
    for title, path in (("table", out), ("kept", kept), ("report", report)):
        if path is not None:
            console.print(f"{title:8} {path}", highlight=False, soft_wrap=True)
