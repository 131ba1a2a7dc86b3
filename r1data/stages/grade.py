"""Grade: measures and verdicts for completions, as they come in or long after."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import fields
from functools import partial
from operator import attrgetter

import polars as pl

from r1data.measures import measure
from r1data.progress import Progress
from r1data.recipe import ASKS_A_MODEL, Selection
from r1data.sampling import Heard
from r1data.selection import readable
from r1data.stages.job import Job
from r1data.verifiers import VerifierPool, checks
from schemas import Completion, FinishReason, Measures, Outcome, Verdict, Verdicts

TASK_COLUMNS = ("prompt_id", "language", "verifier", "reference", "task", "thinking")
QUESTION = pl.col("messages").list.last().struct.field("content").alias("question")
GRADED = pl.Schema(
    {"completion_id": pl.String, "prompt_id": pl.String, "text": pl.String, "finish_reason": pl.String,
     "completion_tokens": pl.Int32}
)  # fmt: skip
_graded = attrgetter(*GRADED)
_verdict_row = attrgetter(*(field.name for field in fields(Verdict)))


class Grader:
    """Measures completions at once and has them verified in the pool. Keeps numbers, not texts."""

    def __init__(self, prompts: pl.DataFrame, pool: VerifierPool, selection: Selection, progress: Progress) -> None:
        self._tasks = prompts.select(*TASK_COLUMNS, QUESTION)
        self._pool = pool
        self._selection = selection
        self._progress = progress
        self._lock = threading.Lock()
        self._measures: list[pl.DataFrame] = []
        self._verdicts: list[Future[Verdict]] = []

    def take(self, completions: Sequence[Completion], heard: Heard | None = None) -> None:
        """Grade completions that have just been drawn."""
        rows = [_graded(c) for c in completions]
        self.take_frame(pl.DataFrame(rows, schema=GRADED, orient="row"), heard)

    def take_frame(self, completions: pl.DataFrame, heard: Heard | None = None) -> None:
        """Grade completions of a table; failed draws have nothing to grade.

        `heard` is told of each, once its verdict is there, from any thread: its id, and the fingerprint of its text
        where it is correct and acceptable. What no rule can check is that only where correctness does not matter.
        """
        graded = completions.filter(pl.col("finish_reason") != FinishReason.ERROR)
        frame = graded.select(GRADED.names()).join(self._tasks, on="prompt_id", how="inner", maintain_order="left")
        if not frame.height:
            return
        measured = measure(frame)
        legible = readable(frame.select("completion_id", "finish_reason", "thinking"), measured, self._selection)
        texts = measured.with_columns(good=legible).select(pl.when("good").then("folded").alias("folded"))["folded"]
        ruled = ~frame["verifier"].is_in(ASKS_A_MODEL)
        futures = [self._pool.submit(check) for check in checks(frame.filter(ruled))]
        with self._lock:  # before anybody hears of them: whoever hears of the last one may finish at once
            self._measures.append(measured)
            self._verdicts += futures
        for future, text in zip(futures, texts.filter(ruled), strict=True):
            future.add_done_callback(partial(self._judged, text, heard))
        if heard is not None:
            for key, text in zip(frame.filter(~ruled)["completion_id"], texts.filter(~ruled), strict=True):
                heard(key, text if self._selection.correctness == "any" else None)

    def finish(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Wait for the last verdict; returns verdicts and measures, sorted by completion."""
        verdicts = [_verdict_row(future.result()) for future in self._verdicts]
        verdict_schema = {name: column.dtype for name, column in Verdicts.columns().items()}
        judged = pl.DataFrame(verdicts, schema=verdict_schema, orient="row").sort("completion_id")
        measured = pl.concat(self._measures or [Measures.create_empty().clear()]).sort("completion_id")
        return judged, measured

    def _judged(self, legible_text: str | None, heard: Heard | None, future: Future[Verdict]) -> None:
        if future.cancelled() or (error := future.exception()) is not None:
            if heard is not None:
                heard(None, None if future.cancelled() else str(error))
            return
        verdict = future.result()
        right = verdict.outcome == Outcome.CORRECT or self._selection.correctness == "any"
        accepted = legible_text if right else None
        try:
            self._progress.add(judged=1, accepted=int(accepted is not None))
        finally:
            if heard is not None:
                heard(verdict.completion_id, accepted)


def grade_missing(job: Job, pool: VerifierPool) -> int:
    """Grade every planned draw that lacks verdicts or measures of the current version; returns how many."""
    ungraded = job.workspace.ungraded_ids(job.grades)
    if not ungraded.height:
        return 0
    for part in job.workspace.parts():
        completions = job.workspace.read_part(part).join(ungraded, on="completion_id", how="semi")
        if not completions.height:
            continue
        grader = Grader(job.workspace.prompts_of(completions["prompt_id"]), pool, job.recipe.selection, job.progress)
        grader.take_frame(completions)
        job.workspace.write_grades(job.grades, *grader.finish())
    return ungraded.height
