"""Likeness: what two texts have in common and where they differ, by words, in time that hostile text cannot stretch."""

from __future__ import annotations

import re
from bisect import bisect_left
from difflib import SequenceMatcher
from typing import NamedTuple

from r1data.report.offences import Span

TOKEN = re.compile(r"[^\W_]+|[^\w\s]|_")
CHINESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
PASSAGE = 4
"""Words of a passage that two texts are laid on each other by."""
MOST_COMPARED = 300
"""Words between two such passages that are compared one by one; more are marked as a whole."""
LONGEST_READ = 60_000
"""Characters of a text that are compared."""


class Run(NamedTuple):
    """Words that two texts have in common: from which word on in either, and how many."""

    one: int
    other: int
    size: int


class Compared(NamedTuple):
    """For each of two texts the places that the other one has too, and those that it has not."""

    common: tuple[list[Span], list[Span]]
    different: tuple[list[Span], list[Span]]


def compare(one: str, other: str) -> Compared:
    """Lay two texts beside each other, word by word, upper case and lower case alike."""
    texts = (one[:LONGEST_READ], other[:LONGEST_READ])
    places = [_tokens(text) for text in texts]
    words = [[text[at.start : at.end].casefold() for at in spots] for text, spots in zip(texts, places, strict=True)]
    same = _runs_in_common(words[0], words[1])
    ours = _spans(places[0], [(run.one, run.size) for run in same])
    theirs = _spans(places[1], [(run.other, run.size) for run in same])
    return Compared((ours[0], theirs[0]), (ours[1], theirs[1]))


def _runs_in_common(one: list[str], other: list[str]) -> list[Run]:
    """Runs of words that both have, in the order of both.

    Passages that stand once in either text are laid on each other first; only the little between them is compared word
    by word.
    """
    found: list[Run] = []
    start = Run(0, 0, 0)
    for anchor in [*_anchors(one, other), Run(len(one), len(other), 0)]:
        first, second = start.one + start.size, start.other + start.size
        between = one[first : anchor.one], other[second : anchor.other]
        if max(map(len, between)) <= MOST_COMPARED:
            blocks = SequenceMatcher(None, between[0], between[1]).get_matching_blocks()
            found += [Run(first + block.a, second + block.b, block.size) for block in blocks if block.size]
        if anchor.size:
            found.append(anchor)
        start = anchor
    return found


def _anchors(one: list[str], other: list[str]) -> list[Run]:
    """The longest row of passages that stand once in either text, in one order; those that touch are one."""
    ours, theirs = _once(one), _once(other)
    pairs = [(at, theirs[passage]) for passage, at in ours.items() if passage in theirs]
    ends: list[int] = []
    """The least place in the other text at which a row of so many pairs ends."""
    chain: list[int] = []
    before: list[int | None] = []
    for number, (_, at) in enumerate(pairs):
        length = bisect_left(ends, at)
        if length == len(ends):
            ends.append(at)
            chain.append(number)
        else:
            ends[length], chain[length] = at, number
        before.append(chain[length - 1] if length else None)
    row: list[tuple[int, int]] = []
    last: int | None = chain[-1] if chain else None
    while last is not None:
        row.append(pairs[last])
        last = before[last]
    runs: list[Run] = []
    for first, second in reversed(row):
        if runs and first - runs[-1].one == second - runs[-1].other and first <= runs[-1].one + runs[-1].size:
            runs[-1] = runs[-1]._replace(size=first + PASSAGE - runs[-1].one)
        elif not runs or (first >= runs[-1].one + runs[-1].size and second >= runs[-1].other + runs[-1].size):
            runs.append(Run(first, second, PASSAGE))
    return runs


def _once(words: list[str]) -> dict[tuple[str, ...], int]:
    """Where each passage of a few words stands, of those that stand once."""
    places: dict[tuple[str, ...], int] = {}
    again: set[tuple[str, ...]] = set()
    for at in range(len(words) - PASSAGE + 1):
        passage = tuple(words[at : at + PASSAGE])
        if passage in places:
            again.add(passage)
        places[passage] = at
    return {passage: at for passage, at in places.items() if passage not in again}


def _tokens(text: str) -> list[Span]:
    """Words, signs, and single characters of Chinese and Japanese, with their places."""
    found: list[Span] = []
    for match in TOKEN.finditer(text):
        if CHINESE.search(match.group()):
            found += [Span(at, at + 1) for at in range(*match.span())]
        else:
            found.append(Span(*match.span()))
    return found


def _spans(places: list[Span], runs: list[tuple[int, int]]) -> tuple[list[Span], list[Span]]:
    """Places of the words in the runs, and of those between them; neighbours as one."""
    common: list[Span] = []
    different: list[Span] = []
    reached = 0
    for start, size in [*runs, (len(places), 0)]:
        if start > reached:
            different.append(Span(places[reached].start, places[start - 1].end))
        if size:
            common.append(Span(places[start].start, places[start + size - 1].end))
        reached = max(reached, start + size)
    return common, different
