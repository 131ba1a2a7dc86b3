"""Whether two expressions are the same function of their variables.

Three ways, from the surest to the last resort. *Exactly*: closed rational arithmetic with fractions. *Modulo two
large primes*, at random points (Schwartz-Zippel): for any rational function, with `i` a root of -1 and other constants
as independent unknowns; numbers of any size cost the same, so 1/2004! and 1/2006! are told apart at once.
*Numerically*, to 50 and to 110 digits, compared relative to their size: no number is too small to be told from zero.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from r1data.verifiers.math.expression import CONSTANTS, Apply, Expression, Number, Symbol, symbols

PRIMES = ((1 << 127) + 29, (1 << 127) + 45)
"""Both are 1 modulo 4, so that -1 has a root."""
ROOTS = tuple(pow(2, (p - 1) // 4, p) for p in PRIMES)
POINTS = 2
BITS = 1 << 16
"""Exact numbers may have so many bits; an exponent that is a plain integer may be as large."""
LARGEST_FACTORIAL = 20_000
MOST_MAGNITUDE = 1 << 12
"""A power whose exponent (in bits) has more bits than this is not evaluated: towers."""


class Undefined(ArithmeticError):
    """It has no value, such as 1/0."""


class TooLarge(ArithmeticError):
    """It has a value that nobody should compute."""


class NotRational(ArithmeticError):
    """It is no rational function with integer exponents."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether two things are the same; None where that cannot be told. `certain` where no second opinion is needed.

    `final` where another opinion would not help: it would compute for ever, or pick a number out of prose.
    """

    same: bool | None
    certain: bool
    why: str
    final: bool = False


SAME = Answer(True, True, "equal")
UNKNOWN = Answer(None, False, "cannot be compared")


def different(why: str) -> Answer:
    """They are not the same, for sure."""
    return Answer(False, True, why)


def all_of(answers: list[Answer]) -> Answer:
    """Whether all parts are the same: one that is surely different decides, else one that is unknown."""
    wrong = next((a for a in answers if a.same is False and a.certain), None)
    if wrong is not None:
        return wrong
    unsure = next((a for a in answers if a.same is None), None)
    if unsure is not None:
        return unsure
    doubtful = next((a for a in answers if not a.certain), None)
    if doubtful is not None:
        return Answer(all(a.same for a in answers), False, doubtful.why)
    return Answer(True, True, answers[0].why if len(answers) == 1 else "equal part by part")


def compare(one: Expression, other: Expression) -> Answer:
    """Whether two expressions are equal wherever they are defined."""
    if one == other:
        return Answer(True, True, "the same expression")
    if "infinity" in symbols(one) or "infinity" in symbols(other):
        return Answer(False, True, "infinity against something else")
    try:
        left, right = _try_exact(one), _try_exact(other)
        if left is not None and right is not None:
            return Answer(left == right, True, "compared as exact numbers")
        return _modular(one, other)
    except NotRational:
        pass
    except (Undefined, TooLarge) as trouble:
        return Answer(None, False, str(trouble), final=isinstance(trouble, TooLarge))
    try:
        return _numeric(one, other)
    except (Undefined, TooLarge, NotRational) as trouble:
        return Answer(None, False, str(trouble), final=isinstance(trouble, TooLarge))
    except (ArithmeticError, ValueError, TypeError) as trouble:
        return Answer(None, False, f"{type(trouble).__name__} when evaluated")


def differ_by_constant(one: Expression, other: Expression) -> bool:
    """Whether the difference is the same wherever it was evaluated."""
    from r1data.verifiers.math import numerics

    names = (symbols(one) | symbols(other)) - CONSTANTS
    difference = Apply("+", (one, Apply("neg", (other,))))
    values = []
    try:
        for attempt in range(REAL_POINTS):
            dice = random.Random(f"constant/{attempt}")
            point = {name: 1.0 if name == "C" else dice.random() * 2.5 + 0.25 for name in sorted(names)}
            values.append(numerics.value(difference, point))
    except (ArithmeticError, ValueError, TypeError):
        return False
    return all(numerics.equal(values[0], value) for value in values[1:])


def is_defined(expression: Expression) -> bool:
    """Whether it has a value, as far as plain arithmetic can tell: 1/0 has none."""
    try:
        exact(expression)
    except Undefined:
        return False
    except TooLarge:
        return True
    return True


# --- exactly ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def exact(expression: Expression) -> Fraction | None:
    """Its value as a fraction; None where it has variables or is no rational number.

    Raises:
        Undefined: it divides by zero.
        TooLarge: it has too many digits to be worth it.
    """
    match expression:
        case Number(value):
            return value
        case Symbol():
            return None
        case Apply("^", (base, exponent)):
            return _exact_power(base, exponent)
        case Apply(head, arguments):
            values = [exact(a) for a in arguments]
            known = [v for v in values if v is not None]
            if len(known) < len(values):
                return None
            return _bounded(_exact_apply(head, known))
    raise AssertionError


def _exact_power(base: Expression, exponent: Expression) -> Fraction | None:
    low, high = exact(base), exact(exponent)
    if high is None:
        return None
    if low is None:
        return None
    if high.denominator != 1:
        root = _perfect_root(low, high.denominator)
        if root is None:
            return None
        low, high = root, Fraction(high.numerator)
    power = high.numerator
    if low == 0:
        if power < 0:
            raise Undefined("a division by zero")
        if power == 0:
            raise Undefined("zero to the power of zero")
        return low
    if abs(low) == 1:
        return low if power % 2 else Fraction(1)
    size = max(low.numerator.bit_length(), low.denominator.bit_length())
    if size * abs(power) > BITS:
        raise TooLarge("a power too large to be written out") if power.bit_length() > BITS else _Wide()
    return low**power


class _Wide(TooLarge):
    """Too many digits for a fraction, though not for arithmetic modulo a prime."""

    def __init__(self) -> None:
        super().__init__("too many digits")


def _exact_apply(head: str, values: list[Fraction]) -> Fraction | None:
    first = values[0]
    match head:
        case "+":
            return sum(values, Fraction(0))
        case "*":
            return values[0] * values[1]
        case "/":
            if values[1] == 0:
                raise Undefined("a division by zero")
            return values[0] / values[1]
        case "neg":
            return -first
        case "abs":
            return abs(first)
        case "!":
            if first.denominator != 1 or first < 0:
                raise Undefined("a factorial of no natural number") if first.denominator == 1 else _Wide()
            if first > 2000:
                raise _Wide
            return Fraction(math.factorial(int(first)))
        case "!!":
            if first.denominator != 1 or first < 0 or first > 2000:
                raise _Wide
            return Fraction(math.prod(range(int(first), 0, -2)))
        case "floor":
            return Fraction(math.floor(first))
        case "ceil":
            return Fraction(math.ceil(first))
        case "based":
            return first
        case "sqrt":
            return _perfect_root(first, 2)
        case "root":
            index = values[1]
            return _perfect_root(first, int(index)) if index.denominator == 1 and 1 < index < 64 else None
        case "binom" | "perm":
            n, k = values
            if n.denominator != 1 or k.denominator != 1 or not 0 <= k <= n:
                return None
            if n > 5000:
                raise _Wide
            return Fraction((math.comb if head == "binom" else math.perm)(int(n), int(k)))
        case "gcd" | "lcm":
            if any(v.denominator != 1 for v in values):
                return None
            return Fraction((math.gcd if head == "gcd" else math.lcm)(*map(int, values)))
        case "max":
            return max(values)
        case "min":
            return min(values)
        case "log" | "lg" | "ln" | "exp" | "sin" | "tan" | "cos" | "arcsin" | "arctan" | "sinh" | "tanh":
            return _exact_function(head, values)
        case _:
            return None


def _exact_function(head: str, values: list[Fraction]) -> Fraction | None:
    """The few values of these functions that are rational by definition."""
    first = values[0]
    if head in ("ln", "log", "lg"):
        if first <= 0:
            raise Undefined("a logarithm of nothing positive") if first == 0 else _Wide()
        return Fraction(0) if first == 1 else None
    if head in ("exp", "cos"):
        return Fraction(1) if first == 0 else None
    return Fraction(0) if first == 0 else None


def _perfect_root(value: Fraction, index: int) -> Fraction | None:
    """The exact root, where it is rational and real."""
    if value < 0 or index > 64:
        if value < 0 and index % 2 and index <= 64:
            root = _perfect_root(-value, index)
            return None if root is None else -root
        return None
    top, bottom = _integer_root(value.numerator, index), _integer_root(value.denominator, index)
    return None if top is None or bottom is None else Fraction(top, bottom)


def _integer_root(value: int, index: int) -> int | None:
    if value in (0, 1):
        return value
    if index == 2:
        root = math.isqrt(value)
        return root if root * root == value else None
    low, high = 1, 1 << (value.bit_length() // index + 1)
    while low < high:
        middle = (low + high) // 2
        if middle**index < value:
            low = middle + 1
        else:
            high = middle
    return low if low**index == value else None


def _bounded(value: Fraction | None) -> Fraction | None:
    if value is not None and max(value.numerator.bit_length(), value.denominator.bit_length()) > 8 * BITS:
        raise _Wide
    return value


# --- modulo a prime --------------------------------------------------------------------------------------------------


def _modular(one: Expression, other: Expression) -> Answer:
    names = sorted(symbols(one) | symbols(other))
    compared = 0
    for attempt in range(2 * POINTS + 2):
        which = attempt % len(PRIMES)
        point = _point(tuple(names), attempt)
        try:
            left, right = _residue(one, point, which), _residue(other, point, which)
        except ZeroDivisionError:
            continue
        if left != right:
            # e and pi are taken for unknowns: where both occur, numbers have the last word.
            if {"e", "pi"} <= set(names) or (point and _only_constants(names)):
                raise NotRational
            return Answer(False, True, "different as rational functions")
        compared += 1
        if compared == POINTS:
            return Answer(True, True, "equal as rational functions")
    raise Undefined("a division by zero")


def _only_constants(names: list[str]) -> bool:
    return set(names) <= {"e", "pi"} and len(names) > 1


@lru_cache(maxsize=1024)
def _point(names: tuple[str, ...], attempt: int) -> Mapping[str, int]:
    return {name: random.Random(f"{name}/{attempt}").randrange(2, PRIMES[0]) for name in names}


def _residue(expression: Expression, point: Mapping[str, int], which: int) -> int:
    prime = PRIMES[which]
    match expression:
        case Number(value):
            return value.numerator % prime * _inverse(value.denominator, prime) % prime
        case Symbol("i"):
            return ROOTS[which]
        case Symbol(name):
            return point[name] % prime
        case Apply("+", arguments):
            return sum(_residue(a, point, which) for a in arguments) % prime
        case Apply("*", (left, right)):
            return _residue(left, point, which) * _residue(right, point, which) % prime
        case Apply("/", (top, bottom)):
            return _residue(top, point, which) * _inverse(_residue(bottom, point, which), prime) % prime
        case Apply("neg", (inner,)):
            return -_residue(inner, point, which) % prime
        case Apply("^", (base, exponent)):
            return _power_residue(base, exponent, point, which)
        case Apply("!", (inner,)):
            return _factorial(_natural(inner, LARGEST_FACTORIAL), prime)
        case Apply("based", (value, _, _)):
            return _residue(value, point, which)
        case Apply("binom", (top, bottom)):
            n, k = _natural(top, LARGEST_FACTORIAL), _natural(bottom, LARGEST_FACTORIAL)
            if k > n:
                return 0
            below = _factorial(k, prime) * _factorial(n - k, prime) % prime
            return _factorial(n, prime) * _inverse(below, prime) % prime
        case Apply(_, _):
            return _exact_residue(expression, prime)
    raise NotRational


def _power_residue(base: Expression, exponent: Expression, point: Mapping[str, int], which: int) -> int:
    prime = PRIMES[which]
    power = _try_exact(exponent)
    if power is None or power.denominator != 1:
        return _exact_residue(Apply("^", (base, exponent)), prime)
    residue = _residue(base, point, which)
    if residue == 0 and power <= 0:
        raise ZeroDivisionError
    return pow(residue, power.numerator % (prime - 1) if residue else 1, prime)


def _exact_residue(expression: Expression, prime: int) -> int:
    value = _try_exact(expression)
    if value is None:
        raise NotRational
    return value.numerator % prime * _inverse(value.denominator, prime) % prime


def _try_exact(expression: Expression) -> Fraction | None:
    try:
        return exact(expression)
    except _Wide:
        return None


def _natural(expression: Expression, most: int) -> int:
    value = _try_exact(expression)
    if value is None or value.denominator != 1 or value < 0 or value > most:
        raise NotRational
    return int(value)


@lru_cache(maxsize=256)
def _factorial(n: int, prime: int) -> int:
    product = 1
    for factor in range(2, n + 1):
        product = product * factor % prime
    return product


def _inverse(value: int, prime: int) -> int:
    if value % prime == 0:
        raise ZeroDivisionError
    return pow(value, -1, prime)


# --- numerically -----------------------------------------------------------------------------------------------------

COARSE, FINE = 50, 110
REAL_POINTS = 3
OTHER_POINTS = 2
WHOLE_POINTS = 4
WHOLE = frozenset(("n", "m"))
"""What these names stand for is a whole number."""


def _numeric(one: Expression, other: Expression) -> Answer:
    names = tuple(sorted((symbols(one) | symbols(other)) - {"pi", "e", "i", "infinity"}))
    if not names:
        return _closed(one, other)
    if set(names) <= WHOLE and _at_whole_numbers(one, other, names, 1):
        return Answer(True, True, "equal for whole numbers")
    outcomes: list[bool] = []
    for attempt in range(REAL_POINTS + OTHER_POINTS):
        dice = random.Random(f"{names}/{attempt}")
        sign = 1 if attempt < REAL_POINTS else -1
        point = {name: sign * (dice.random() * 2.5 + 0.25) for name in names}
        try:
            outcomes.append(_close(one, other, point))
        except Undefined:
            if attempt < REAL_POINTS:
                raise
    positive, negative = outcomes[:REAL_POINTS], outcomes[REAL_POINTS:]
    if not all(positive):
        return Answer(False, True, "different where evaluated")
    if not all(negative):
        return Answer(True, False, "equal for positive values only")
    if False in (_at_whole_numbers(one, other, names, sign) for sign in (1, -1)):
        return Answer(True, False, "equal for small values only")
    return Answer(True, True, "equal where evaluated")


def _at_whole_numbers(one: Expression, other: Expression, names: tuple[str, ...], sign: int) -> bool | None:
    """Whether they agree at whole numbers up to 50, as |x - 5| and 5 - x do not; None where it cannot be told."""
    outcomes = []
    for attempt in range(WHOLE_POINTS):
        dice = random.Random(f"{names}/whole/{attempt}")
        point = {name: float(sign * (dice.randrange(1, 10) + 13 * attempt)) for name in names}
        try:
            outcomes.append(_close(one, other, point))
        except (Undefined, TooLarge):
            continue
    return all(outcomes) if outcomes else None


def _closed(one: Expression, other: Expression) -> Answer:
    from r1data.verifiers.math import numerics

    left, right = numerics.value(one, {}), numerics.value(other, {})
    same = numerics.equal(left, right)
    if same:
        return Answer(True, True, f"equal to {FINE - 20} digits")
    return Answer(False, True, "different numbers")


def _close(one: Expression, other: Expression, point: Mapping[str, float]) -> bool:
    from r1data.verifiers.math import numerics

    return numerics.equal(numerics.value(one, point), numerics.value(other, point))


def size(expression: Expression) -> float | None:
    """A closed real expression as a float, for ordering the ends of intervals; None where it is none."""
    from r1data.verifiers.math import numerics

    if expression == Symbol("infinity"):
        return math.inf
    if isinstance(expression, Apply) and expression.head == "neg" and expression.arguments[0] == Symbol("infinity"):
        return -math.inf
    try:
        return numerics.real(expression)
    except (ArithmeticError, ValueError, TypeError):
        return None
