"""Sets of reals as unions of intervals: put in order, joined where they touch, cut with each other."""

from __future__ import annotations

from r1data.verifiers.math.evaluation import SAME, UNKNOWN, Answer, all_of, compare, different, size
from r1data.verifiers.math.expression import (
    INFINITY,
    Apply,
    Expression,
    Form,
    Interval,
    Listing,
    Named,
    Reals,
    Relation,
    Scalar,
    Symbol,
    symbols,
)

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


def same_reals(one: Form, other: Form) -> Answer:
    """Whether two forms are the same set of reals, piece by piece and end by end."""
    ours, theirs = _pieces(one), _pieces(other)
    if ours is None or theirs is None:
        if isinstance(one, Relation) or isinstance(other, Relation):
            return UNKNOWN
        return different("an interval against something else")
    if len(ours) != len(theirs):
        return different(f"{len(theirs)} intervals against {len(ours)}")
    answers = []
    for a, b in zip(ours, theirs, strict=True):
        if (a.low_open, a.high_open) != (b.low_open, b.high_open):
            return different("an end that belongs to one of them only")
        answers += [_ends(a.low, b.low), _ends(a.high, b.high)]
    return all_of(answers)


def _ends(one: Expression, other: Expression) -> Answer:
    if one == other:
        return SAME
    infinite = {expression for expression in (one, other) if "infinity" in symbols(expression)}
    return different("another end") if infinite else compare(one, other)


def _pieces(form: Form) -> list[Interval] | None:
    """The intervals of a form, from the left; None where it is no set of reals."""
    match form:
        case Interval():
            found = [form]
        case Reals(pieces):
            found = list(pieces)
        case Listing("paren", (Scalar(low), Scalar(high))):
            found = [Interval(low, high, True, True)]
        case Listing("bracket", (Scalar(low), Scalar(high))):
            found = [Interval(low, high, False, False)]
        case Scalar(Symbol("R")):
            infinity = Symbol("infinity")
            found = [Interval(Apply("neg", (infinity,)), infinity, True, True)]
        case Listing(_, items) if items and all(isinstance(i, Interval | Named | Listing) for i in items):
            found = []
            for item in items:
                inner = _pieces(item.value if isinstance(item, Named) else item)
                if inner is None:
                    return None
                found += inner
        case _:
            return None
    return list(ordered(tuple(found)))


def is_bounded(form: Form) -> bool:
    """Whether it is a set of reals without infinite ends."""
    pieces = _pieces(form)
    return pieces is not None and all("infinity" not in symbols(p.low) | symbols(p.high) for p in pieces)
