"""`r1data explain`: where a row came from, or why there is none."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from r1data.cli.workspaces import WorkspaceOption, find_workspace
from r1data.explain import DrawStory, MixStory, PromptStory, explain_mix
from r1data.explain import explain as explain_id
from r1data.store import Workspace
from r1data.store.merged_folder import MergedFolder

LONGEST_TEXT = 3000


def explain(
    wanted: Annotated[str, typer.Argument(metavar="ID", help="Id of an example, completion or prompt, or its start.")],
    workspace: WorkspaceOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Lead from a row back to prompt, seed, verdicts, measures and decision; from a missing one to why."""
    story = _story(workspace or find_workspace(None, mixes=True).root, wanted)
    if as_json:
        typer.echo(json.dumps(asdict(story), ensure_ascii=False))
        return
    console = Console()
    match story:
        case MixStory():
            _show_mix(console, story)
        case _:
            _show(console, story)


def _story(root: Path, wanted: str) -> DrawStory | PromptStory | MixStory:
    """A folder in which something was merged, or is to be, is a mix; every other one is a run's workspace."""
    if MergedFolder(root).is_there or (root / "mix.yaml").is_file():
        return explain_mix(root, wanted)
    return explain_id(Workspace.existing(root), wanted)


def _show(console: Console, story: DrawStory | PromptStory) -> None:
    match story:
        case DrawStory():
            _show_draw(console, story)
        case PromptStory():
            _show_prompt(console, story.prompt)
            _show_draws(console, story.draws)


def _show_mix(console: Console, story: MixStory) -> None:
    console.print(Text(_visible(story.fate), style="bold"))
    for offer in story.offers:
        _show_fields(console, f"in the merge, from part {_visible(offer['part'])}", offer)
    if story.story is None:
        console.print(f"the workspace of part {_visible(story.part)} is elsewhere: it tells the rest", markup=False)
    else:
        console.print(Text(f"part {_visible(story.part)}:", style="bold"))
        _show(console, story.story)


def _show_draw(console: Console, story: DrawStory) -> None:
    console.print(Text(story.fate, style="bold"))
    if story.prompt is not None:
        _show_prompt(console, story.prompt)
    else:
        console.print("its prompt is no longer part of the recipe")
    if story.completion is not None:
        text = story.completion.pop("text")
        _show_fields(console, "completion", story.completion)
        if text is not None:
            _show_text(console, "reply", text)
    elif story.planned is not None:
        _show_fields(console, "planned draw", story.planned)
    if story.rewrite is not None:
        text = story.rewrite.pop("before")
        _show_fields(console, "rewritten", story.rewrite)
        _show_text(console, "before it was rewritten", text)
    for verdict in story.verdicts:
        _show_fields(console, "verdict", verdict)
    if story.measures is not None:
        _show_fields(console, "measures", story.measures)
    if story.decision is not None:
        _show_fields(console, "decision", story.decision)
    if story.twin is not None:
        text = story.twin.pop("text")
        _show_fields(console, "says what this one says", story.twin)
        _show_text(console, "its text", text or "")
    for hit in story.contaminations:
        _show_fields(console, "in common with a benchmark", hit)


def _show_prompt(console: Console, prompt: dict[str, Any]) -> None:
    for message in prompt["messages"]:
        _show_text(console, f"prompt ({message['role']})", message["content"])
    _show_fields(console, "prompt", {key: value for key, value in prompt.items() if key not in ("messages", "task")})


def _show_draws(console: Console, draws: list[dict[str, Any]]) -> None:
    table = Table("draw", "completion", "finish", "tokens", "outcome", "extracted", "fate", title="draws")
    for draw in draws:
        fate = {True: "kept", False: ", ".join(draw["reasons"] or []), None: draw["error"] or "pending"}[draw["kept"]]
        cells = (draw["draw"], draw["completion_id"][:12], draw["finish_reason"], draw["completion_tokens"],
                 draw["outcome"], draw["extracted"], fate)  # fmt: skip
        table.add_row(*(Text("" if cell is None else _visible(str(cell))) for cell in cells))
    console.print(table)


def _show_fields(console: Console, title: str, fields: dict[str, Any]) -> None:
    table = Table(title=title, title_justify="left", show_header=False)
    for key, value in fields.items():
        table.add_row(Text(key, style="dim"), Text(_visible(str(value))))
    console.print(table)


def _show_text(console: Console, title: str, text: str) -> None:
    shown = _visible(text[:LONGEST_TEXT])
    more = f"\n[... {len(text) - LONGEST_TEXT:,} more characters; --json shows all]" if len(text) > LONGEST_TEXT else ""
    console.print(Panel(Text(shown + more), title=title, title_align="left"))


def _visible(text: str) -> str:
    """Model output may hold control characters, which a terminal would obey: show them instead."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)
