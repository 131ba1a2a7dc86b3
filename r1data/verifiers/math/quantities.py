"""Quantities: values with their units, compared in a common one, or within a tolerance."""

from __future__ import annotations

import re
from dataclasses import dataclass

from r1data.verifiers.math.evaluation import Answer, compare, different, exact, size
from r1data.verifiers.math.expression import Apply, Number, Scalar, Symbol, number
from r1data.verifiers.math.units import read_unit

ALTERING = re.compile(
    r"^(?:squared|cubed)$|\b(?:factorial|wrong|incorrect|not|(?:hal[fv]e|third|fourth|fifth|sixth|eighth|tenth"
    r"|hundredth|thousandth)s?)\b|倍数|以上|以下|平方$|立方$",
    re.IGNORECASE,
)
"""What stands where a unit does and says another number."""
RADIANS = Apply("/", (Symbol("pi"), number(180)))


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far an answer may be off: by a share of the reference, or by so much in its unit."""

    relative: float | None = None
    absolute: float | None = None


def measured(one: Scalar, other: Scalar) -> Answer:
    """Whether two values are equal, in a common unit where both have one."""
    ours, theirs = _degrees(one), _degrees(other)
    if ours.unit is None and theirs.unit is None:
        return compare(ours.value, theirs.value)
    if ours.unit is None or theirs.unit is None:
        bare, measured = (ours, theirs) if ours.unit is None else (theirs, ours)
        straight = compare(ours.value, theirs.value)
        if straight.same and ALTERING.search(measured.unit or ""):
            return Answer(None, False, f"{measured.unit} may change the value", final=True)
        if straight.same or measured.unit is None or read_unit(measured.unit).powers != (("degree", 1),):
            return straight
        return compare(bare.value, Apply("*", (measured.value, RADIANS)))
    return _with_units(ours, theirs)


def _with_units(one: Scalar, other: Scalar) -> Answer:
    assert one.unit is not None and other.unit is not None
    if one.unit.startswith("mod ") or other.unit.startswith("mod "):
        return _modulo(one, other)
    ours, theirs = read_unit(one.unit), read_unit(other.unit)
    if ours.powers == theirs.powers:
        left = Apply("*", (one.value, Number(ours.factor)))
        right = Apply("*", (other.value, Number(theirs.factor)))
        return compare(left, right)
    angles = {(("degree", 1),), (("angle", 1),)}
    if {ours.powers, theirs.powers} == angles:
        degrees, radians = (one, other) if ours.powers == (("degree", 1),) else (other, one)
        return compare(Apply("*", (degrees.value, RADIANS)), radians.value)
    straight = compare(one.value, other.value)
    if ours.known and theirs.known and ours.powers and theirs.powers:
        return different(f"{other.unit} against {one.unit}")
    if straight.same:
        if not ours.powers or not theirs.powers:
            return straight
        return Answer(True, False, f"equal numbers, {other.unit} against {one.unit}")
    return straight


def within(one: Scalar, other: Scalar, tolerance: Tolerance) -> bool:
    """Whether two real values differ by no more than a share of the reference, or by no more than so much."""
    factor = 1.0
    if one.unit and other.unit:
        ours, theirs = read_unit(one.unit), read_unit(other.unit)
        if ours.powers != theirs.powers:
            return False
        factor = float(theirs.factor / ours.factor)
    left, right = size(one.value), size(other.value)
    if left is None or right is None:
        return False
    most = tolerance.absolute if tolerance.absolute is not None else (tolerance.relative or 0.0) * abs(left)
    return abs(left - right * factor) <= most * (1 + 1e-12)


def _modulo(one: Scalar, other: Scalar) -> Answer:
    """3 mod 7 and 10 mod 7 are one class; another modulus is another thing."""
    ours, theirs = str(one.unit), str(other.unit)
    if ours != theirs:
        return different(f"{theirs} against {ours}")
    difference = exact(Apply("+", (one.value, Apply("neg", (other.value,)))))
    if difference is None or difference.denominator != 1:
        return compare(one.value, other.value)
    return Answer(difference % int(ours.removeprefix("mod ")) == 0, True, f"compared {ours}")


def _degrees(scalar: Scalar) -> Scalar:
    """A value in degrees as a value with that unit."""
    value = scalar.value
    if isinstance(value, Apply) and value.head == "deg" and scalar.unit is None:
        return Scalar(value.arguments[0], "°", scalar.percent, scalar.ambiguous)
    if isinstance(value, Apply) and value.head == "neg" and isinstance(value.arguments[0], Apply):
        inner = value.arguments[0]
        if inner.head == "deg":
            return Scalar(Apply("neg", inner.arguments), "°", scalar.percent, scalar.ambiguous)
    return scalar
