"""Quality: how good an answer is to which there is no reference, in points from 1 to 10 by a rubric of its category.

The points are kept in the verdict (`extracted`), so that another threshold decides anew without asking anybody.
Never shown the reasoning.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from functools import partial
from statistics import fmean
from typing import Literal

import polars as pl

from r1data.engines import Engine
from r1data.judging.judges import Fault, Judge, each, filled, judging_fingerprint
from r1data.judging.quoting import quoted, tag_of
from r1data.judging.reply import Form, longest_text
from r1data.model import LoadedModel
from r1data.recipe import JudgeSettings
from r1data.verifiers.check import LONGEST_KEPT
from schemas import Outcome, Verdict

QUALITY = "quality"
VERSION = 1
LONGEST_QUESTION, LONGEST_REFERENCE, LONGEST_ANSWER = 8000, 4000, 12000
CATEGORIES = (
    "writing", "factual_qa", "self_cognition", "translation", "role_play", "open_questions", "software_engineering"
)  # fmt: skip
"""Those that have a rubric of their own; all others share one."""
TITLES = {"en": ("request", "reference answer", "answer to rate"), "zh": ("要求", "参考答案", "待评分的回答")}


class Appraisal(Form):
    """What is good and bad about an answer first, and then its points."""

    analysis: str
    points: Literal["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]


@dataclass(frozen=True, slots=True)
class QualityItem:
    """One answer to rate. `answer` is what stands behind the thought; None where a reply has no such part."""

    id: str
    question: str
    answer: str | None
    language: str
    category: str | None
    threshold: float
    reference: str | None = None


def quality_fingerprint(model: LoadedModel, settings: JudgeSettings) -> str:
    """Under which name the points are stored: another one where they might be others. Thresholds are no part of it."""
    return judging_fingerprint(model, settings, Appraisal, QUALITY, VERSION)


def appraise(items: Iterable[QualityItem], engine: Engine, judge: Judge, slots: int) -> AsyncGenerator[Verdict, None]:
    """A verdict for each item, in the order in which they are reached, `slots` items at a time.

    `correct` where the mean of the votes reaches the item's threshold, `incorrect` below it, `no_answer`, or
    `verifier_error` where less than half of the votes came; the points are in `extracted`, the analysis in `detail`.

    Raises:
        EngineError: no engine answers any more; the verdicts that were given stand.
    """
    return each(items, slots, partial(_appraise_one, engine=engine, judge=judge))


def quality_prompt(item: QualityItem, tokens: tuple[str, ...], longest: int) -> tuple[str, int]:
    """What the judge reads, and how many lines of the answer speak to it. `longest` bounds its analysis."""
    question, reference, answer = item.question, item.reference or "", item.answer or ""
    tag = tag_of(item.id, question, reference, answer)
    titles = TITLES["zh" if item.language == "zh" else "en"]
    limits = (LONGEST_QUESTION, LONGEST_REFERENCE, LONGEST_ANSWER)
    one, two, three = (
        quoted(title, text, tag, longest=limit, tokens=tokens)
        for title, text, limit in zip(titles, (question, reference, answer), limits, strict=True)
    )
    prompt = filled(
        QUALITY, item.language, question=one.text, reference=two.text if reference.strip() else "", answer=three.text,
        longest=longest, category=item.category if item.category in CATEGORIES else "other",
    )  # fmt: skip
    return prompt, three.loud


def decided_by(points: float, threshold: float) -> Outcome:
    """Whether so many points are enough."""
    return Outcome.CORRECT if points >= threshold else Outcome.INCORRECT


def decided_anew(verdicts: pl.DataFrame, thresholds: pl.DataFrame) -> pl.DataFrame:
    """The verdicts whose points decide otherwise under these thresholds (`completion_id`, `threshold`), as they are
    then. What has no points stays what it is.
    """
    held = pl.col("outcome").is_in([Outcome.CORRECT.value, Outcome.INCORRECT.value])
    told = verdicts.filter((pl.col("verifier") == QUALITY) & held).join(thresholds, on="completion_id")
    enough = pl.col("extracted").cast(pl.Float64, strict=False) >= pl.col("threshold")
    outcome = pl.when(enough).then(pl.lit(Outcome.CORRECT.value)).otherwise(pl.lit(Outcome.INCORRECT.value))
    changed = told.filter(enough.is_not_null() & (pl.col("outcome") != outcome))
    return changed.with_columns(outcome=outcome).drop("threshold")


def point_verdict(item_id: str, points: float, threshold: float, detail: str, seconds: float) -> Verdict:
    """Points as a row."""
    told = _storable(detail)[:LONGEST_KEPT]
    return Verdict(item_id, QUALITY, VERSION, decided_by(points, threshold), f"{points:.6g}", told, seconds)


def unappraised(item_id: str, outcome: Outcome, detail: str, seconds: float) -> Verdict:
    """An answer without points: there is none, or the judge failed."""
    return Verdict(item_id, QUALITY, VERSION, outcome, None, _storable(detail)[:LONGEST_KEPT], seconds)


async def _appraise_one(item: QualityItem, *, engine: Engine, judge: Judge) -> Verdict:
    started = time.perf_counter()
    if item.answer is None or not item.answer.strip():
        return unappraised(item.id, Outcome.NO_ANSWER, "nothing stands behind the thought", 0.0)
    prompt, loud = quality_prompt(item, judge.special_tokens, longest_text(Appraisal, judge.settings.max_tokens))
    votes = await asyncio.gather(
        *(judge.ask(engine, Appraisal, prompt, item.language, item.id, vote) for vote in range(judge.settings.votes))
    )
    seconds = time.perf_counter() - started
    given = [vote for vote in votes if isinstance(vote, Appraisal)]
    if 2 * len(given) <= len(votes):
        reason = next(vote.reason for vote in votes if isinstance(vote, Fault))
        return unappraised(item.id, Outcome.VERIFIER_ERROR, reason, seconds)
    points = fmean(int(vote.points) for vote in given)
    nearest = min(given, key=lambda vote: abs(int(vote.points) - points)).analysis
    all_of_them = "" if len(votes) == 1 else f"votes {', '.join(vote.points for vote in given)}: "
    warning = f" [{loud} lines of the answer speak to the judge]" if loud else ""
    detail = (all_of_them + nearest)[: LONGEST_KEPT - len(warning)] + warning
    return point_verdict(item.id, points, item.threshold, detail, seconds)


def _storable(text: str) -> str:
    """JSON can spell half of a character pair, which no table can hold."""
    return text.encode("utf-8", "replace").decode()
