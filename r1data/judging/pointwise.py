"""Pointwise: is an answer correct, given question and reference (R1 paper, Listing 4). Never shown the reasoning."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from functools import partial

from r1data.engines import Engine
from r1data.judging.judges import Fault, Judge, each, filled, judging_fingerprint
from r1data.judging.quoting import quoted, tag_of
from r1data.judging.reply import Judgement, longest_text
from r1data.model import LoadedModel
from r1data.recipe import JudgeSettings
from r1data.verifiers.check import LONGEST_KEPT
from schemas import Outcome, Verdict

VERIFIER = "judge"
VERSION = 1
LONGEST_QUESTION, LONGEST_REFERENCE, LONGEST_ANSWER = 8000, 4000, 8000
TITLES = {"en": ("question", "reference answer", "answer to check"), "zh": ("问题", "参考答案", "待检查的答案")}


@dataclass(frozen=True, slots=True)
class JudgeItem:
    """One answer to judge. `answer` is what stands behind the thought; None where a reply has no such part."""

    id: str
    question: str
    reference: str | None
    answer: str | None
    language: str


def judge_fingerprint(model: LoadedModel, settings: JudgeSettings) -> str:
    """Under which name the judge's verdicts are stored: another one where it might say something else."""
    return judging_fingerprint(model, settings, Judgement, "judge", VERSION)


def judge(items: Iterable[JudgeItem], engine: Engine, judge: Judge, slots: int) -> AsyncGenerator[Verdict, None]:
    """A verdict for each item, in the order in which they are reached, `slots` items at a time.

    `correct`, `incorrect`, `undecided` (the votes are divided), `no_answer`, `bad_reference` (there is none to compare
    with) or `verifier_error`, with the judge's explanation as the detail.

    Raises:
        EngineError: no engine answers any more; the verdicts that were given stand.
    """
    return each(items, slots, partial(_judge_one, engine=engine, judge=judge))


def prompt_for(item: JudgeItem, tokens: tuple[str, ...], longest: int) -> tuple[str, int]:
    """What the judge reads, and how many lines of the answer speak to it. `longest` bounds its explanation."""
    question, reference, answer = item.question, item.reference or "", item.answer or ""
    tag = tag_of(item.id, question, reference, answer)
    titles = TITLES["zh" if item.language == "zh" else "en"]
    limits = (LONGEST_QUESTION, LONGEST_REFERENCE, LONGEST_ANSWER)
    one, two, three = (
        quoted(title, text, tag, longest=limit, tokens=tokens)
        for title, text, limit in zip(titles, (question, reference, answer), limits, strict=True)
    )
    blanks = {"question": one.text, "reference": two.text, "answer": three.text, "longest": longest}
    return filled("judge", item.language, **blanks), three.loud


async def _judge_one(item: JudgeItem, *, engine: Engine, judge: Judge) -> Verdict:
    started = time.perf_counter()
    if item.answer is None or not item.answer.strip():
        return _verdict(item, Outcome.NO_ANSWER, "nothing stands behind the thought", started)
    if item.reference is None or not item.reference.strip():
        return _verdict(item, Outcome.BAD_REFERENCE, "there is no reference to compare with", started)
    prompt, loud = prompt_for(item, judge.special_tokens, longest_text(Judgement, judge.settings.max_tokens))
    votes = await asyncio.gather(
        *(judge.ask(engine, Judgement, prompt, item.language, item.id, vote) for vote in range(judge.settings.votes))
    )
    outcome, detail = _count(votes)
    warning = f" [{loud} lines of the answer speak to the judge]" if loud else ""
    return _verdict(item, outcome, detail[: LONGEST_KEPT - len(warning)] + warning, started)


def _count(votes: list[Judgement | Fault]) -> tuple[Outcome, str]:
    """What more than half of the votes say; without that it is our fault if one failed, and else undecided."""
    judgements = [vote for vote in votes if isinstance(vote, Judgement)]
    tally = Counter(vote.verdict for vote in judgements)
    for said, times in tally.items():
        if 2 * times > len(votes):
            analysis = next(vote.analysis for vote in judgements if vote.verdict == said)
            return Outcome(said), analysis if len(votes) == 1 else f"{times} of {len(votes)} votes: {analysis}"
    for vote in votes:
        if isinstance(vote, Fault):
            return Outcome.VERIFIER_ERROR, vote.reason
    return Outcome.UNDECIDED, f"the votes are divided: {dict(sorted(tally.items()))}"


def _verdict(item: JudgeItem, outcome: Outcome, detail: str, started: float) -> Verdict:
    extracted = None if item.answer is None else item.answer[:LONGEST_KEPT]
    return Verdict(
        item.id, VERIFIER, VERSION, outcome, extracted, _storable(detail)[:LONGEST_KEPT], time.perf_counter() - started
    )


def _storable(text: str) -> str:
    """JSON can spell half of a character pair, which no table can hold."""
    return text.encode("utf-8", "replace").decode()
