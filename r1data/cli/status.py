"""`r1data status`: how far a run is."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from r1data.cli.workspaces import WorkspaceOption, find_workspace
from r1data.status import Status
from r1data.status import status as status_of


def status(
    workspace: WorkspaceOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Show the rows at every stage of a run, in counts that add up; the run may be going on."""
    found = find_workspace(workspace)
    state = status_of(found)
    if as_json:
        typer.echo(json.dumps({"workspace": str(found.root), **state.as_dict()}))
        return
    console = Console()
    console.print(_table(state, str(found.root)))


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
