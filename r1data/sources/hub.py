"""Prompts from a dataset on the Hub, or from a folder that `datasets` reads, as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from r1data.errors import SourceError
from r1data.recipe import HubPrompts, Recipe
from r1data.sources.files import Row, read_rows
from r1data.sources.rows import Bad, Defaults
from schemas import Prompt


def read_hub(source: HubPrompts, recipe: Recipe) -> Iterator[Prompt | Bad]:
    """The prompts of one split; a `dataset` that begins with `.`, `/` or `~` is a folder.

    Raises:
        SourceError: the dataset, its configuration or its split cannot be read.
    """
    rows = _open(source, recipe)
    defaults = Defaults(source.name or source.dataset, source.domain, source.language, source.verifier, source.licence)
    numbered = _numbered(rows, source.split)
    yield from read_rows(numbered, source.columns, defaults, source.limit)


def _open(source: HubPrompts, recipe: Recipe) -> Any:  # noqa: ANN401 - any iterable of rows
    import datasets  # imported late: it takes seconds
    from huggingface_hub.errors import HfHubHTTPError

    try:
        if not source.dataset.startswith((".", "/", "~")):
            return datasets.load_dataset(
                source.dataset, source.config, split=source.split, revision=source.revision, streaming=True
            )
        folder = recipe.resolve(source.dataset)
        if not folder.is_dir():
            raise SourceError(f"prompts: there is no folder {folder}", "paths are relative to the recipe's folder")
        if (folder / "dataset_dict.json").is_file():
            return datasets.load_from_disk(str(folder))[source.split].to_iterable_dataset()
        if (folder / "dataset_info.json").is_file() and (folder / "state.json").is_file():
            return datasets.load_from_disk(str(folder)).to_iterable_dataset()
        return datasets.load_dataset(str(folder), source.config, split=source.split, streaming=True)
    except (OSError, ValueError, KeyError, HfHubHTTPError, datasets.exceptions.DatasetsError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        where = f"{source.dataset} (config {source.config}, split {source.split})"
        raise SourceError(
            f"prompts: dataset {where} cannot be read: {reason}",
            "check name, config and split, that this machine reaches the Hub, and HF_TOKEN for gated datasets",
        ) from None


def _numbered(rows: Any, split: str) -> Iterator[Row]:  # noqa: ANN401 - any iterable of rows
    for number, row in enumerate(rows, start=1):
        yield f"{split}:{number}", row
