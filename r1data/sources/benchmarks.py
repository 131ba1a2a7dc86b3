"""The items of benchmarks, from files, from folders that `datasets` saved, and from the Hub."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from r1data.contamination.items import Item
from r1data.contamination.registry import BENCHMARKS, Benchmark
from r1data.errors import SourceError
from r1data.recipe import BenchmarkSource, Contamination, HubPrompts
from r1data.sources.formats import Unreadable, read_file
from r1data.sources.hints import did_you_mean
from r1data.sources.hub import open_dataset

Resolve = Callable[[str], Path]
LOG_IN = "accept its terms on its page on the Hub, then set HF_TOKEN or log in with `hf auth login`"
REACH = (
    "check that this machine reaches the Hub; without it, save the dataset elsewhere and name the folder under "
    "`dataset`, or write its items (id, text, solution) into a file and name it under `path`"
)
GO_ON = "; to go on without it, set contamination.unloadable: go_on"
REFUSED = ("gated", "401", "403", "restricted", "authenticated")
"""Words of an error of the Hub that mean: not without logging in."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A benchmark that was loaded: how many items, and a fingerprint of what they say."""

    name: str
    items: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Unchecked:
    """A benchmark that could not be loaded, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """The items of all benchmarks, and which were loaded: what a dataset card must say."""

    items: tuple[Item, ...]
    checked: tuple[Checked, ...]
    unchecked: tuple[Unchecked, ...]


def load_benchmarks(settings: Contamination, resolve: Resolve) -> Loaded:
    """The items of a recipe's benchmarks. `resolve` makes its paths absolute (`Recipe.resolve`).

    Raises:
        SourceError: one cannot be loaded, and the recipe does not say to go on without it; or it names a benchmark
            that nobody knows, which is never gone over.
    """
    items: list[Item] = []
    checked, unchecked = [], []
    for source in settings.benchmarks:
        known = _known(source)
        try:
            loaded = tuple(_items(source, known, resolve))
            if not loaded:
                raise SourceError(f"benchmark {source.name}: has no item with a text", "check split and columns")
        except SourceError as error:
            if settings.unloadable == "stop":
                raise SourceError(str(error), f"{error.remedy}{GO_ON}") from None
            unchecked.append(Unchecked(source.name, str(error)))
            continue
        items += loaded
        checked.append(Checked(source.name, len(loaded), _fingerprint(loaded)))
    return Loaded(tuple(items), tuple(checked), tuple(unchecked))


def _known(source: BenchmarkSource) -> Benchmark:
    """The registry's entry; for a file or dataset of the user's own, one that says what their columns are called."""
    own = Benchmark(source.name, source.name, source.dataset, source.split or "train", ("text",), id="id")
    known = BENCHMARKS.get(source.name)
    if source.path is not None or (source.dataset is not None and known is None):
        return own
    if known is None:
        remedy = did_you_mean(source.name, BENCHMARKS, "give a `path` or `dataset`, or one of")
        raise SourceError(f"benchmark {source.name}: is not one that r1data knows", remedy)
    return known


def _items(source: BenchmarkSource, known: Benchmark, resolve: Resolve) -> Iterator[Item]:
    question = _columns(source.question) or known.question
    answer = _columns(source.answer) or known.answer
    optional = not source.answer and (known.name not in BENCHMARKS or source.path is not None)
    if optional:
        answer = ("solution",)
    needed = (*question, *(() if optional else answer), *known.choices)
    for number, (place, row) in enumerate(_rows(source, known, resolve), start=1):
        missing = [column for column in needed if column not in row]
        if missing:
            remedy = did_you_mean(missing[0], row, "name it under `question` or `answer`; there is")
            raise SourceError(f"benchmark {source.name}: {place} has no column '{missing[0]}'", remedy)
        text = _text(row, question)
        if text.strip():
            named = row.get(known.id) if known.id is not None else None
            config = f"{place}/" if len(known.configs) > 1 or known.configs == ("*",) else ""
            name = f"{config}{number if named is None or named == '' else named}"
            yield Item(source.name, name, text, _text(row, answer), _text(row, known.choices))


def _columns(given: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (given or "").split(",") if name.strip())


def _rows(source: BenchmarkSource, known: Benchmark, resolve: Resolve) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if source.path is not None:
        path = resolve(source.path)
        if not path.is_file():
            names = [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []
            raise SourceError(
                f"benchmark {source.name}: there is no file {path}", did_you_mean(path.name, names, "beside it")
            )
        for place, row in read_file(path, path.name):
            if isinstance(row, Unreadable):
                raise SourceError(f"benchmark {source.name}: {place} cannot be read: {row.detail}", "correct this row")
            yield place, row
        return
    dataset = source.dataset or known.dataset
    if dataset is None:
        raise SourceError(f"benchmark {source.name}: is on no Hub", f"name a file under `path`: {known.note}")
    try:
        for config, rows in _splits(dataset, source, known, resolve):
            for row in rows:
                yield config or dataset, row
    except SourceError:
        raise
    except Exception as error:  # datasets' readers and clients raise exceptions of half a dozen libraries
        lines = str(error).strip().splitlines()
        reason = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
        gated = known.gated or any(word in str(error).lower() for word in REFUSED)
        raise SourceError(
            f"benchmark {source.name}: dataset {dataset} cannot be read: {reason}", LOG_IN if gated else REACH
        ) from error


def _splits(
    dataset: str, source: BenchmarkSource, known: Benchmark, resolve: Resolve
) -> Iterator[tuple[str | None, Iterable[Mapping[str, Any]]]]:
    import datasets  # imported late: it takes seconds

    folder = dataset.startswith((".", "/", "~"))
    if known.files and not folder and source.dataset is None:
        places = [f"hf://datasets/{dataset}/{name}" for name in known.files]
        yield None, datasets.load_dataset("json", data_files=places, split="train", streaming=True)
        return
    configs: tuple[str | None, ...] = (source.config,) if source.config or folder else known.configs or (None,)
    if configs == ("*",):
        configs = tuple(datasets.get_dataset_config_names(dataset, revision=source.revision))
    for config in configs:
        given = {"config": config, "revision": source.revision}
        split = {"split": source.split or known.split} if source.split or not folder else {}
        hub = HubPrompts.model_validate({"kind": "hub", "dataset": dataset, **given, **split})
        yield config, open_dataset(hub, resolve)


def _text(row: Mapping[str, Any], columns: tuple[str, ...]) -> str:
    return "\n".join(part for column in columns if (part := _flat(row.get(column))).strip())


def _flat(value: object) -> str:
    """A cell as text: options one a line, the turns of a conversation one after the other."""
    match value:
        case None:
            return ""
        case str():
            return value
        case Mapping():
            return _flat(value["content"]) if "content" in value else "\n".join(map(_flat, value.values()))
        case list() | tuple():
            return "\n".join(map(_flat, value))
        case _:
            return str(value)


def _fingerprint(items: tuple[Item, ...]) -> str:
    digest = hashlib.sha256()
    for item in items:
        for part in (item.item, item.text, item.solution, item.choices):
            digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()[:16]
