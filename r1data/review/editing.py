"""Editing: a text that a person has changed is measured and verified at once, by the code that grades every draw."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from r1data import replies
from r1data.measures import measure
from r1data.recipe import Selection
from r1data.review.shelf import JUDGE, Sample, Spoken
from r1data.selection.findings import MEASURES, masks_of, names
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
    measures = measured(sample, text)
    verdict = future.result() if future is not None else None
    outcome = None if verdict is None else str(verdict.outcome)
    row = measures.with_columns(
        finish_reason=pl.lit(FinishReason.STOP.value), asked=pl.lit(ruled), outcome=pl.lit(outcome, pl.String)
    )
    findings = tuple(names(int(masks_of(row, selection)[0])))
    if verdict is None:
        return Graded(None, None, "", findings)
    return Graded(outcome, verdict.extracted, verdict.detail, findings)


def with_text(sample: Sample, text: str, outcome: str | None) -> Sample:
    """The sample as a person has edited it, for the next reader."""
    said = (Spoken(sample.verifier, outcome, None, ""),) if outcome is not None else ()
    numbers = measured(sample, text).select(MEASURES).row(0, named=True)
    return replace(sample, text=text, verdicts=said, measures=numbers, finish_reason=FinishReason.STOP.value)


def measured(sample: Sample, text: str) -> pl.DataFrame:
    """The measures of a text in the place of the sample's."""
    row = {"completion_id": [sample.completion_id], "language": [sample.language], "text": [text]}
    return measure(pl.DataFrame(row))


def _check(sample: Sample, text: str) -> Check:
    question = sample.messages[-1].content if sample.messages else None
    return Check(
        sample.completion_id, sample.verifier, sample.reference, sample.task, sample.language,
        replies.split(text).answer, question,
    )  # fmt: skip
