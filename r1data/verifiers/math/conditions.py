"""Conditions on one variable, and what sets of reals they and the signs between sets make."""

from __future__ import annotations

from r1data.verifiers.math.evaluation import exact
from r1data.verifiers.math.expression import (
    INFINITY,
    Apply,
    Expression,
    Form,
    Interval,
    Listing,
    Named,
    Number,
    Reals,
    Relation,
    Scalar,
    Symbol,
    Unreadable,
    is_call,
    negative,
    number,
    substituted,
    variables,
)
from r1data.verifiers.math.reals import EVERYTHING, MINUS_INFINITY, intersection, ordered, without

TURNED = {">": "<", ">=": "<="}


def bounds_of(item: Form) -> tuple[Interval, ...] | None:
    """The intervals of an inequality or an interval; None for anything else."""
    match item:
        case Named(_, value):
            return bounds_of(value)
        case Interval():
            return (item,)
        case Reals(pieces):
            return pieces
        case _:
            return None


def together(bounds: list[tuple[Interval, ...]], kind: str, name: str | None) -> Form | None:
    """Conditions on one variable: `x > 1 and x < 3` hold together, `x < 1 or x > 3` one or the other.

    What overlaps is meant together, unless an "or" joins it; what excludes each other is meant as alternatives.
    None for a list of intervals.
    """
    if name is None and kind != "joined":
        return None
    both: tuple[Interval, ...] | None = bounds[0]
    for pieces in bounds[1:]:
        both = None if both is None else intersection(both, pieces)
    either = ordered(tuple(piece for pieces in bounds for piece in pieces))
    together = bool(both) and (kind == "bare" or either == EVERYTHING)
    result = Reals(both if together and both else either)
    return result if name is None else Named(name, result)


def combined(operation: str, one: Form, other: Form) -> Form:
    """Union, intersection or difference of sets of reals."""
    if operation in ("setminus", "backslash"):
        points = other.items if isinstance(other, Listing) and other.kind == "set" else None
        if points is None:
            raise Unreadable("a difference of sets")
        values = tuple(point.value for point in points if isinstance(point, Scalar))
        result = without(_as_pieces(one), values)
    elif operation == "cap":
        result = intersection(_as_pieces(one), _as_pieces(other))
    else:
        return Reals(_as_pieces(one) + _as_pieces(other))
    if result is None:
        raise Unreadable("sets whose ends are not known")
    return Reals(result) if result else Listing("set", ())


def _as_pieces(form: Form) -> tuple[Interval, ...]:
    match form:
        case Interval():
            return (form,)
        case Reals(pieces):
            return pieces
        case Listing(kind, (Scalar(low), Scalar(high))) if kind in ("paren", "bracket"):
            return (Interval(low, high, kind == "paren", kind == "paren"),)
        case Listing("set", items) if all(isinstance(item, Scalar) for item in items):
            return tuple(Interval(i.value, i.value, False, False) for i in items if isinstance(i, Scalar))
        case _:
            raise Unreadable("a union of things that are no intervals")


def inequality(signs: list[str], sides: list[Expression]) -> Form:
    """X > 2 and 1 < x <= 3 as intervals; anything with more in it stays a relation."""
    if signs in (["<"], ["<="], [">"], [">="]):
        if signs[0] in TURNED:
            signs, sides = [TURNED[signs[0]]], sides[::-1]
        left, right = sides
        open_end = signs[0] == "<"
        if is_variable(left) and not is_variable(right):
            return Named(_name(left), Interval(negative(INFINITY), right, True, open_end))
        if is_variable(right) and not is_variable(left):
            return Named(_name(right), Interval(left, INFINITY, open_end, True))
        return _solved(signs[0], left, right) or Relation(signs[0], left, right)
    if signs == ["!="] and is_variable(sides[0]):
        gap = sides[1]
        pieces = Interval(negative(INFINITY), gap, True, True), Interval(gap, INFINITY, True, True)
        return Named(_name(sides[0]), Reals(pieces))
    if len(signs) == 2 and is_variable(sides[1]):
        if all(sign in ("<", "<=") for sign in signs):
            low, high, low_sign, high_sign = sides[0], sides[2], signs[0], signs[1]
        elif all(sign in TURNED for sign in signs):
            low, high, low_sign, high_sign = sides[2], sides[0], TURNED[signs[1]], TURNED[signs[0]]
        else:
            raise Unreadable("a chain of relations")
        return Named(_name(sides[1]), Interval(low, high, low_sign == "<", high_sign == "<"))
    if len(signs) == 1:
        return Relation(signs[0], sides[0], sides[1])
    raise Unreadable("a chain of relations")


def _solved(sign: str, left: Expression, right: Expression) -> Form | None:
    """2x < 6 and |x| < 2 as intervals; None where it is neither."""
    inside, bound = (left, right) if isinstance(left, Apply) and left.head == "abs" else (right, left)
    if isinstance(inside, Apply) and inside.head == "abs" and isinstance(inside.arguments[0], Symbol):
        name, lower = inside.arguments[0].name, negative(bound)
        within = inside is left
        if variables(bound):
            return None
        open_end = sign == "<"
        if within:
            return Named(name, Interval(lower, bound, open_end, open_end))
        outside = Interval(MINUS_INFINITY, lower, True, open_end), Interval(bound, INFINITY, open_end, True)
        return Named(name, Reals(outside))
    names = variables(left) | variables(right)
    if len(names) != 1:
        return None
    (name,) = names
    difference = Apply("+", (left, negative(right)))
    try:
        values = [exact(substituted(difference, {name: number(n)})) for n in (0, 1, 2)]
    except ArithmeticError:
        return None
    zero, one, two = values
    if zero is None or one is None or two is None or two - one != one - zero or one == zero:
        return None
    end = Number(-zero / (one - zero))
    open_end = sign == "<"
    if one > zero:
        return Named(name, Interval(MINUS_INFINITY, end, True, open_end))
    return Named(name, Interval(end, INFINITY, open_end, True))


def is_variable(expression: Expression) -> bool:
    """Whether it is a letter, or a call such as f(x), that may stand for anything."""
    return (isinstance(expression, Symbol) and expression.name not in ("pi", "e", "i", "infinity")) or is_call(
        expression
    )


def _name(expression: Expression) -> str:
    return expression.name if isinstance(expression, Symbol) else "f"
