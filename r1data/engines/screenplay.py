"""The screenplay: what the scripted engine's replies say. Reasoning of any length, an answer, and flaws.

No long line comes twice within a reply, except where it is to repeat itself, so that a filter finds what it should and
nothing else. Long replies are slices of a text that is written once: a reply must cost no more than its copy.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache

from r1data.replies import CLOSE, OPEN

STEPS = {
    "en": (
        "I look at what is given and write it down.",
        "I work through the numbers one at a time.",
        "I check the last step again, and it holds.",
        "So I can put the parts together now.",
    ),
    "zh": (
        "我先看清楚题目给出的条件。",
        "我一步一步地计算这些数字。",
        "我再检查一遍最后一步，没有问题。",
        "现在我可以把各部分合在一起。",
    ),
}
CONCLUSION = {"en": "The answer is \\boxed{{{}}}.", "zh": "答案是 \\boxed{{{}}}。"}
NAMED = {"en": "So I get {}.", "zh": "所以我得到{}。"}
ASIDE = {"en": "As my reasoning above shows: ", "zh": "根据上面的思考："}
FILLER = {
    "en": "In case {} we try {} and get {}, so we go on.\n\n",
    "zh": "第{}种情况：我们试试{}，得到{}，所以继续。\n\n",
}
FILLER_LINES = 40_000
PARAGRAPH = 2_400
"""Characters of a paragraph that nobody would want to read."""


@dataclass(frozen=True, slots=True)
class Script:
    """A reply: `text`, and then `refrain` for ever, or nothing more where that is empty."""

    text: str
    refrain: str = ""

    def part(self, start: int, length: int) -> str:
        """That many characters from there, or what there is of them."""
        end = start + length
        missing = end - len(self.text)
        if missing <= 0 or not self.refrain:
            return self.text[start:end]
        return (self.text + self.refrain * (missing // len(self.refrain) + 1))[start:end]


def language_of(language: str) -> str:
    """The language that is spoken for this one."""
    return language if language in STEPS else "en"


def reply(language: str, answer: str, reply_chars: int, dice: random.Random) -> Script:
    """Reasoning of at least so many characters, and the answer."""
    return Script(_whole(_steps(language, dice), CONCLUSION[language].format(answer), language, reply_chars, dice))


def part_of(part: str, language: str, answer: str, *, flawed: bool) -> Script:
    """What a rewriter gives: a thought, a solution, or a brief reply of both. A flawed thought is formatted, a flawed
    solution talks of the thought.
    """
    solution = ASIDE[language] * flawed + CONCLUSION[language].format(answer)
    named = NAMED[language].format(answer)
    match part:
        case "solution":
            return Script(solution)
        case "brief":
            return Script(f"{OPEN}\n{named}\n{CLOSE}\n\n{solution}")
        case _:
            lines = [*STEPS[language], named]
            return Script("\n\n".join(f"- {line}" if flawed else line for line in lines))


def looping(language: str, reply_chars: int, dice: random.Random) -> Script:
    """Reasoning that comes to no end."""
    steps = _steps(language, dice)
    head = f"{OPEN}\n" + "\n\n".join(steps) + "\n\n"
    head += filler(language, max(0, reply_chars - len(head)), dice)
    return Script(head, dice.choice(STEPS[language]) + "\n")


def spoilt(language: str, answer: str, reply_chars: int, dice: random.Random) -> Script:
    """A reply with one of the flaws that the filters exist for."""
    other = "zh" if language == "en" else "en"
    steps, solution = _steps(language, dice), CONCLUSION[language].format(answer)
    match dice.choice(("mixed", "paragraph", "unclosed", "fence", "loop", "no box")):
        case "mixed":
            steps += [*STEPS[other], filler(other, reply_chars // 2, dice).rstrip()]
            return Script(_whole(steps, solution, language, reply_chars, dice))
        case "paragraph":
            steps.append(filler(language, PARAGRAPH, dice).replace("\n\n", " "))
            return Script(_whole(steps, solution, language, reply_chars, dice))
        case "unclosed":
            return Script(_whole(steps, solution, language, reply_chars, dice).partition(f"\n{CLOSE}")[0])
        case "fence":
            return Script(_whole([*steps, "```python\nx = 1"], solution, language, reply_chars, dice))
        case "loop":
            return looping(language, reply_chars, dice)
        case _:
            return Script(_whole(steps, "...", language, reply_chars, dice))


def filler(language: str, length: int, dice: random.Random) -> str:
    """At least so many characters of whole lines; none where the length is 0."""
    text, ends = _filler(language)
    lines = []
    while length > 0:
        first = dice.randrange(len(ends))
        start = ends[first - 1] if first else 0
        last = min(bisect_left(ends, start + length), len(ends) - 1)
        lines.append(text[start : ends[last]])
        length -= len(lines[-1])
    return "".join(lines)


def _whole(steps: list[str], solution: str, language: str, reply_chars: int, dice: random.Random) -> str:
    head, tail = f"{OPEN}\n" + "\n\n".join(steps), f"\n{CLOSE}\n\n{solution}"
    missing = reply_chars - len(head) - len(tail)
    return head + "\n\n" + filler(language, missing, dice).rstrip() + tail if missing > 0 else head + tail


def _steps(language: str, dice: random.Random) -> list[str]:
    steps = [dice.choice(STEPS[language]) for _ in range(dice.randint(2, 5))]
    return [f"{number}. {step}" for number, step in enumerate(steps, start=1)]


@cache
def _filler(language: str) -> tuple[str, list[int]]:
    """A long text, and where its lines end."""
    dice = random.Random(language)
    lines = [
        FILLER[language].format(number, dice.randint(2, 99), dice.randint(100, 9999)) for number in range(FILLER_LINES)
    ]
    ends, end = [], 0
    for line in lines:
        end += len(line)
        ends.append(end)
    return "".join(lines), ends
