"""Refine: the replies of somebody's file, measured, compared and decided on; a row for a row, in their order.

Texts are read once, some hundred at a time, by as many threads as there are cores; what stays of each is numbers. Only
then is it known which rows resemble each other and what is boilerplate, and all rows are decided on in one query.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from r1data import __version__
from r1data.contamination import Index, Screening
from r1data.duplicates import Resemblance
from r1data.progress import Progress
from r1data.recipe import Refinement
from r1data.recipe.refinement import DECIDED_BY
from r1data.report import RefinedFacts, render_refined
from r1data.sources.benchmarks import Loaded, load_benchmarks
from r1data.sources.replies_file import read_some
from r1data.stages.reading import READ_SCHEMA, Reader, read_all, row_key, row_of
from r1data.stages.refined_table import OUT_COLUMNS, decided
from r1data.store import Checked
from r1data.store.files import STAGING, write_parquet, write_text
from r1data.store.kept_file import check_kind, write_kept
from r1data.verifiers import VerifierPool

SAY_SECONDS = 10.0
PART_ROWS = 8192
GROUP_ROWS = 50_000
"""Rows of a group of the output, which holds numbers and few short texts."""


@dataclass(frozen=True, slots=True)
class Refined:
    """How the rows of a file came out: rows = kept + rejected. A row counts for each of its reasons and findings."""

    rows: int
    kept: int
    reasons: dict[str, int]
    first_reasons: dict[str, int]
    findings: dict[str, int]
    checked: dict[str, int] = field(default_factory=dict)
    """Benchmarks that were held against the rows, with their items."""
    unchecked: dict[str, str] = field(default_factory=dict)
    """Those that could not be loaded, and why."""
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {name: getattr(self, name) for name in self.__slots__} | {"rejected": self.rows - self.kept}


def refine_file(
    source: Path,
    out: Path,
    settings: Refinement,
    progress: Progress,
    *,
    kept: Path | None = None,
    report: Path | None = None,
    verify: bool = True,
    workers: int | None = None,
) -> Refined:
    """Measure, compare and decide on every row of a file; write a row for each to `out`, in their order.

    `kept` gets the rows that are kept as the file has them, `report` a page. What memory holds of a row does not depend
    on the length of its text.

    Raises:
        SourceError: the file or a benchmark cannot be read.
    """
    started = time.monotonic()
    if kept is not None:
        check_kind(source, kept)
    loaded = load_benchmarks(settings.contamination, settings.resolve)
    with scratch_folder(out) as folder, ExitStack() as stack:
        threads = workers or os.cpu_count() or 1
        pool = stack.enter_context(VerifierPool(threads, settings.verification.deadline)) if verify else None
        everyone = settings.selection.keep_rule == "different"
        resemblance = Resemblance(folder / "signatures", settings.duplicates, everyone=everyone)
        screening = Screening(Index.of(loaded.items, settings.contamination))
        reader = Reader(resemblance, screening, verify=verify)
        parts = _spooled(read_all(source, reader, threads, pool), folder, progress)
        progress.say("comparing and deciding")
        hits = screening.finish()
        table = decided(pl.scan_parquet(parts).collect(), settings, resemblance.finish(), hits, reader.prompts())
        write_parquet(out, table.select(OUT_COLUMNS), GROUP_ROWS, {DECIDED_BY: settings.told()})
    if kept is not None:
        write_kept(source, table["kept"].to_numpy(), kept)
    refined = _counted(table, loaded, time.monotonic() - started)
    if report is not None:
        progress.say("writing the page")
        write_text(report, _page(source, out, table, settings, refined, hits))
    return refined


@contextmanager
def scratch_folder(out: Path) -> Iterator[Path]:
    """An empty folder beside the output, gone when the block ends."""
    folder = out.with_name(f"{STAGING}{os.getpid()}-{out.name}-rows")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _spooled(batches: Iterator[pl.DataFrame], folder: Path, progress: Progress) -> list[Path]:
    """Write what is learnt of the rows to files, some thousand rows each."""
    files: list[Path] = []
    waiting: list[pl.DataFrame] = []
    rows, held, said = 0, 0, time.monotonic()
    for batch in batches:
        waiting.append(batch)
        rows, held = rows + batch.height, held + batch.height
        if held >= PART_ROWS:
            files.append(_spool(waiting, folder, len(files)))
            waiting, held = [], 0
        if time.monotonic() - said > SAY_SECONDS:
            said = time.monotonic()
            progress.say(f"{rows:,} rows read")
    if waiting or not files:
        files.append(_spool(waiting, folder, len(files)))
    progress.say(f"{rows:,} rows read")
    return files


def _spool(frames: list[pl.DataFrame], folder: Path, number: int) -> Path:
    path = folder / f"{number:06d}.parquet"
    (pl.concat(frames) if frames else pl.DataFrame(schema=READ_SCHEMA)).write_parquet(path, compression="lz4")
    return path


def _page(
    source: Path, out: Path, table: pl.DataFrame, settings: Refinement, refined: Refined, hits: pl.DataFrame
) -> str:
    facts = RefinedFacts(
        name=source.name,
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
        seconds=refined.seconds,
        checked=(
            *(Checked(name, items) for name, items in refined.checked.items()),
            *(Checked(name, 0, why) for name, why in refined.unchecked.items()),
        ),
        command=f"r1data whatif {out.name}",
    )

    def texts(column: str) -> Callable[[Sequence[str]], dict[str, str]]:
        return lambda keys: {
            row_key(number): text for number, text in read_some(source, [row_of(k) for k in keys], column).items()
        }

    keyed = table.with_columns(duplicate_of="twin")
    return render_refined(keyed, settings, facts, texts("response"), texts("prompt"), hits)


def _counted(table: pl.DataFrame, loaded: Loaded, seconds: float) -> Refined:
    def counts(column: str) -> dict[str, int]:
        named = table.select(pl.col(column).alias("name"))
        named = named.explode("name") if named.schema["name"] == pl.List(pl.String) else named
        return dict(named.drop_nulls().group_by("name").len().sort("len", "name", descending=[True, False]).iter_rows())

    return Refined(
        rows=table.height,
        kept=int(table["kept"].sum()),
        reasons=counts("reasons"),
        first_reasons=counts("reason"),
        findings=counts("findings"),
        checked={one.name: one.items for one in loaded.checked},
        unchecked={one.name: one.why for one in loaded.unchecked},
        seconds=seconds,
    )
