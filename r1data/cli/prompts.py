"""`r1data prompts`: the prompts that come with r1data."""

from __future__ import annotations

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from r1data.sources import list_shipped


def prompts() -> None:
    """List the prompt sets that ship with r1data; a recipe takes them by name (kind: shipped)."""
    table = Table(Column("name", no_wrap=True), "prompts", "languages", "first question")
    for shipped in list_shipped():
        question = Text(shipped.first_question, overflow="ellipsis", no_wrap=True)
        table.add_row(shipped.name, f"{shipped.rows:,}", ", ".join(shipped.languages), question)
    Console().print(table)
