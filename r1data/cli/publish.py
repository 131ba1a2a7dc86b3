"""`r1data publish`: a workspace's dataset goes to the Hub."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from r1data.cli.output import listening
from r1data.cli.workspaces import WorkspaceOption, find_workspace
from r1data.progress import Progress
from r1data.publishing import Outlook, Published, Request
from r1data.publishing import outlook as look_out
from r1data.publishing import publish as publish_dataset
from r1data.publishing.pace import bytes_told
from r1data.store import Workspace
from r1data.store.merged_folder import MergedFolder


class Reading(StrEnum):
    """How a publication is read back."""

    FULL = "full"
    HASHES = "hashes"


def publish(
    repo: Annotated[str, typer.Option(help="The dataset's repository on the Hub: OWNER/NAME.")],
    workspace: WorkspaceOption = None,
    public: Annotated[bool, typer.Option("--public", help="Everybody may read it; else it is private.")] = False,
    tag: Annotated[
        str | None, typer.Option(help="The version's name; by default the next of v1, v2, ... An old one is not moved.")
    ] = None,
    message: Annotated[str | None, typer.Option(help="The commit's message.")] = None,
    verify: Annotated[
        Reading, typer.Option(help="Read everything back, or compare the hashes that the Hub tells.")
    ] = Reading.FULL,
    over: Annotated[
        str | None, typer.Option(metavar="COMMIT", help="Lose what others have done there up to this commit.")
    ] = None,
    not_secret: Annotated[
        list[str] | None, typer.Option(metavar="MARK", help="A text that looks like a key and is none.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would go; send nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Publish a dataset on the Hub: check it, send it, read it back, and name the version. HF_TOKEN is the token.

    Running it again goes on where it stopped, and does nothing where nothing is new.
    """
    # What `r1data merge` makes has no manifest: nothing was run there.
    is_merged = workspace is not None and MergedFolder(workspace).is_there
    found = Workspace(workspace) if workspace is not None and is_merged else find_workspace(workspace, mixes=True)
    request = Request(repo, public, tag, message, over, verify.value, frozenset(not_secret or ()))
    try:
        with listening() as listener:
            say = Progress(listener).say
            if dry_run:
                shown = look_out(found, request, say)
            else:
                done = publish_dataset(found, request, say)
    except KeyboardInterrupt:
        typer.echo("\nstopped. What has arrived is not sent again; run the same command again to go on.", err=True)
        raise typer.Exit(130) from None
    if dry_run:
        _show_outlook(shown, as_json)
        raise typer.Exit(1 if shown.troubles else 0)
    _show_published(done, as_json)


def _show_published(done: Published, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(asdict(done)))
        return
    rows = ", ".join(f"{count:,} {split}" for split, count in done.rows.items()) or "no rows"
    for note in done.notes:
        typer.echo(f"note: {note}")
    if not done.changed:
        typer.echo(f"nothing new: {done.url} has it as {done.tag} (commit {done.commit[:12]}; {rows})")
        return
    size = bytes_told(sum(file.size for file in done.sent))
    told = f"{len(done.commits)} commits, {len(done.sent):,} files, {size}, {len(done.deleted):,} deleted"
    typer.echo(f"published: {done.url} as {done.tag} ({'private' if done.private else 'public'}; {rows})")
    typer.echo(f"  commit {done.commit}; {told}; read back and found whole")


def _show_outlook(shown: Outlook, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(asdict(shown) | {"manifest": shown.manifest.model_dump(mode="json")}))
        return
    console = Console()
    title = f"would go to {shown.repo} (nothing is sent)"
    table = Table("what", "file", "size", "rows", "commit", title=title, title_justify="left")
    for column in table.columns[2:]:
        column.justify = "right"
    commits = {file.path: number for number, step in enumerate(shown.steps, start=1) for file in step.files}
    for what, files in (("add", shown.change.added), ("replace", shown.change.replaced), ("same", shown.change.same)):
        for file in files:
            rows = "" if file.rows is None else f"{file.rows:,}"
            table.add_row(what, escape(file.path), bytes_told(file.size), rows, str(commits.get(file.path, "")))
    for path in shown.change.deleted:
        table.add_row("delete", escape(path), "", "", str(len(shown.steps)))
    console.print(table)
    for line in _lines(shown):
        typer.echo(line)


def _lines(shown: Outlook) -> list[str]:
    size = bytes_told(sum(file.size for file in shown.change.sent))
    lines = [f"note: {note}" for note in shown.notes]
    if shown.unreachable:
        lines.append(f"the Hub was not asked what is there: {shown.unreachable}")
    elif not shown.exists:
        lines.append("there is no such repository yet, or none that this token may see")
    if shown.steps:
        name = f", to become {shown.tag}" if shown.tag else ""
        lines.append(f"{len(shown.change.sent):,} files, {size}, in {len(shown.steps)} commits{name}")
    elif not shown.troubles:
        lines.append("nothing new: it is there already")
    for trouble in shown.troubles:
        lines += [f"would not be published: {trouble}", f"  fix: {trouble.remedy}"]
    return lines
