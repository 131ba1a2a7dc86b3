"""What a training learns from: a dataset's files or rendered prompts, and the reward models that rate completions."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from r1data.errors import ModelError, SourceError
from r1data.model import LoadedModel
from r1data.prompts import Renderer
from r1data.recipe import Grpo, Recipe, RewardModelling, Sft, ShippedPrompts, Source, fingerprint, fingerprint_file
from r1data.sources import read_prompts
from r1data.store.files import write_parquet
from schemas import Message


def inputs(settings: Sft | Grpo | RewardModelling, model: LoadedModel, root: Path) -> tuple[list[Path], str]:
    """The files to learn from, and the fingerprint of what is in them. The prompts of a GRPO are rendered and written
    into `root`.

    Raises:
        SourceError: there are none.
    """
    if isinstance(settings, Grpo):
        prompts = _rendered_prompts(settings, model)
        path = root / "prompts.parquet"
        write_parquet(path, prompts)
        return [path], fingerprint({"prompts": prompts.select("prompt_id", "rendered", "general").rows()})
    files = [file for name in settings.data for file in data_files(settings.resolve(name), settings.kind)]
    return files, fingerprint({"files": [fingerprint_file(file) for file in files]})


def data_files(path: Path, kind: str) -> list[Path]:
    """The files of a dataset: of a workspace or its folder `dataset` those to train on, or the file itself.

    Raises:
        SourceError: there are none.
    """
    if path.is_file():
        return [path]
    for folder in (path / "dataset" / "data", path / "data", path):
        found = sorted(folder.glob("train*.parquet")) or sorted(folder.glob("*.parquet"))
        if found and kind == "sft":
            return found
    raise SourceError(f"data: {path}: there is no dataset", "name a workspace of r1data, its dataset, or a JSONL file")


def held_out_files(settings: Sft | Grpo | RewardModelling) -> list[Path]:
    """The files that a reward model is measured on.

    Raises:
        SourceError: one is not there.
    """
    named = settings.held_out if isinstance(settings, RewardModelling) else ()
    paths = [settings.resolve(name) for name in named]
    for path in paths:
        if not path.is_file():
            raise SourceError(f"held_out: {path}: there is no such file", "name a JSONL file of the same form as data")
    return paths


def _rendered_prompts(settings: Grpo, model: LoadedModel) -> pl.DataFrame:
    """The prompts with the text that the model continues; `general` ones are for reward models."""
    renderer = Renderer(model, settings.template)
    tables = [_read(settings, settings.prompts, renderer, general=False)]
    if settings.general is not None:
        tables.append(_read(settings, settings.general.prompts, renderer, general=True))
    return pl.concat(tables)


def _read(settings: Grpo, sources: tuple[Source, ...], renderer: Renderer, *, general: bool) -> pl.DataFrame:
    prompts = read_prompts(recipe_for(settings, sources)).prompts
    texts, prefills = [], []
    for row in prompts.iter_rows(named=True):
        messages = [Message(**turn) for turn in row["messages"]]
        one = renderer.render(messages, row["language"], domain=row["domain"], thinking=row["thinking"])
        texts.append(one.text)
        prefills.append(one.prefill)
    question = pl.col("messages").list.last().struct.field("content").alias("question")
    return prompts.with_columns(
        question, pl.Series("rendered", texts, pl.String), pl.Series("prefill", prefills, pl.String),
        pl.lit(general).alias("general"),
    )  # fmt: skip


def recipe_for(settings: Sft | Grpo | RewardModelling, sources: tuple[Source, ...]) -> Recipe:
    """A recipe with these prompts and this model, for what reads them by a recipe."""
    nothing = ShippedPrompts(kind="shipped", dataset="arithmetic-en")
    return Recipe(
        name=settings.name or "training", model=settings.model, prompts=sources or (nothing,), folder=settings.folder,
    )  # fmt: skip


def reward_models(settings: Sft | Grpo | RewardModelling) -> dict[str, Path]:
    """The folders of the reward models that rate completions, by what they are for.

    Raises:
        ModelError: one is none.
    """
    general = settings.general if isinstance(settings, Grpo) else None
    if general is None:
        return {}
    named = {"helpfulness": general.helpfulness, "safety": general.safety}
    found = {name: settings.resolve(path) for name, path in named.items() if path is not None}
    for name, path in found.items():
        if not (path / "reward.json").exists():
            raise ModelError(f"general.{name}: {path} is no reward model", "train one with a file of the kind reward")
    return found
