"""`r1data whatif`: what other thresholds would keep, told from what is stored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from r1data.cli.workspaces import find_workspace
from r1data.visible import visible
from r1data.whatif import Shown, WhatIf, whatif_refined
from r1data.whatif import whatif as answer
from schemas import Reason

AROUND = 80
"""Characters shown on either side of what a reply is rejected for."""
LONGEST_MARK, LONGEST_QUESTION = 160, 200
MOST_MARKS = 2


def whatif(
    refined: Annotated[
        Path | None, typer.Argument(metavar="[OUT.parquet]", help="A table that `r1data refine` wrote.")
    ] = None,
    workspace: Annotated[
        Path | None, typer.Option("--workspace", "-w", help="The run's folder; by default the newest in runs/.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="A threshold, such as selection.longest_paragraph=1500.")
    ] = None,
    recipe: Annotated[
        Path | None, typer.Option(help="With OUT.parquet: a recipe in place of the settings that it was made by.")
    ] = None,
    examples: Annotated[int, typer.Option(min=0, help="Rows shown that would come, and that would go.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Say what other thresholds would keep. Nothing is drawn, checked or written; running the recipe does that."""
    if refined is not None and workspace is not None:
        raise typer.BadParameter("give either a refined table or a run with -w")
    if refined is not None:
        found = whatif_refined(refined, settings or [], examples, recipe)
    else:
        found = answer(find_workspace(workspace), settings or [], examples)
    if as_json:
        typer.echo(json.dumps(found.as_dict(), ensure_ascii=False))
    else:
        show(Console(), found)


def show(console: Console, found: WhatIf) -> None:
    """Print an answer for a person."""
    for key, (before, after) in found.changed.items():
        _line(console, f"{key}: {before} → {after}")
    if not found.changed:
        _line(console, "nothing is set to another value: --set selection.KEY=VALUE does")
    share = (100 * kept / max(found.rows, 1) for kept in (found.kept_before, found.kept_after))
    _line(
        console,
        f"kept {found.kept_before:,} → {found.kept_after:,} of {found.rows:,} rows "
        f"({next(share):.1f}% → {next(share):.1f}%): {found.comes:,} come, {found.goes:,} go; "
        f"tokens {found.tokens_before:,} → {found.tokens_after:,}",
    )
    table = Table("first reason", *map(_number, ("rejected", "would be", "come", "go")))
    for one in found.reasons:
        if one.before != one.after or one.comes or one.goes or not (found.comes or found.goes):
            table.add_row(one.reason, f"{one.before:,}", f"{one.after:,}", f"{one.comes:,}", f"{one.goes:,}")
    console.print(table)
    if len(found.domains) > 1:
        table = Table("domain", *map(_number, ("rows", "kept", "would be")))
        for share_of in found.domains:
            cells = (share_of.rows, share_of.before, share_of.after)
            table.add_row(Text(visible(share_of.domain, 60)), *(f"{count:,}" for count in cells))
        console.print(table)
    for example in found.examples:
        _show_example(console, example)


def _number(title: str) -> Column:
    return Column(title, justify="right")


def _show_example(console: Console, one: Shown) -> None:
    title = Text("comes  " if one.comes else "goes   ", style="bold green" if one.comes else "bold red")
    _line(console, title.append(visible(one.completion_id, 60), style="bold"))
    for finding, why in zip(one.findings, one.why, strict=True):
        _line(console, f"  {'was ' if one.comes else ''}{finding}: {visible(why, 200)}")
    if one.twin is not None:
        _line(console, f"  says the same as {visible(one.twin, 60)}")
    if one.question is not None:
        _line(console, Text(f"  {_flat(one.question[:LONGEST_QUESTION])}", style="dim"))
    if one.text is not None:
        _line(console, Text("  ").append(excerpt(one.text, one)))


def excerpt(text: str, one: Shown) -> Text:
    """What stands around the first places that the row is rejected for; its end where it is no place in the text."""
    from r1data.report.offences import Span, offences  # with the measures' kernels, which take a while to load

    reason = Reason(one.findings[0].partition("/")[0]) if one.findings else Reason.INCORRECT
    marks = offences(reason, text, one.language, one.longest_paragraph, one.findings)[:MOST_MARKS]
    marks = marks or [Span(max(len(text) - AROUND, 0), max(len(text) - AROUND, 0))]
    shown, end = Text(), 0
    for mark in marks:
        start = max(mark.start - AROUND, end)
        shown.append("… " if start > end else "").append(_flat(text[start : mark.start]))
        shown.append(_flat(text[mark.start : min(mark.end, mark.start + LONGEST_MARK)]), style="reverse")
        shown.append(" …" if mark.end - mark.start > LONGEST_MARK else "")
        shown.append(_flat(text[mark.end : mark.end + AROUND]))
        end = mark.end + AROUND
    return shown.append(" …" if end < len(text) else "")


def _flat(text: str) -> str:
    """Model output on one line, with control characters spelled out that a terminal would obey."""
    return visible(text.replace("\n", "⏎").replace("\t", " "), 10_000)


def _line(console: Console, line: str | Text) -> None:
    console.print(line, highlight=False, markup=False, soft_wrap=True)
