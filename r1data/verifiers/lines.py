"""Lines of an answer, and the passages that are found in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from r1data.verifiers.literals import Value

LONGEST_LINE = 2000
MARKUP = re.compile(r"\*\*|__|`+[a-z]*|\\boxed\s*|\$|\\[\[\]()]")


@dataclass(frozen=True, slots=True)
class Passage:
    """Where a passage ends, what it says, and its text."""

    end: int
    value: Value
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line without markup, and where it ended before."""

    end: int
    text: str


def lines_of(text: str) -> Iterator[Line]:
    """The lines of a text; one of absurd length is empty."""
    end = 0
    for line in text.split("\n"):
        end += len(line) + 1
        yield Line(end, MARKUP.sub("", line).rstrip() if len(line) <= LONGEST_LINE else "")
