"""Editing: a text that a person has changed is measured and verified at once, by the code that grades every draw."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from r1data import replies
from r1data.measures import measure
from r1data.recipe import Selection
from r1data.review.shelf import JUDGE, Sample
from r1data.selection.findings import masks_of, names
from r1data.verifiers import Check, VerifierPool
from schemas import FinishReason

LONGEST_EDIT = 2_000_000
"""Characters that are taken from a page."""


@dataclass(frozen=True, slots=True)
class Graded:
    """What was found of an edited text. `outcome` is None where no rule can check it: there the person's word stands.

    `findings` are what selection would reject it for by itself; an edit without any is sound.
    """

    outcome: str | None
    extracted: str | None
    detail: str
    findings: tuple[str, ...]


def graded(sample: Sample, text: str, selection: Selection, pool: VerifierPool) -> Graded:
    """Measure and verify a new text of a sample."""
    ruled = sample.verifier != JUDGE
    future = pool.submit(_check(sample, text)) if ruled else None
    row = pl.DataFrame(
        {"completion_id": [sample.completion_id], "language": [sample.language], "text": [text],
         "finish_reason": [FinishReason.STOP.value], "asked": [ruled]}
    )  # fmt: skip
    measured = row.select("completion_id", "finish_reason", "asked").hstack(measure(row).drop("completion_id"))
    verdict = future.result() if future is not None else None
    outcome = None if verdict is None else str(verdict.outcome)
    judged = measured.with_columns(
        outcome=pl.lit(outcome, pl.String), style=pl.lit(None, pl.List(pl.String)), review=pl.lit(None, pl.String)
    )
    findings = [name for name in names(int(masks_of(judged, selection)[0])) if not name.startswith("review/")]
    if verdict is None:
        return Graded(None, None, "", tuple(findings))
    return Graded(outcome, verdict.extracted, verdict.detail, tuple(findings))


def _check(sample: Sample, text: str) -> Check:
    question = sample.messages[-1].content if sample.messages else None
    return Check(
        sample.completion_id, sample.verifier, sample.reference, sample.task, sample.language,
        replies.split(text).answer, question,
    )  # fmt: skip
