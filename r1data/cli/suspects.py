"""`r1data suspects`: prompts whose reference the majority of their draws contradicts."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from r1data.cli.workspaces import WorkspaceOption, find_workspace
from r1data.selection.majority import MIN_AGREEMENT, MIN_ANSWERS
from r1data.stages import suspects_of
from r1data.verifiers import VerifierPool

DEADLINE = 10.0
LONGEST_CELL = 60


def suspects(
    workspace: WorkspaceOption = None,
    min_agreement: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Least share of a prompt's answers that must be the same.")
    ] = MIN_AGREEMENT,
    min_answers: Annotated[int, typer.Option(min=1, help="Least number of answers of a prompt.")] = MIN_ANSWERS,
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """List the prompts whose draws mostly agree on an answer that the reference contradicts: it may be wrong."""
    found_in = find_workspace(workspace)
    with VerifierPool(None, DEADLINE) as pool:
        found = suspects_of(found_in, pool, min_agreement, min_answers)
    if as_json:
        typer.echo(json.dumps(found.to_dicts(), ensure_ascii=False))
        return
    console = Console()
    table = Table("prompt", "reference", "majority", "agreement", "answers", "correct", title="suspect references",
                  title_justify="left")  # fmt: skip
    for row in found.iter_rows(named=True):
        table.add_row(
            row["prompt_id"][:12], _cell(row["reference"]), _cell(row["majority"]), f"{row['agreement']:.0%}",
            str(row["answers"]), f"{row['correct']} of {row['judged']}",
        )  # fmt: skip
    if found.height:
        console.print(table)
        console.print("`r1data explain PROMPT` shows a prompt and its draws", highlight=False)
    else:
        console.print(f"no majority in {found_in.root} contradicts its reference", highlight=False)


def _cell(text: str) -> Text:
    """Model output may hold control characters, which a terminal would obey."""
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return Text(shown if len(shown) <= LONGEST_CELL else shown[: LONGEST_CELL - 1] + "…")
