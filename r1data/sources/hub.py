"""Prompts from a dataset on the Hub, or from a folder that `datasets` reads, as a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from r1data.errors import SourceError
from r1data.recipe import HubPrompts, Recipe
from r1data.sources.columns import read_rows
from r1data.sources.finding import missing
from r1data.sources.formats import Row
from r1data.sources.hints import did_you_mean
from r1data.sources.rows import Bad, Defaults
from schemas import Prompt

ON_THE_HUB = "check name, config and split, that this machine reaches the Hub, and HF_TOKEN for gated datasets"
IN_A_FOLDER = "it should be a folder written by save_to_disk, or one of .parquet, .jsonl or .csv files"


def read_hub(source: HubPrompts, recipe: Recipe) -> Iterator[Prompt | Bad]:
    """The prompts of one split; a `dataset` that begins with `.`, `/` or `~` is a folder.

    Raises:
        SourceError: the dataset, its configuration or its split cannot be read, at once or further on.
    """
    defaults = Defaults.of(source, recipe, source.dataset)
    yield from read_rows(hub_rows(source, recipe), source.columns, defaults, source.limit)


def hub_rows(source: HubPrompts, recipe: Recipe) -> Iterator[Row]:
    """The raw rows of one split, each with its place.

    Raises:
        SourceError: as `read_hub`.
    """
    with _boundary(source):
        rows = iter(open_dataset(source, recipe.resolve))
        for number, row in enumerate(rows, start=1):
            yield f"{source.split}:{number}", row


@contextmanager
def _boundary(source: HubPrompts) -> Iterator[None]:
    """Whatever `datasets` raises becomes one error.

    Its readers, file systems and HTTP client raise exceptions of half a dozen libraries that share no base.
    """
    try:
        yield
    except SourceError:
        raise
    except Exception as error:
        lines = str(error).strip().splitlines()
        reason = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
        where = f"{source.dataset} (config {source.config}, split {source.split})"
        remedy = IN_A_FOLDER if _is_folder(source) else ON_THE_HUB
        raise SourceError(f"prompts: dataset {where} cannot be read: {reason}", remedy) from error


def _is_folder(source: HubPrompts) -> bool:
    return source.dataset.startswith((".", "/", "~"))


def open_dataset(source: HubPrompts, resolve: Callable[[str], Path]) -> Any:  # noqa: ANN401 - datasets has no types
    """The rows of one split as a stream. It raises whatever `datasets` raises, then and later."""
    import datasets  # imported late: it takes seconds

    if not _is_folder(source):
        rows = datasets.load_dataset(
            source.dataset, source.config, split=source.split, revision=source.revision, streaming=True
        )
    else:
        folder = resolve(source.dataset)
        if not folder.is_dir():
            raise _no_folder(folder)
        saved = (folder / "dataset_dict.json").is_file() or (folder / "state.json").is_file()
        rows = _saved(source, folder) if saved else _files(source, folder)
    return rows.decode(False) if rows.features else rows  # pictures and sounds are not ours to decode


def _files(source: HubPrompts, folder: Path) -> Any:  # noqa: ANN401 - datasets has no types
    import datasets

    return datasets.load_dataset(str(folder), source.config, split=source.split, streaming=True)


def _saved(source: HubPrompts, folder: Path) -> Any:  # noqa: ANN401 - datasets has no types
    import datasets

    found = datasets.load_from_disk(str(folder))
    if isinstance(found, datasets.DatasetDict):
        if source.split not in found:
            remedy = did_you_mean(source.split, map(str, found), "it has")
            raise SourceError(f"prompts: {folder} has no split '{source.split}'", remedy)
        return found[source.split].to_iterable_dataset()
    if found.split is not None and "split" in source.model_fields_set and str(found.split) != source.split:
        raise SourceError(f"prompts: {folder} holds split '{found.split}', not '{source.split}'", "name that split")
    return found.to_iterable_dataset()


def _no_folder(folder: Path) -> SourceError:
    if folder.is_file():
        return SourceError(f"prompts: {folder} is a file, not a folder", "read it with kind: file, path: ...")
    return SourceError(f"prompts: there is no folder {folder}", missing(folder).remedy)
