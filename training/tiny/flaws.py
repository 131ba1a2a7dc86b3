"""Replies in R1's shape, and the faults that a few of them in a hundred have.

The faults are in the training text at the rates below and nowhere else: the trained model makes them because it is
sampled, and nothing plants them afterwards. Wrong results are not listed here: they come from the slips in
``tasks.Pen`` and from what the network never learned.
"""

from collections.abc import Callable
from enum import StrEnum
from random import Random
from typing import NamedTuple

from training.tiny.tasks import Language, Line, Paragraph, Solution

THINK, UNTHINK = "<think>", "</think>"
LONG_PARAGRAPH_CHARACTERS: dict[Language, int] = {"en": 700, "zh": 430}
"""Chinese needs more tokens a character: a longer paragraph would not fit into the demo's token limit."""


class Flaw(StrEnum):
    """What is wrong with the shape of a reply. A closed fence is no fault: it keeps the open one from being obvious."""

    NONE = "none"
    MIXED = "mixed_language"
    LONG_PARAGRAPH = "long_paragraph"
    UNCLOSED_THINK = "unclosed_think"
    OPEN_FENCE = "open_fence"
    CLOSED_FENCE = "closed_fence"
    LOOP = "loop"


RATES: dict[Flaw, float] = {
    Flaw.MIXED: 0.045,
    Flaw.LONG_PARAGRAPH: 0.04,
    Flaw.UNCLOSED_THINK: 0.04,
    Flaw.OPEN_FENCE: 0.04,
    Flaw.CLOSED_FENCE: 0.04,
    Flaw.LOOP: 0.035,
}


class Reply(NamedTuple):
    """A reply's text. ``ends`` is false where it never stops: no end token follows and the length limit cuts it."""

    text: str
    ends: bool = True


class Draft(NamedTuple):
    """The parts of a reply before they are set in lines and tags."""

    language: Language
    paragraphs: tuple[Paragraph, ...]
    answer: Line
    code: str


_STARTS = (Line("Okay. ", "好的。"), Line("Let me think. ", "让我想想。"), Line("", ""))
_CHECKS = (
    Line("Wait, let me check that again.", "等等，让我再检查一下。"),
    Line("Hmm, let me look at it once more.", "嗯，让我再看一遍。"),
)
_CONFIRMS = (Line("Yes, that is right.", "对，没有问题。"), Line("Good, it fits.", "好，是对的。"))
_RAMBLES = (
    Line("Let me go over it again.", "让我再过一遍。"),
    Line("I am not sure yet, so I look at the numbers once more.", "我还不太确定，所以再看一遍这些数。"),
    Line("Maybe I should do it more slowly this time.", "也许这次我应该慢一点做。"),
    Line("Okay, that is the same as before.", "好的，和前面一样。"),
)
_ANSWERS = (
    Line(r"The answer is \boxed{%s}.", r"答案是 \boxed{%s}。"),
    Line(r"I worked it out step by step. The answer is \boxed{%s}.", r"一步一步算下来，答案是 \boxed{%s}。"),
)


def draft(solution: Solution, language: Language, code: str, rng: Random) -> Draft:
    """A faultless reply: an opening, the steps, often a check, a conclusion, and the boxed result."""
    start, result = rng.choice(_STARTS), solution.result
    opening = Line(start.en + solution.opening.en, start.zh + solution.opening.zh)
    check: tuple[Paragraph, ...] = ()
    if rng.random() < 0.4:
        check = ((rng.choice(_CHECKS), solution.paragraphs[-1][-1], rng.choice(_CONFIRMS)),)
    conclusion = Line(f"So the answer is {result}.", f"所以答案是 {result}。")
    answer = rng.choice(_ANSWERS)
    return Draft(
        language,
        ((opening,), *solution.paragraphs, *check, (conclusion,)),
        Line(answer.en % result, answer.zh % result),
        code,
    )


def _set(paragraphs: tuple[Paragraph, ...], language: Language) -> list[str]:
    return ["\n".join(line.said(language) for line in paragraph) for paragraph in paragraphs]


def _whole(thoughts: list[str], answer: str) -> str:
    return f"{THINK}\n" + "\n\n".join(thoughts) + f"\n{UNTHINK}\n\n{answer}"


def plain(draft: Draft, rng: Random) -> Reply:
    return Reply(_whole(_set(draft.paragraphs, draft.language), draft.answer.said(draft.language)))


def mixed(draft: Draft, rng: Random) -> Reply:
    """Some neighbouring sentences of the reasoning, but not its conclusion, are in the other language."""
    other: Language = "zh" if draft.language == "en" else "en"
    count = sum(map(len, draft.paragraphs[:-1]))
    first = rng.randrange(count)
    last = min(first + rng.randint(1, 4), count)
    spoken, index = [], 0
    for paragraph in draft.paragraphs:
        lines = []
        for line in paragraph:
            lines.append(line.said(other if first <= index < last else draft.language))
            index += 1
        spoken.append("\n".join(lines))
    return Reply(_whole(spoken, draft.answer.said(draft.language)))


def long_paragraph(draft: Draft, rng: Random) -> Reply:
    """The whole reasoning in one paragraph that goes over its own steps until it is far too long."""
    steps = [line for paragraph in draft.paragraphs[:-1] for line in paragraph]
    told, gap = list(steps), " " if draft.language == "en" else ""
    target = LONG_PARAGRAPH_CHARACTERS[draft.language] + rng.randint(10, 80)
    while sum(len(line.said(draft.language)) + len(gap) for line in told) < target:
        told.append(rng.choice(_RAMBLES))
        told.extend(steps[: rng.randint(1, len(steps))])
    paragraph = gap.join(line.said(draft.language) for line in (*told, *draft.paragraphs[-1]))
    return Reply(_whole([paragraph], draft.answer.said(draft.language)))


def unclosed_think(draft: Draft, rng: Random) -> Reply:
    """The reasoning just ends: no closing tag and no answer."""
    kept = rng.randint(1, len(draft.paragraphs))
    return Reply(f"{THINK}\n" + "\n\n".join(_set(draft.paragraphs, draft.language)[:kept]))


def _fenced(draft: Draft, rng: Random, closing: str) -> Reply:
    """Python after the steps or before the answer; ``closing`` ends the block or leaves it open."""
    lead = Line("I can check it with code:", "我可以用代码检查：").said(draft.language)
    block = f"{lead}\n```python\nprint({draft.code}){closing}"
    thoughts, answer = _set(draft.paragraphs, draft.language), draft.answer.said(draft.language)
    if rng.random() < 0.5:
        return Reply(_whole([*thoughts[:-1], block, thoughts[-1]], answer))
    return Reply(_whole(thoughts, f"{block}\n\n{answer}"))


def open_fence(draft: Draft, rng: Random) -> Reply:
    return _fenced(draft, rng, closing="")


def closed_fence(draft: Draft, rng: Random) -> Reply:
    return _fenced(draft, rng, closing="\n```")


def loop(draft: Draft, rng: Random) -> Reply:
    """From somewhere in the reasoning on, the same line again and again, without end."""
    thoughts = _set(draft.paragraphs[:-1], draft.language)
    kept = "\n\n".join(thoughts[: rng.randint(1, len(thoughts))])
    stuck = kept.rsplit("\n", 1)[-1] if rng.random() < 0.5 else rng.choice(_CHECKS).said(draft.language)
    return Reply(f"{THINK}\n{kept}" + f"\n{stuck}" * 160, ends=False)


WRITERS: dict[Flaw, Callable[[Draft, Random], Reply]] = {
    Flaw.NONE: plain,
    Flaw.MIXED: mixed,
    Flaw.LONG_PARAGRAPH: long_paragraph,
    Flaw.UNCLOSED_THINK: unclosed_think,
    Flaw.OPEN_FENCE: open_fence,
    Flaw.CLOSED_FENCE: closed_fence,
    Flaw.LOOP: loop,
}


def choose(rng: Random) -> Flaw:
    """A flaw at its rate, or none: a training reply has one at most."""
    point = rng.random()
    for flaw, rate in RATES.items():
        if point < rate:
            return flaw
        point -= rate
    return Flaw.NONE
