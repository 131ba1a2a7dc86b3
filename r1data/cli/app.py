"""The commands on one screen, and the one place where errors become messages."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from importlib import import_module
from types import FrameType
from typing import Annotated

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from r1data import __version__
from r1data.errors import R1dataError

COMMANDS = (
    "run", "plan", "train", "verify", "refine", "merge", "review", "publish", "export", "whatif", "status", "explain",
    "audit", "suspects", "doctor", "prompts", "benchmarks", "models", "bench", "judge", "tests",
)  # fmt: skip
"""In the order of the help. Each is a function, or a group of commands, of the same name in a module of that name."""


class Commands(Mapping[str, TyperCommand | TyperGroup]):
    """The commands by their names, each imported when it is asked for: to load all of them takes seconds."""

    def __getitem__(self, name: str) -> TyperCommand | TyperGroup:
        if name not in COMMANDS:
            raise KeyError(name)
        found = getattr(import_module(f"r1data.cli.{name}"), name)
        holder = typer.Typer(rich_markup_mode=None)
        if isinstance(found, typer.Typer):
            holder.add_typer(found)
        else:
            holder.command(name)(found)
        made: TyperCommand | TyperGroup = get_group(holder).commands[name]  # type: ignore[assignment]
        return made

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class Root(TyperGroup):
    """`r1data` itself."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.commands = Commands()  # type: ignore[assignment]


app = typer.Typer(
    cls=Root,
    help="A factory for verified reasoning data: prompts and a model in, a dataset out.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"r1data {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """What all commands share."""


def main() -> None:
    """Run the command line. An error that a person can mend is a message and exit status 1, never a traceback."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app()
    except R1dataError as error:
        typer.echo(f"error: {error}", err=True)
        if error.remedy:
            typer.echo(f"  fix: {error.remedy}", err=True)
        raise SystemExit(1) from None


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
