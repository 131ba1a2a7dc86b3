"""`r1data judge`: the generative judge by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from r1data.cli.output import listening
from r1data.engines import serving
from r1data.judging import open_judge
from r1data.model import load_model
from r1data.progress import Progress
from r1data.recipe import FilePrompts, JudgeSettings, Model, Recipe, read_runtime
from r1data.stages.pairs import judge_pairs

judge = typer.Typer(name="judge", help="Have a model judge answers.", no_args_is_help=True)


@judge.callback()
def _root() -> None:
    """What all commands share."""


@judge.command()
def pairs(
    source: Annotated[Path, typer.Argument(help="Pairs with question, first, second; id and language if you like.")],
    model: Annotated[str, typer.Option(help="The model that judges: a folder or a name on the Hub.")],
    out: Annotated[Path, typer.Option(help="The table of preferences to write (Parquet), or to go on with.")],
    runtime: Annotated[Path | None, typer.Option(help="Runtime's YAML file; by default a local vLLM.")] = None,
    changes: Annotated[list[str] | None, typer.Option("--set", help="Change a key of the runtime.")] = None,
    max_tokens: Annotated[int, typer.Option(min=64, help="Longest judgement.")] = 2048,
    temperature: Annotated[float, typer.Option(min=0.0)] = 0.0,
    seed: Annotated[int, typer.Option(help="Decides in which order the answers are shown.")] = 0,
) -> None:
    """Judge which of two answers is better, four times each, and keep what differs by more than 1 on average."""
    where = read_runtime(runtime, changes)
    recipe = Recipe(name="pairs", model=Model(id=model), prompts=(FilePrompts(kind="file", path=str(source)),))
    by = open_judge(load_model(recipe), JudgeSettings(max_tokens=max_tokens, temperature=temperature))
    try:
        with listening() as listener:
            progress = Progress(listener)
            with serving(where, by.model, out.with_name(f"{out.name}.log"), progress.say) as service:
                counts = judge_pairs(source, out, by, service, progress, seed)
    except KeyboardInterrupt:
        typer.echo(f"\nstopped. What was judged is safe in {out}; run the same command again to go on.", err=True)
        raise typer.Exit(130) from None
    typer.echo(f"preferred {counts.preferred:,}   even {counts.even:,}   failed {counts.failed:,}   in {out}")
