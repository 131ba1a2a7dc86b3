"""What a task is, and what a worked solution of it is."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Literal, NamedTuple

Language = Literal["en", "zh"]


class Line(NamedTuple):
    """One sentence in both languages, so that a reply can change its language half-way (see ``flaws.mixed``)."""

    en: str
    zh: str

    def said(self, language: Language) -> str:
        return self.en if language == "en" else self.zh


Paragraph = tuple[Line, ...]


@dataclass(frozen=True)
class Solution:
    """Reasoning that was written out, and the result that it came to, which a slip may have made wrong."""

    opening: Line
    paragraphs: tuple[Paragraph, ...]
    result: str


class Pen:
    """Writes intermediate results down, and now and then a wrong one.

    Slips are made in the middle of the reasoning and not in the final number, because that is how a model goes wrong:
    what follows a slip is consistent with it.
    """

    def __init__(self, rng: Random, slip_rate: float) -> None:
        self.rng = rng
        self.slip_rate = slip_rate

    def slips(self) -> bool:
        return self.rng.random() < self.slip_rate

    def note(self, value: int) -> int:
        """The value, or with the slip rate a near miss; never negative."""
        if not self.slips():
            return value
        near = [value + delta for delta in (-2, -1, 1, 2, 10) if value + delta >= 0]
        return self.rng.choice(near)


@dataclass(frozen=True)
class Task:
    """A question with its true answer, and a way to work it out with a given pen.

    ``code`` is a Python expression that computes the answer; replies that check themselves by code quote it.
    """

    family: str
    language: Language
    question: str
    answer: str
    code: str
    solve: Callable[[Pen], Solution]


def pick(rng: Random, language: Language, en: tuple[str, ...], zh: tuple[str, ...]) -> str:
    """One wording of several in the wanted language."""
    return rng.choice(en if language == "en" else zh)
