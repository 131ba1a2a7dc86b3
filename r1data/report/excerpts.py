"""Excerpts: as much of a long text as one reads, always with the offending parts in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from markupsafe import Markup, escape

from r1data.report.offences import Span
from r1data.visible import visible

HEAD, TAIL, AROUND = 280, 220, 160
LONGEST_MARK = (700, 200)
"""Characters shown at the start and at the end of a mark that is itself too long to read."""
BUDGET = 2600
SMALL_GAP = 240
SNAP = 70
"""Characters within which a window ends at a line's end rather than inside of a word; less than `AROUND`."""


def excerpt(text: str, marks: Sequence[Span]) -> Markup:
    """Escaped text: its beginning, what surrounds the marks (set in <mark>), its end; gaps say how much they hide."""
    pieces: list[Markup] = []
    end = 0
    for shown in _windows(text, marks):
        if shown.start > end:
            pieces.append(_gap(shown.start - end))
        pieces += _with_marks(text, shown, marks)
        end = shown.end
    if end < len(text):
        pieces.append(_gap(len(text) - end))
    return Markup("").join(pieces)


def _gap(characters: int) -> Markup:
    return Markup('<span class="gap">… {:,} characters …</span>').format(characters)


def _windows(text: str, marks: Sequence[Span]) -> list[Span]:
    """What to show, in order, without overlap, near neighbours joined."""
    length = len(text)
    wanted = [Span(0, min(HEAD if marks else BUDGET - TAIL, length)), Span(max(length - TAIL, 0), length)]
    budget = BUDGET - HEAD - TAIL
    for part in chain.from_iterable(map(_readable, marks)):
        window = Span(max(part.start - AROUND, 0), min(part.end + AROUND, length))
        budget -= window.end - window.start
        if budget < 0:
            break
        wanted.append(window)
    joined: list[Span] = []
    for window in sorted(_snapped(text, window) for window in wanted):
        if joined and window.start - joined[-1].end <= SMALL_GAP:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, window.end))
        else:
            joined.append(window)
    return [window for window in joined if window.end > window.start]


def _snapped(text: str, window: Span) -> Span:
    """The window, drawn in to whole lines where that costs little; never as far as the mark in its middle."""
    start, end = window
    if start > 0 and (line := text.find("\n", start, min(start + SNAP, end))) >= 0:
        start = line + 1
    if end < len(text) and (line := text.rfind("\n", max(end - SNAP, start), end)) >= 0:
        end = line
    return Span(start, end)


def _readable(mark: Span) -> Iterator[Span]:
    first, last = LONGEST_MARK
    if mark.end - mark.start <= first + last:
        yield mark
    else:
        yield Span(mark.start, mark.start + first)
        yield Span(mark.end - last, mark.end)


def _with_marks(text: str, shown: Span, marks: Sequence[Span]) -> Iterator[Markup]:
    end = shown.start
    for mark in marks:
        start, stop = max(mark.start, end), min(mark.end, shown.end)
        if start < stop:
            yield escape(visible(text[end:start], BUDGET))
            yield Markup("<mark>{}</mark>").format(visible(text[start:stop], BUDGET))
            end = stop
    yield escape(visible(text[end : shown.end], BUDGET))
