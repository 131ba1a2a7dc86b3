"""Likeness: what two texts have in common and where they differ, by words, in time that hostile text cannot stretch."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import NamedTuple

from r1data.report.offences import Span

TOKEN = re.compile(r"[^\W_]+|[^\w\s]|_")
CHINESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
MOST_COMPARED = 500
"""Words between the common beginning and the common end that are laid beside each other; more are marked as a whole."""
LONGEST_READ = 60_000
"""Characters of a text that are compared."""


class Compared(NamedTuple):
    """For each of two texts the places that the other one has too, and those that it has not."""

    common: tuple[list[Span], list[Span]]
    different: tuple[list[Span], list[Span]]


def compare(one: str, other: str) -> Compared:
    """Lay two texts beside each other, word by word, upper case and lower case alike."""
    places = [_tokens(text[:LONGEST_READ]) for text in (one, other)]
    words = [
        [text[at.start : at.end].casefold() for at in spots] for text, spots in zip((one, other), places, strict=True)
    ]
    begin = 0
    while begin < min(map(len, words)) and words[0][begin] == words[1][begin]:
        begin += 1
    end = 0
    while end < min(map(len, words)) - begin and words[0][-1 - end] == words[1][-1 - end]:
        end += 1
    middles = [their[begin : len(their) - end] for their in words]
    same: list[tuple[int, int, int]] = [(0, 0, begin)]
    if max(map(len, middles)) <= MOST_COMPARED:
        blocks = SequenceMatcher(None, middles[0], middles[1]).get_matching_blocks()
        same += [(block.a + begin, block.b + begin, block.size) for block in blocks]
    same.append((len(words[0]) - end, len(words[1]) - end, end))
    return Compared(
        *zip(*(_spans(places[side], [(run[side], run[2]) for run in same]) for side in (0, 1)), strict=True)
    )


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
