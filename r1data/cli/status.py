"""`r1data status`: how far a run is, once or live from another terminal."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, RenderableType
from rich.live import Live as Screen
from rich.table import Table

from r1data.cli.board import board, live_facts
from r1data.cli.estimates import comparison_table
from r1data.cli.figures import amount, duration, gpu_time, short
from r1data.cli.workspaces import WorkspaceOption, find_workspace
from r1data.cost import per
from r1data.estimate import compare_stored
from r1data.report.stops import Stopped, draws_by_reason
from r1data.status import Status
from r1data.status import status as status_of
from r1data.store import Workspace
from r1data.store.merged_folder import MergedFolder
from r1data.store.mix_folder import is_mix_folder, started_parts
from r1data.store.pipeline_folder import is_pipeline_folder, standing
from r1data.store.sessions import LIVE, SESSIONS, Spent, read_live, read_sessions

WATCH_SECONDS = 0.5
TABLE_SECONDS = 10.0
"""How often the tables are counted anew while nobody says that a run is alive: it reads them all."""


def status(
    workspace: WorkspaceOption = None,
    watch: Annotated[bool, typer.Option("--watch", help="Stay, and show what changes; Ctrl-C leaves.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the counts as JSON; with --watch, a line at every change.")
    ] = False,
) -> None:
    """Show the rows at every stage of a run, in counts that add up, and what it has cost; the run may be going on."""
    found = find_workspace(workspace, mixes=True)
    if watch:
        try:
            _watch_lines(found) if as_json else _watch_screen(found)
        except (KeyboardInterrupt, BrokenPipeError):
            raise typer.Exit from None
    elif as_json:
        typer.echo(json.dumps(_facts(found)))
    elif is_pipeline_folder(found.root):
        Console().print(_pipeline_table(found))
    elif is_mix_folder(found.root):
        Console().print(_mix_table(found))
    else:
        Console().print(_tables(found))
        if compared := compare_stored(found):
            Console().print(comparison_table(compared))


def _pipeline_table(pipeline: Workspace) -> Table:
    table = Table("stage", "kind", "seed", "state", "step", "accuracy", title=str(pipeline.root), title_justify="left")
    for one in standing(pipeline.root):
        step = "" if one.step is None else f"{one.step:,}"
        accuracy = "" if one.accuracy is None else f"{one.accuracy:.1%}"
        table.add_row(one.stage, one.kind, str(one.seed), one.state, step, accuracy)
    return table


def _watch_screen(workspace: Workspace) -> None:
    console = Console()
    with Screen(console=console, auto_refresh=False, screen=False) as screen:
        _watch(workspace, lambda: screen.update(_shown(workspace), refresh=True))


def _watch_lines(workspace: Workspace) -> None:
    last = ""

    def write() -> None:
        nonlocal last
        live = read_live(workspace.root)
        facts = live_facts(live) if live is not None and live.alive() else _facts(workspace)
        line = json.dumps(facts)
        if line != last:
            typer.echo(line)
            last = line

    _watch(workspace, write)


def _watch(workspace: Workspace, show: Callable[[], None]) -> None:
    """Call `show` whenever the run has written something, and now and then when none is alive; for ever."""
    shown, when = None, 0.0
    while True:
        changed = _written(workspace.root)
        if changed != shown or time.monotonic() - when >= TABLE_SECONDS:
            show()
            shown, when = changed, time.monotonic()
        time.sleep(WATCH_SECONDS)


def _written(root: Path) -> tuple[int, ...]:
    """When each of the files that a run writes at its turns was written."""
    names = (LIVE, SESSIONS, "manifest.json", "decisions.parquet", "report.html")
    places = [root, *started_parts(root).values()]
    return tuple(
        path.stat().st_mtime_ns if (path := place / name).exists() else 0 for place in places for name in names
    )


def _shown(workspace: Workspace) -> RenderableType:
    if is_pipeline_folder(workspace.root):
        return _pipeline_table(workspace)
    if is_mix_folder(workspace.root):
        return _shown(at_work) if (at_work := _part_at_work(workspace)) else _mix_table(workspace)
    live = read_live(workspace.root)
    return board(live, str(workspace.root)) if live is not None and live.alive() else _tables(workspace)


def _part_at_work(mix: Workspace) -> Workspace | None:
    """The part that a run is making at this moment."""
    for place in started_parts(mix.root).values():
        live = read_live(place)
        if live is not None and live.alive():
            return Workspace(place)
    return None


def _mix_table(mix: Workspace) -> Table:
    """A row for each part that is under way, and what the merge has made of them."""
    table = Table(
        "part", "planned", "completed", "failed", "kept", "examples", title=str(mix.root), title_justify="left"
    )
    for column in table.columns[1:]:
        column.justify = "right"
    for name, place in started_parts(mix.root).items():
        state = status_of(Workspace(place))
        counts = (state.planned, state.completed, state.failed, state.kept, state.examples)
        table.add_row(name, *(f"{count:,}" for count in counts))
    merged = _count_examples(mix)
    table.add_row("merged", "", "", "", "", f"{merged:,}" if merged is not None else "not yet", style="bold")
    return table


def _count_examples(mix: Workspace) -> int | None:
    summary = MergedFolder(mix.root).read_summary()
    return int(summary["kept"]) if summary else None


def _facts(workspace: Workspace) -> dict[str, object]:
    if is_pipeline_folder(workspace.root):
        return {"workspace": str(workspace.root), "stages": [asdict(one) for one in standing(workspace.root)]}
    if is_mix_folder(workspace.root):
        parts = {name: _facts(Workspace(place)) for name, place in started_parts(workspace.root).items()}
        return {"workspace": str(workspace.root), "parts": parts, "examples": _count_examples(workspace)}
    spent = Spent.over(read_sessions(workspace.root))
    state, live = status_of(workspace), read_live(workspace.root)
    compared = compare_stored(workspace)
    return {
        "workspace": str(workspace.root),
        "alive": live is not None and live.alive(),
        **state.as_dict(),
        "stopped": {row.reason: row.prompts for row in _stops(workspace)},
        "gpu_seconds": spent.usage.gpu_seconds,
        "money": spent.money,
        "money_per_kept": {currency: per(money, state.kept) for currency, money in spent.money.items()},
        "sampling_seconds": spent.seconds,
        "prompt_tokens": spent.usage.prompt_tokens,
        "completion_tokens": spent.usage.completion_tokens,
        "saved_tokens": spent.saved_tokens,
        "estimate": [row.as_dict() for row in compared.rows] if compared else None,
    }


def _tables(workspace: Workspace) -> Table:
    state = status_of(workspace)
    table = _table(state, str(workspace.root))
    for row in _stops(workspace):
        drawn = f"prompts, with {row.draws:,} draws, {row.accepted:,} of them accepted"
        table.add_row(f"stopped: {row.reason}", f"{row.prompts:,}", drawn)
    spent = Spent.over(read_sessions(workspace.root))
    if spent.sessions:
        for name, figure, made_up_of in _cost_rows(spent, state.kept):
            table.add_row(name, figure, made_up_of)
    return table


def _stops(workspace: Workspace) -> list[Stopped]:
    return draws_by_reason(workspace.read_stops())


def _cost_rows(spent: Spent, kept: int) -> list[tuple[str, str, str]]:
    """Name, figure and explanation of what a workspace has cost, over all its sessions."""
    killed = f", {spent.killed:,} of them killed" if spent.killed else ""
    saved = f", at most {short(spent.saved_tokens)} more saved by cutting loops" if spent.saved_tokens else ""
    written = f"{short(spent.usage.completion_tokens)} tokens written{saved}"
    rows = [("sampled", duration(spent.engine_seconds), f"{spent.sessions:,} sessions{killed}; {written}")]
    if gpu_seconds := spent.usage.gpu_seconds:
        each = per(gpu_seconds, kept)
        rows.append(("GPU time", gpu_time(gpu_seconds), "" if each is None else f"{gpu_time(each)} per kept row"))
    for currency, money in spent.money.items():
        each = per(money, kept)
        rows.append(("cost", amount(money, currency), "" if each is None else f"{amount(each, currency)} per kept row"))
    return rows


def _table(state: Status, title: str) -> Table:
    table = Table("stage", "rows", "made up of", title=title, title_justify="left")
    table.columns[1].justify = "right"
    table.add_row("prompts", f"{state.prompts:,}", f"{state.bad_prompts:,} rows set aside")
    table.add_row(
        "planned", f"{state.planned:,}",
        f"{state.completed:,} completed + {state.failed:,} failed + {state.pending:,} pending",
    )  # fmt: skip
    table.add_row("completed", f"{state.completed:,}", f"{state.judged:,} judged + {state.unjudged:,} not yet")
    table.add_row(
        "", "", f"{state.kept:,} kept + {state.rejected:,} rejected + {state.undecided:,} not yet decided"
    )  # fmt: skip
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in state.rejected_by_reason.items())
    table.add_row("rejected", f"{state.rejected:,}", reasons)
    table.add_row("examples", f"{state.examples:,}", "rows of the dataset")
    return table
