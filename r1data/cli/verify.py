"""`r1data verify`: verdicts for the rows of a file, or anew for what a run has stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from rich.console import Console
from rich.table import Table

from r1data.cli.output import listening
from r1data.cli.workspaces import find_workspace
from r1data.engines import serving
from r1data.judging import open_judge
from r1data.model import load_model
from r1data.progress import Progress
from r1data.recipe import FilePrompts, JudgeSettings, Model, Recipe, read_runtime
from r1data.stages import Change, JudgeDesk, Tally, reverify, stored_run, verify_file
from r1data.verifiers import VerifierPool
from schemas import Outcome

SHOWN = 10


def verify(
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="[INPUT]", help="JSONL or Parquet with id, verifier, response, reference; see docs/verifiers.md."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The table of verdicts to write (Parquet).")] = None,
    workspace: Annotated[
        Path | None, typer.Option("--workspace", "-w", help="Verify anew what this run has stored, without sampling.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Verifier processes; by default one per core, at most 8.")
    ] = None,
    deadline: Annotated[float, typer.Option(min=0.1, help="Seconds that one answer may take; INPUT only.")] = 10.0,
    judge: Annotated[
        str | None,
        typer.Option(help="A model that judges the rows of verifier `judge`: a folder or a name on the Hub."),
    ] = None,
    runtime: Annotated[
        Path | None, typer.Option(help="Runtime's YAML file, for the judge; by default a local vLLM.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With -w: show what would change, write nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Judge the answers in INPUT, or those of a run: one of seven outcomes for every row, and why."""
    if (source is None) == (workspace is None):
        raise typer.BadParameter("give either INPUT with --out, or a run with -w")
    try:
        if source is not None:
            if out is None:
                raise typer.BadParameter("--out says where the verdicts go")
            with listening() as listener, VerifierPool(workers, deadline) as pool:
                progress = Progress(listener)
                with _desk(judge, runtime, out, progress) as desk:
                    tally = verify_file(source, out, pool, progress, desk)
            _show_tally(tally, out, as_json)
        else:
            _reverify(workspace, workers, dry_run, as_json)
    except KeyboardInterrupt:
        kept = f"; what was verified is safe in {out}.partial, and the same command goes on" if out else ""
        typer.echo(f"\nstopped{kept}.", err=True)
        raise typer.Exit(130) from None


@contextmanager
def _desk(model: str | None, runtime: Path | None, out: Path, progress: Progress) -> Iterator[JudgeDesk | None]:
    """The judge's desk, with its engine running, where a judge is named."""
    if model is None:
        yield None
        return
    nothing = FilePrompts(kind="file", path="-")
    by = open_judge(load_model(Recipe(name="verify", model=Model(id=model), prompts=(nothing,))), JudgeSettings())
    where = read_runtime(runtime)
    with (
        serving(where, by.model, out.with_name(f"{out.name}.log"), progress.say) as service,
        JudgeDesk(by, service) as desk,
    ):
        yield desk


def _reverify(workspace: Path | None, workers: int | None, dry_run: bool, as_json: bool) -> None:
    found = find_workspace(workspace)
    run = stored_run(found)
    with listening() as listener, found.locked(), VerifierPool(workers, run.recipe.verification.deadline) as pool:
        change = reverify(run, pool, Progress(listener), write=not dry_run)
    _show_change(change, str(found.root), dry_run, as_json)


def _show_tally(tally: Tally, out: Path, as_json: bool) -> None:
    if as_json:
        outcomes: dict[str, dict[str, int]] = {}
        for (verifier, outcome), count in sorted(tally.outcomes.items()):
            outcomes.setdefault(verifier, {})[outcome] = count
        typer.echo(json.dumps({"rows": tally.rows, "outcomes": outcomes, "out": str(out)}))
        return
    table = Table("verifier", "outcome", "rows", "share", title="verdicts", title_justify="left")
    for column in table.columns[2:]:
        column.justify = "right"
    for verifier in sorted({name for name, _ in tally.outcomes}):
        counts = {outcome: tally.outcomes[verifier, str(outcome)] for outcome in Outcome}
        total = sum(counts.values())
        for outcome, count in counts.items():
            if count:
                table.add_row(verifier, outcome, f"{count:,}", f"{count / total:.1%}")
    console = Console()
    console.print(table)
    console.print(f"{tally.rows:,} rows, {tally.rows:,} verdicts in {out}", highlight=False, soft_wrap=True)


def _show_change(change: Change, root: str, dry_run: bool, as_json: bool) -> None:
    if as_json:
        counts = {name: getattr(change, name).to_dicts() for name in ("verdicts", "decisions")}
        rows = {"rows": change.rows, "come": change.comes, "go": change.goes}
        typer.echo(json.dumps({"workspace": root, **rows, **counts, "moved": change.moved.to_dicts()}))
        return
    console = Console()
    for name in ("verdicts", "decisions"):
        frame: pl.DataFrame = getattr(change, name)
        table = Table("before", "now", "rows", title=f"{name} of {root}", title_justify="left")
        table.columns[2].justify = "right"
        for row in frame.to_dicts():
            style = "dim" if row["before"] == row["after"] else "bold"
            table.add_row(row["before"], row["after"], f"{row['rows']:,}", style=style)
        console.print(table)
    console.print(f"{change.comes:,} rows come, {change.goes:,} go, of {change.rows:,}", highlight=False)
    for row in change.moved.head(SHOWN).to_dicts():
        line = f"  {row['completion_id']}  {row['before']} -> {row['after']}"
        line += f"  (verdict {row['verdict_before']} -> {row['verdict_after']})"
        console.print(line, highlight=False, soft_wrap=True)
    if change.moved.height > SHOWN:
        console.print(f"  and {change.moved.height - SHOWN:,} more; --json lists all, `r1data explain ID` says why")
    if dry_run:
        console.print("nothing was written")
