"""Relations: equations and inequalities that say the same, and the names that functions go by."""

from __future__ import annotations

import re
from fractions import Fraction

from r1data.verifiers.math.evaluation import UNKNOWN, Answer, Undefined, compare, different, exact
from r1data.verifiers.math.expression import (
    Apply,
    Expression,
    Named,
    Number,
    Relation,
    Scalar,
    Symbol,
    substituted,
    variables,
)

DERIVATIVE = re.compile(r"\\frac\{d([a-z])\}\{d[a-z]\}|d([a-z])/d[a-z]")


def derivative(name: str) -> str:
    r"""dy/dx, \frac{dy}{dx} and y' are one name."""
    match = DERIVATIVE.fullmatch(name)
    return f"{match[1] or match[2]}'" if match else name


def is_head(name: str) -> bool:
    """What functions are called: y, f(x), S_n, a_n."""
    return name in ("y", "z") or "(" in name or "_" in name


def may_be_one(name: str, other: str) -> bool:
    """Whether two heads may stand for one function: y for f(x), but not f(x) for its derivative."""
    return name.count("'") == other.count("'") and bool({name.rstrip("'"), other.rstrip("'")} & {"y", "z"})


def of_another_name(name: str, other: str) -> Answer:
    """Equal terms under names that are not one: f is not g, y may be f(x)."""
    if name.count("'") != other.count("'") and name.replace("'", "") == other.replace("'", ""):
        return different(f"{other} against {name}")
    return Answer(None, False, f"the same term for {other} and {name}", final=True)


def as_relation(named: Named) -> Relation:
    """The equation that y = 2x is; a value that is no expression as one that cannot be compared."""
    value = named.value
    if not isinstance(value, Scalar):
        return Relation("?", Symbol(named.name), Symbol(named.name))
    return Relation("=", Symbol(named.name), value.value)


def equations(one: Relation, other: Relation) -> Answer:
    """Two equations are one where their differences are proportional; two inequalities where the factor is positive."""
    if "?" in (one.sign, other.sign):
        return UNKNOWN
    if one.sign != other.sign:
        return different(f"{other.sign} against {one.sign}")
    left, right = _difference(one), _difference(other)
    if variables(left) != variables(right):
        return different("in other variables")
    ratio = Apply("/", (left, right))
    for factor in _factors(left, right):
        if one.sign in ("<", "<=") and factor <= 0:
            continue
        answer = compare(ratio, Number(factor))
        if answer.same:
            return Answer(True, answer.certain, "the same relation up to a factor")
    if _divides(left) or _divides(right):
        return UNKNOWN  # y = 2/x and xy = 2 are no multiples of each other
    return Answer(False, False, "different relations")


def _divides(expression: Expression) -> bool:
    """Whether it divides by a variable."""
    if not isinstance(expression, Apply):
        return False
    if expression.head == "/" and variables(expression.arguments[1]):
        return True
    return any(map(_divides, expression.arguments))


def _factors(left: Expression, right: Expression) -> list[Fraction]:
    """What the one could be, divided by the other: told from one rational point, where there is one."""
    names = sorted(variables(left) | variables(right))
    for attempt in range(4):
        point = {name: Number(Fraction(7 * n + 3 + attempt, 2 + attempt)) for n, name in enumerate(names, start=1)}
        try:
            top, bottom = exact(substituted(left, point)), exact(substituted(right, point))
        except (Undefined, ArithmeticError):
            continue
        if top is not None and bottom:
            return [top / bottom]
    return [Fraction(sign * n, d) for sign in (1, -1) for n in (1, 2, 3) for d in (1, 2, 3)]


def _difference(relation: Relation) -> Expression:
    return Apply("+", (relation.left, Apply("neg", (relation.right,))))
