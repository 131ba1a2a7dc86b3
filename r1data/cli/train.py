"""`r1data train`: from a dataset, or prompts with rewards, to a model that vLLM serves."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from r1data.cli.output import listening
from r1data.cli.settings import RUNTIME_PREFIX
from r1data.errors import RecipeError
from r1data.progress import Progress
from r1data.recipe import Grpo, RewardModelling, Sft, TrainingRuntime, read_runtime, read_training
from r1data.report.training_page import write_training_page
from r1data.train import look_at, open_training
from r1data.train import train as train_job
from r1data.visible import visible

MODELS = Path("models")

train = typer.Typer(
    name="train",
    help="Train a model: SFT, distillation, GRPO, reward models.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

File = Annotated[Path, typer.Argument(help="YAML file that says what to train (data/training has examples).")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the training; default models/NAME.")]
RuntimeFile = Annotated[Path | None, typer.Option("--runtime", help="Runtime's YAML file; its `training` says where.")]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", help="Change a key: learning_rate=1e-5, runtime.training.processes=8. May be repeated."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@train.command()
def run(
    file: File, out: Out = None, runtime: RuntimeFile = None, changes: Changes = None, as_json: AsJson = False
) -> None:
    """Train what FILE says. Running it again goes on from the last checkpoint."""
    settings, where = _read(file, runtime, changes or [])
    root = out or MODELS / str(settings.name)
    try:
        with listening() as listener:
            job = open_training(settings, where, root, Progress(listener))
            job.progress.say(f"{settings.kind} {file} -> {root}")
            trained = train_job(job)
    except KeyboardInterrupt:
        typer.echo(f"\nstopped. Run the same command again: it goes on from the last checkpoint in {root}.", err=True)
        raise typer.Exit(130) from None
    page = write_training_page(root)
    if as_json:
        paths = {"model": str(trained.model), "report": str(page)}
        typer.echo(json.dumps({**trained.summary, "resumed_from": trained.resumed_from, **paths}))
        return
    console = Console(highlight=False)
    samples = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in trained.summary["samples"].items())
    console.print(f"steps    {trained.summary['steps']:,} in {timedelta(seconds=round(trained.summary['seconds']))}")
    if speed := trained.summary.get("tokens_per_second"):
        console.print(f"speed    {speed:,} tokens a second")
    console.print(f"samples  {samples}")
    console.print(f"model    {trained.model}")
    console.print(f"report   {page}")


@train.command()
def check(file: File, runtime: RuntimeFile = None, changes: Changes = None, as_json: AsJson = False) -> None:
    """Show a batch of FILE's data as tokens with their mask, and count what is left out. Trains nothing.

    Fails where the chat template swallows the reasoning, or ends replies with a token that no engine stops at.
    """
    settings, where = _read(file, runtime, changes or [])
    if not isinstance(settings, Sft):
        raise RecipeError(f"{file}: only an sft learns from conversations", "check the file of an SFT")
    with listening() as listener:
        found = look_at(open_training(settings, where, MODELS / str(settings.name), Progress(listener)))
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    _show(found)


def _read(file: Path, runtime: Path | None, changes: list[str]) -> tuple[Sft | Grpo | RewardModelling, TrainingRuntime]:
    ours = [change for change in changes if not change.startswith(RUNTIME_PREFIX)]
    theirs = [change.removeprefix(RUNTIME_PREFIX) for change in changes if change.startswith(RUNTIME_PREFIX)]
    return read_training(file, ours), read_runtime(runtime, theirs).training


def _show(found: dict[str, Any]) -> None:
    console = Console(highlight=False)
    for number, row in enumerate(found["rows"], 1):
        console.print(
            f"sample {number}: {row['tokens']:,} tokens, {row['learnt_tokens']:,} of them learnt", style="bold"
        )
        text = Text(visible(row["prompt"]), style="dim")
        text.append(visible(row["learnt"]), style="green")
        text.append(visible(row["end"]), style="green reverse")
        console.print(text)
        console.print()
    counts = dict(found["counts"])
    console.print("dim: the prompt, which the loss leaves out; green: what is learnt, the end token included")
    console.print(f"{counts.pop('taken', 0):,} of {found['conversations']:,} conversations are learnt from")
    tokens, learnt = counts.pop("tokens", 0), counts.pop("trained_tokens", 0)
    console.print(f"{tokens:,} tokens, {learnt:,} of them with a loss")
    for reason, count in sorted(counts.items()):
        console.print(f"left out: {count:,} {reason.replace('_', ' ')}")
