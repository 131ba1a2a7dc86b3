"""Compare: which replies of a run resemble each other, and which prompts and replies hold a benchmark's item.

Both are told from all texts together, so they are told anew when there are other texts, and not otherwise.
"""

from __future__ import annotations

import os
import tempfile
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import local

import polars as pl

from r1data import contamination, duplicates
from r1data.contamination import Index, Screening
from r1data.duplicates import Resemblance
from r1data.measures import BLOCK_ROWS
from r1data.measures.block import Block
from r1data.recipe import fingerprint
from r1data.sources.benchmarks import Loaded
from r1data.stages.job import Job, Made
from r1data.store import Checked
from r1data.texts import Cutter, Texts
from schemas import Contaminations, FinishReason


def compare(job: Job) -> None:
    """Bring up to date what is known of replies together: the tables of kinship and of contamination."""
    wanted = job.workspace.tables(job.grades).completions.filter(pl.col("finish_reason") != FinishReason.ERROR)
    ids = wanted.select("completion_id").collect()["completion_id"].sort()
    texts = fingerprint([ids.to_list()])
    kin = fingerprint([texts, duplicates.VERSION, job.recipe.duplicates.model_dump(mode="json"), _everyone(job)])
    held = fingerprint([texts, contamination.VERSION, job.recipe.contamination.model_dump(mode="json")])
    resembling = job.workspace.read_kinship(kin) is None
    screened = job.workspace.read_contaminations(held) is None
    if not resembling and not screened:
        return
    loaded = job.benchmarks if screened else Loaded((), (), ())
    with tempfile.TemporaryDirectory(prefix=".comparing-", dir=job.workspace.root) as folder:
        resemblance = Resemblance(Path(folder), job.recipe.duplicates, everyone=_everyone(job)) if resembling else None
        screening = Screening(Index.of(loaded.items, job.recipe.contamination)) if loaded.items else None
        _look(job, ids, resemblance, screening)
        if resemblance is not None:
            job.workspace.write_kinship(resemblance.finish(), kin)
        if screened:
            hits = screening.finish() if screening is not None else Contaminations.create_empty()
            job.workspace.write_contaminations(hits, _checked(loaded), held)


def _look(job: Job, ids: pl.Series, resemblance: Resemblance | None, screening: Screening | None) -> None:
    """Show every reply to both, some hundred at a time, by as many threads as there are cores."""
    own = local()

    def show(rows: pl.DataFrame) -> None:
        if not hasattr(own, "cutter"):
            own.cutter = Cutter()
        block = Block.of(Texts.of(rows["text"]), pl.Series(["en"] * rows.height), own.cutter)
        if resemblance is not None:
            resemblance.add(rows["completion_id"], block.words, rows["prompt_id"])
        if screening is not None:
            screening.scan(
                rows["completion_id"].to_list(), rows["prompt_id"].to_list(), block.words, block.texts, block.answer
            )

    threads = os.cpu_count() or 1
    shown: deque[Future[None]] = deque()
    with ThreadPoolExecutor(threads, "comparing") as executor:
        for rows in _replies(job, ids):
            shown.append(executor.submit(show, rows))
            while len(shown) > 2 * threads:
                shown.popleft().result()
        while shown:
            shown.popleft().result()


def _replies(job: Job, ids: pl.Series) -> Iterator[pl.DataFrame]:
    wanted = ids.to_frame("completion_id")
    for part in job.workspace.parts():
        texts = job.workspace.read_part(part).select("completion_id", "prompt_id", "text")
        yield from texts.join(wanted, on="completion_id", how="semi").iter_slices(BLOCK_ROWS)


def _checked(loaded: Loaded) -> list[Checked]:
    there = [Checked(one.name, one.items) for one in loaded.checked]
    return there + [Checked(one.name, 0, one.why) for one in loaded.unchecked]


def _everyone(job: Made) -> bool:
    return job.recipe.selection.keep_rule == "different"
