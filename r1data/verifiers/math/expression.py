"""What an answer can be once it is read: an expression, or a form made of expressions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction


class Unreadable(ValueError):
    """A text that is no mathematics the reader knows."""


@dataclass(frozen=True, slots=True)
class Number:
    """An exact rational number: an integer, or a decimal as it is written."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Symbol:
    """A variable or a named constant (`pi`, `e`, `i`, `infinity`)."""

    name: str


@dataclass(frozen=True, slots=True)
class Apply:
    """An operation (`+`, `*`, `/`, `^`, `neg`, `!`, `pm`, `mp`, `deg`) or a named function, and its arguments."""

    head: str
    arguments: tuple[Expression, ...]


Expression = Number | Symbol | Apply
INFINITY = Symbol("infinity")


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value, with its unit as it was written. `percent` where a percent sign follows it."""

    value: Expression
    unit: str | None = None
    percent: bool = False
    ambiguous: bool = False
    """It can be read in more than one way, such as 1/2x."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Several answers. `kind`: `bare` (commas only), `joined` ("1 or 2", ±), `paren`, `bracket`, `set`, `ratio`."""

    kind: str
    items: tuple[Form, ...]


@dataclass(frozen=True, slots=True)
class Interval:
    """The reals between two ends."""

    low: Expression
    high: Expression
    low_open: bool
    high_open: bool


@dataclass(frozen=True, slots=True)
class Reals:
    """A union of intervals."""

    pieces: tuple[Interval, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """left ~ right, where the sign is one of `=`, `<`, `<=`, `!=`; `>` and `>=` are turned round when read."""

    sign: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Named:
    """A value with the name it is given: x = 5, f(x) = 2x, (x, y) = (1, 2)."""

    name: str
    value: Form


@dataclass(frozen=True, slots=True)
class Grid:
    """A matrix, or a column of values."""

    rows: tuple[tuple[Expression, ...], ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words, folded to one spelling."""

    text: str


Form = Scalar | Listing | Interval | Reals | Relation | Named | Grid | Phrase


def number(value: int | Fraction) -> Number:
    """A number as an expression."""
    return Number(Fraction(value))


def symbols(expression: Expression) -> frozenset[str]:
    """The names in it, constants included."""
    match expression:
        case Number():
            return frozenset()
        case Symbol(name):
            return frozenset((name,))
        case Apply(_, arguments):
            return frozenset().union(*map(symbols, arguments))


CONSTANTS = frozenset(("pi", "e", "i", "infinity"))


def variables(expression: Expression) -> frozenset[str]:
    """The names in it that stand for anything."""
    return symbols(expression) - CONSTANTS


def with_sign(expression: Expression, sign: int) -> Expression:
    """Take every ± for plus or for minus: `sign` is that of ±, and ∓ gets the other one."""
    if not isinstance(expression, Apply):
        return expression
    arguments = tuple(with_sign(a, sign) for a in expression.arguments)
    if expression.head in ("pm", "mp"):
        plus = (sign > 0) == (expression.head == "pm")
        return arguments[0] if plus else Apply("neg", arguments)
    return Apply(expression.head, arguments)


def has_plus_minus(expression: Expression) -> bool:
    """Whether there is a ± or ∓ in it."""
    if not isinstance(expression, Apply):
        return False
    return expression.head in ("pm", "mp") or any(map(has_plus_minus, expression.arguments))


def substituted(expression: Expression, values: Mapping[str, Expression]) -> Expression:
    """The expression with these expressions in the place of these symbols."""
    match expression:
        case Symbol(name) if name in values:
            return values[name]
        case Apply(head, arguments):
            return Apply(head, tuple(substituted(a, values) for a in arguments))
        case _:
            return expression


def negative(expression: Expression) -> Expression:
    if isinstance(expression, Number):
        return Number(-expression.value)
    return Apply("neg", (expression,))


def is_call(expression: Expression) -> bool:
    return isinstance(expression, Apply) and expression.head.startswith("call ")
