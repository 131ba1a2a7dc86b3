"""Pairwise: which of two answers is better, for preference data (R1 paper, 3.1 and B.2, after Arena-Hard).

Each pair is judged four times, twice in either order, since judges prefer a place. Scores go from +2 (the first is much
better) to -2; a pair is kept when the mean is further than 1 from a tie.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from functools import partial

from r1data.engines import Engine
from r1data.judging.judges import Fault, Judge, each, filled, judging_fingerprint
from r1data.judging.quoting import quoted, tag_of
from r1data.judging.reply import Comparison, longest_text
from r1data.model import LoadedModel
from r1data.recipe import JudgeSettings

VERSION = 1
JUDGEMENTS = 4
LEAST_DIFFERENCE = 1.0
LONGEST_QUESTION, LONGEST_ANSWER = 8000, 8000
SCORES = {"A>>B": 2, "A>B": 1, "A=B": 0, "B>A": -1, "B>>A": -2}
TITLES = {"en": ("question", "answer A", "answer B"), "zh": ("问题", "答案 A", "答案 B")}


@dataclass(frozen=True, slots=True)
class PairItem:
    """Two answers to one question, without their reasoning."""

    id: str
    question: str
    first: str
    second: str
    language: str


@dataclass(frozen=True, slots=True)
class Preference:
    """What the judge thinks of a pair. `scores` are in favour of the first answer, whatever place it had.

    `swapped` says in which judgements the second answer was shown first. `preferred` is `first` or `second`, None where
    the difference is too small. With an `error` (a fault of the judge's, outcome `verifier_error`) nothing is known.
    """

    id: str
    scores: tuple[int, ...]
    swapped: tuple[bool, ...]
    difference: float | None
    preferred: str | None
    error: str | None
    seconds: float

    @property
    def kept(self) -> bool:
        """Whether the pair goes into the preference data."""
        return self.preferred is not None


def pairwise_fingerprint(model: LoadedModel, settings: JudgeSettings) -> str:
    """Of everything that decides what is preferred."""
    return judging_fingerprint(model, settings, Comparison, "pairwise", VERSION)


def prefer(
    items: Iterable[PairItem], engine: Engine, judge: Judge, slots: int, seed: int = 0
) -> AsyncGenerator[Preference, None]:
    """A preference for each pair, in the order in which they are reached, `slots` pairs at a time.

    Raises:
        EngineError: no engine answers any more; the preferences that were given stand.
    """
    return each(items, slots, partial(_prefer_one, engine=engine, judge=judge, seed=seed))


def orders(item: PairItem, seed: int) -> tuple[bool, ...]:
    """In which judgements the second answer comes first: half of them, which ones is chance."""
    swapped = [number % 2 == 1 for number in range(JUDGEMENTS)]
    random.Random(f"{seed}/{item.id}").shuffle(swapped)
    return tuple(swapped)


def prompt_for(item: PairItem, swapped: bool, tokens: tuple[str, ...], longest: int) -> str:
    """What the judge reads."""
    one, other = (item.second, item.first) if swapped else (item.first, item.second)
    tag = tag_of(item.id, item.question, one, other)
    titles = TITLES["zh" if item.language == "zh" else "en"]
    limits = (LONGEST_QUESTION, LONGEST_ANSWER, LONGEST_ANSWER)
    question, first, second = (
        quoted(title, text, tag, longest=limit, tokens=tokens).text
        for title, text, limit in zip(titles, (item.question, one, other), limits, strict=True)
    )
    return filled("pairwise", item.language, question=question, first=first, second=second, longest=longest)


async def _prefer_one(item: PairItem, *, engine: Engine, judge: Judge, seed: int) -> Preference:
    started = time.perf_counter()
    swapped = orders(item, seed)
    longest = longest_text(Comparison, judge.settings.max_tokens)
    prompts = [prompt_for(item, swap, judge.special_tokens, longest) for swap in swapped]
    asked = (judge.ask(engine, Comparison, prompt, item.language, item.id, vote) for vote, prompt in enumerate(prompts))
    said = await asyncio.gather(*asked)
    faults = [one.reason for one in said if isinstance(one, Fault)]
    scores = tuple(
        SCORES[one.verdict] * (-1 if swap else 1)
        for one, swap in zip(said, swapped, strict=True)
        if isinstance(one, Comparison)
    )
    difference = None if faults else sum(scores) / len(scores)
    return Preference(
        item.id, scores, swapped, difference, preferred(difference), faults[0] if faults else None,
        time.perf_counter() - started,
    )  # fmt: skip


def preferred(difference: float | None) -> str | None:
    """The better answer, where the difference is more than `LEAST_DIFFERENCE`."""
    if difference is None or abs(difference) <= LEAST_DIFFERENCE:
        return None
    return "first" if difference > 0 else "second"
