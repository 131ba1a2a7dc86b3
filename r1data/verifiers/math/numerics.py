"""High-precision values of expressions (mpmath), with bounds that keep hostile towers from being computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import mpmath
from mpmath import mp

from r1data.verifiers.math.evaluation import COARSE, FINE, MOST_MAGNITUDE, NotRational, TooLarge, Undefined
from r1data.verifiers.math.expression import Apply, Expression, Number, Symbol

AGREE = mpmath.mpf(10) ** (20 - FINE)
NOISE = mpmath.mpf(10) ** -20
LARGEST_GAMMA = 10**9


@dataclass(frozen=True, slots=True)
class Value:
    """A complex number to `FINE` digits; zero where all that the coarse value had was rounding."""

    fine: Any


def value(expression: Expression, point: Mapping[str, float]) -> Value:
    """Evaluate at two precisions: what shrinks with the rounding errors is zero.

    Raises:
        Undefined, TooLarge, NotRational: there is no value, none that one should compute, or the function is unknown.
    """
    with mp.workdps(COARSE):
        coarse = _at(expression, point)
    with mp.workdps(FINE):
        fine = _at(expression, point)
        if not mpmath.isfinite(fine):
            raise Undefined("it is not finite")
        if coarse != 0 and abs(fine) < abs(coarse) * NOISE:
            return Value(mpmath.mpf(0))
        return Value(+fine)


def equal(one: Value, other: Value) -> bool:
    """Whether two values agree to nearly all their digits, relative to their size."""
    with mp.workdps(FINE):
        scale = max(abs(one.fine), abs(other.fine))
        return bool(scale == 0 or abs(one.fine - other.fine) <= AGREE * scale)


def real(expression: Expression) -> float | None:
    """A closed expression as a float; None where it is not real."""
    with mp.workdps(COARSE):
        found = _at(expression, {})
        if abs(mpmath.im(found)) > abs(found) * mpmath.mpf(10) ** -30:
            return None
        return float(mpmath.re(found))


def _at(expression: Expression, point: Mapping[str, float]) -> Any:  # noqa: ANN401 - mpmath has no types
    match expression:
        case Number(exact):
            return mpmath.mpf(exact.numerator) / exact.denominator
        case Symbol("pi"):
            return +mp.pi
        case Symbol("e"):
            return +mp.e
        case Symbol("i"):
            return mpmath.mpc(0, 1)
        case Symbol(name):
            if name not in point:
                raise NotRational(name)
            return mpmath.mpf(point[name])
        case Apply("^", (base, exponent)):
            return _power(_at(base, point), _at(exponent, point))
        case Apply(head, arguments):
            return _apply(head, [_at(a, point) for a in arguments])
    raise NotRational


def _power(base: Any, exponent: Any) -> Any:  # noqa: ANN401
    if base == 0:
        if mpmath.re(exponent) <= 0:
            raise Undefined("zero to a power that is not positive")
        return mpmath.mpf(0)
    logarithm = mpmath.log(base)
    if exponent != 0 and logarithm != 0 and mpmath.mag(exponent) + mpmath.mag(logarithm) > MOST_MAGNITUDE:
        raise TooLarge("a power too large to be computed")
    if mpmath.im(base) == 0 and mpmath.im(exponent) == 0 and base < 0:
        root = _odd_root(base, exponent)
        if root is not None:
            return root
    return mpmath.power(base, exponent)


def _odd_root(base: Any, exponent: Any) -> Any:  # noqa: ANN401
    """(-8)^(1/3) is -2 in school; the principal value is complex."""
    inverse = 1 / exponent
    nearest = mpmath.nint(inverse)
    if abs(inverse - nearest) < NOISE and int(nearest) % 2 and abs(nearest) > 1:
        return -mpmath.power(-base, exponent)
    return None


def _apply(head: str, values: list[Any]) -> Any:  # noqa: ANN401
    first = values[0]
    match head:
        case "+":
            return mpmath.fsum(values)
        case "*":
            return values[0] * values[1]
        case "/":
            if values[1] == 0:
                raise Undefined("a division by zero")
            return values[0] / values[1]
        case "neg":
            return -first
        case "deg":
            return first * mp.pi / 180
        case "abs":
            return abs(first)
        case "sqrt":
            return mpmath.sqrt(first)
        case "root":
            return _power(first, 1 / values[1])
        case "!":
            if abs(first) > LARGEST_GAMMA:
                raise TooLarge("a factorial too large to be computed")
            return mpmath.factorial(first)
        case "binom":
            if max(map(abs, values)) > LARGEST_GAMMA:
                raise TooLarge("a binomial too large to be computed")
            return mpmath.binomial(*values)
        case "based":
            return first
        case "exp":
            return _power(+mp.e, first)
        case "ln":
            return _log(first)
        case "lg":
            return _log(first) / mpmath.log(10)
        case "log":
            return _log(first) / _log(values[1]) if len(values) == 2 else _log(first)
        case "floor" | "ceil":
            return mpmath.floor(first) if head == "floor" else mpmath.ceil(first)
        case "max" | "min":
            if any(mpmath.im(v) != 0 for v in values):
                raise Undefined("an order of complex numbers")
            return max(values) if head == "max" else min(values)
        case "Re" | "Im" | "arg":
            return {"Re": mpmath.re, "Im": mpmath.im, "arg": mpmath.arg}[head](first)
        case "sgn":
            return mpmath.sign(first)
    function = _FUNCTIONS.get(head)
    if function is None:
        if head.startswith("call "):
            return mpmath.sin(first * 7 + ord(head[-1])) + first  # a fixed function of each name: f(x) is no g(x)
        raise NotRational(head)
    if mpmath.mag(first) > MOST_MAGNITUDE:
        raise TooLarge(f"{head} of a number too large")
    try:
        return function(first)
    except (ZeroDivisionError, ValueError):
        raise Undefined(f"{head} has no value there") from None


def _log(value: Any) -> Any:  # noqa: ANN401
    if value == 0:
        raise Undefined("a logarithm of zero")
    return mpmath.log(value)


_FUNCTIONS = {
    "sin": mpmath.sin, "cos": mpmath.cos, "tan": mpmath.tan, "cot": mpmath.cot, "sec": mpmath.sec, "csc": mpmath.csc,
    "arcsin": mpmath.asin, "arccos": mpmath.acos, "arctan": mpmath.atan, "arccot": mpmath.acot,
    "sinh": mpmath.sinh, "cosh": mpmath.cosh, "tanh": mpmath.tanh,
}  # fmt: skip
