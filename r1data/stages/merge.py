"""Merge: from the datasets of a mix's parts to one dataset with its card, and a row for everything that was left out.

Texts are read twice and never held: once for what decisions are made from, once to be written where they belong.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import local
from typing import Any

import polars as pl

from r1data.duplicates import Resemblance
from r1data.errors import WorkspaceError
from r1data.merging import Offered, choose, laid_out, offered, questions_of, shortage
from r1data.progress import Progress
from r1data.recipe import Duplicates
from r1data.recipe.merging import Merge
from r1data.report.mix_card import MixFacts, part_facts, render_mix_card
from r1data.report.mix_page import render_mix_page
from r1data.store.files import STAGING
from r1data.store.merged_folder import MergedFolder, Shelf, checked, offered_examples
from r1data.store.scatter import Scatter
from r1data.texts import Cutter
from schemas import Examples, Merged, MergeReason

FILE_BYTES = 128 << 20
"""Bytes of text in a file of the merged dataset, before compression."""
SAY_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Merging:
    """How a merge came out. offered = kept + dropped; a dropped example counts under its first reason."""

    offered: int
    kept: int
    reasons: dict[str, int]
    parts: dict[str, dict[str, int]]
    """By part: `offered` and `kept`."""
    splits: dict[str, int]
    shortage: list[dict[str, Any]]
    """A row for each quota: see `r1data.merging.shortage`."""
    tokens: int
    """Of the kept replies, as their engines counted them."""
    seconds: float

    @property
    def missing(self) -> int:
        """Rows that domains' quotas want and that nothing offered could fill."""
        return sum(row["missing"] or 0 for row in self.shortage if row["quota"] == "domain")

    def check(self) -> None:
        """Every offered example is in one place.

        Raises:
            AssertionError: rows were lost or doubled; this is a fault of ours.
        """
        laws = {
            "offered = kept + dropped": self.offered == self.kept + sum(self.reasons.values()),
            "offered = the sum over parts": self.offered == sum(part["offered"] for part in self.parts.values()),
            "kept = the sum over parts": self.kept == sum(part["kept"] for part in self.parts.values()),
            "kept = the sum over splits": self.kept == sum(self.splits.values()),
        }
        broken = [law for law, holds in laws.items() if not holds]
        if broken:
            raise AssertionError(f"the counts do not add up ({'; '.join(broken)}): {self}")

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {"missing": self.missing}


def merge(
    parts: Mapping[str, Path], settings: Merge, seed: int, root: Path, progress: Progress, facts: MixFacts,
    *, file_bytes: int = FILE_BYTES,
) -> Merging:  # fmt: skip
    """Merge what the parts offer into one dataset under `root`, with its card and its page.

    `parts` are folders with a dataset (`schemas.Examples`), workspaces most often, by name and in the order of
    precedence. What is kept does not hang on how they are cut into files. Call it while holding the lock of `root`.

    Raises:
        WorkspaceError: a part has no dataset, or one that holds no examples.
    """
    started = time.monotonic()
    root.mkdir(parents=True, exist_ok=True)
    names = list(parts)
    with tempfile.TemporaryDirectory(prefix=f"{STAGING}merging-", dir=root) as folder:
        scratch = Path(folder)
        offers, chosen = _decided(parts, settings, seed, scratch, progress)
        progress.say(f"{int(chosen['kept'].sum()):,} of {offers.height:,} examples are kept; writing them")
        merged = _merged(offers, chosen, names)
        facts = facts.with_parts([part_facts(name, parts[name], facts.groups.get(name)) for name in names])
        place = laid_out(offers, chosen, seed, file_bytes)
        short = shortage(merged, settings)
        target = MergedFolder(root)
        shelves = _shelves(parts, offers["example_id"], place, scratch, progress)
        with target.dataset_written(
            shelves, lambda files: render_mix_card(merged, short, settings, facts, files)
        ) as splits:
            _check_written(merged, splits)
            samples = _samples(splits)
        target.write_merged(merged)
    merging = _counted(merged, short, names, time.monotonic() - started)
    merging.check()
    target.write_summary(merging.as_dict(), render_mix_page(merged, short, settings, facts, samples))
    return merging


def _decided(
    parts: Mapping[str, Path], settings: Merge, seed: int, scratch: Path, progress: Progress
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All offers, in the order in which they are read, and what is decided of each."""
    compared = Duplicates(ngram=settings.ngram, scope=settings.scope)
    resemblance = Resemblance(scratch / "signatures", compared)
    rows: list[pl.DataFrame] = []
    asked: list[pl.DataFrame] = []
    read, said = 0, time.monotonic()
    for some in _looked_at(parts, resemblance):
        rows.append(some.rows)
        asked.append(some.questions)
        read += some.rows.height
        if time.monotonic() - said > SAY_SECONDS:
            said = time.monotonic()
            progress.say(f"{read:,} examples read")
    offers = pl.concat(rows, rechunk=True)
    _check_offers(offers, list(parts))
    progress.say(f"{read:,} examples of {len(parts)} parts read; deciding")
    questions = questions_of(pl.concat(asked))
    return offers, choose(offers, questions, resemblance.finish(), settings, seed, list(parts))


def _looked_at(parts: Mapping[str, Path], resemblance: Resemblance) -> Iterator[Offered]:
    """Every example of every part, some hundred at a time, looked at by as many threads as there are cores."""
    own = local()

    def look(rows: pl.DataFrame, file: Path, number: int) -> Offered:
        if not hasattr(own, "cutter"):
            own.cutter = Cutter()
        return offered(checked(rows, file), number, resemblance, own.cutter)

    yield offered(Examples.create_empty(), 0, resemblance, Cutter())  # a mix of empty parts has its columns too
    threads = os.cpu_count() or 1
    looking: deque[Future[Offered]] = deque()
    with ThreadPoolExecutor(threads, "merging") as executor:
        for number, (name, root) in enumerate(parts.items()):
            for file, rows in offered_examples(name, root):
                looking.append(executor.submit(look, rows, file, number))
                while len(looking) > 2 * threads:
                    yield looking.popleft().result()
        while looking:
            yield looking.popleft().result()


def _check_offers(offers: pl.DataFrame, names: list[str]) -> None:
    twice = offers.filter(pl.struct("part", "example_id").is_duplicated()).head(1)
    if twice.height:
        part, example = names[twice["part"][0]], twice["example_id"][0]
        raise WorkspaceError(
            f"part {part!r} offers example {example} twice",
            "run the part's recipe again: it writes its dataset anew",
        )


def _merged(offers: pl.DataFrame, chosen: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    named = pl.col("part").replace_strict(dict(enumerate(names)), return_dtype=pl.String)
    return offers.with_columns(part=named).hstack(chosen).select(Merged.column_names())


def _shelves(
    parts: Mapping[str, Path], ids: pl.Series, place: pl.DataFrame, scratch: Path, progress: Progress
) -> Iterator[Shelf]:
    """The kept examples, file by file, each in its place."""
    folder = scratch / "examples"
    folder.mkdir()
    scatter = Scatter(folder, "file")
    row = 0
    for name, root in parts.items():
        for _, examples in offered_examples(name, root):
            here = slice(row, row + examples.height)
            row += examples.height
            if not examples["example_id"].equals(ids[here]):
                raise WorkspaceError(f"{root}: the dataset of part {name!r} changed while it was merged", "merge again")
            placed = examples.with_columns(part=pl.lit(name)).hstack(place[here].select("file", "place"))
            scatter.add(placed.drop_nulls("place"), int(examples.estimated_size()))
    splits = dict(place.drop_nulls("file").unique("file").select("file", "split").iter_rows())
    if not splits:
        yield "train", Examples.create_empty()
    for count, (number, examples) in enumerate(scatter.collected(), 1):
        yield splits[number], examples.sort("place").drop("file", "place")
        if count % 10 == 0:
            progress.say(f"{count:,} of {len(splits):,} files written")


def _check_written(merged: pl.DataFrame, splits: Mapping[str, list[Path]]) -> None:
    """The files hold what was decided, row for row; else this is a fault of ours."""
    kept = merged.filter("kept").select("part", "example_id", "split", "completion_tokens")
    there = pl.concat(
        pl.scan_parquet(files).select("part", "example_id", "completion_tokens", split=pl.lit(split))
        for split, files in splits.items()
    ).collect()
    key = ["part", "example_id", "split", "completion_tokens"]
    if there.height != kept.height or kept.join(there, on=key, how="anti").height:
        raise AssertionError(f"{kept.height} examples are kept, and other {there.height} were written")


def _samples(splits: Mapping[str, list[Path]]) -> pl.DataFrame:
    """A kept example of each domain, as far as the first file has one."""
    files = next(iter(splits.values()))
    first = pl.scan_parquet(files[0]).select("example_id", "domain").collect().unique("domain", keep="first")
    wanted = first["example_id"].to_list()
    return pl.scan_parquet(files[0]).filter(pl.col("example_id").is_in(wanted)).collect().sort("domain")


def _counted(merged: pl.DataFrame, short: pl.DataFrame, names: list[str], seconds: float) -> Merging:
    firsts = dict(merged.filter(~pl.col("kept")).group_by("reason").len().iter_rows())
    by_part = {name: merged.filter(part=name) for name in names}
    return Merging(
        offered=merged.height,
        kept=int(merged["kept"].sum()),
        reasons={reason.value: firsts[reason.value] for reason in MergeReason if reason.value in firsts},
        parts={name: {"offered": rows.height, "kept": int(rows["kept"].sum())} for name, rows in by_part.items()},
        splits=dict(merged.filter("kept").group_by("split").len().sort("split").iter_rows()),
        shortage=short.to_dicts(),
        tokens=int(merged.filter("kept")["completion_tokens"].cast(pl.Int64).sum()),
        seconds=seconds,
    )
