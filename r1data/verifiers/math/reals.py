"""Sets of reals as unions of intervals: put in order, joined where they touch, cut with each other."""

from __future__ import annotations

from r1data.verifiers.math.evaluation import size
from r1data.verifiers.math.expression import INFINITY, Apply, Expression, Interval

MINUS_INFINITY = Apply("neg", (INFINITY,))
EVERYTHING = (Interval(MINUS_INFINITY, INFINITY, True, True),)
Pieces = tuple[Interval, ...]
Edge = tuple[float, bool]


def ordered(pieces: Pieces) -> Pieces:
    """From the left, touching pieces joined, empty ones left out; as they are where an end is no known number."""
    placed = [(size(p.low), size(p.high), p) for p in pieces]
    if any(low is None or high is None for low, high, _ in placed):
        return pieces
    known = [(low or 0.0, high or 0.0, p) for low, high, p in placed]
    known = [
        (low, high, p) for low, high, p in known if low < high or (low == high and not (p.low_open or p.high_open))
    ]
    joined: list[tuple[float, float, Interval]] = []
    for low, high, piece in sorted(known, key=lambda entry: (entry[0], entry[2].low_open)):
        if joined:
            start, end, last = joined[-1]
            if low < end or (low == end and not (last.high_open and piece.low_open)):
                if (high, not piece.high_open) > (end, not last.high_open):
                    joined[-1] = start, high, Interval(last.low, piece.high, last.low_open, piece.high_open)
                continue
        joined.append((low, high, piece))
    return tuple(piece for _, _, piece in joined)


def intersection(one: Pieces, other: Pieces) -> Pieces | None:
    """What is in both; None where an end is no known number."""
    found = []
    for a in one:
        for b in other:
            ends = [size(e) for e in (a.low, a.high, b.low, b.high)]
            if None in ends:
                return None
            low = max(_low(a, ends[0] or 0.0), _low(b, ends[2] or 0.0), key=lambda edge: edge[0])
            high = min(_high(a, ends[1] or 0.0), _high(b, ends[3] or 0.0), key=lambda edge: edge[0])
            found.append(Interval(low[1], high[1], low[0][1], not high[0][1]))
    return ordered(tuple(found))


def without(pieces: Pieces, points: tuple[Expression, ...]) -> Pieces | None:
    """Without single points."""
    result: Pieces | None = pieces
    for point in points:
        gap = Interval(MINUS_INFINITY, point, True, True), Interval(point, INFINITY, True, True)
        result = None if result is None else intersection(result, gap)
    return result


def _low(piece: Interval, place: float) -> tuple[Edge, Expression]:
    return (place, piece.low_open), piece.low  # an open end begins later


def _high(piece: Interval, place: float) -> tuple[Edge, Expression]:
    return (place, not piece.high_open), piece.high  # an open end ends earlier
