"""Arithmetic as it is taught at school: one column after the other, carries written out.

A network of this size cannot add three-digit numbers in one step, but it can learn single columns. Every family that
needs a sum, a difference or a product uses these, so that they share what they learn.
"""

from typing import NamedTuple

from training.tiny.tasks import Line, Pen

PLACES = (Line("Ones", "个位"), Line("Tens", "十位"), Line("Hundreds", "百位"), Line("Thousands", "千位"))


class Worked(NamedTuple):
    """The lines of a calculation, and the result that they came to."""

    lines: tuple[Line, ...]
    result: int


def _digits(value: int, width: int) -> list[int]:
    """Lowest digit first, padded with zeros to the width."""
    return [value // 10**place % 10 for place in range(width)]


def _carrying(place: int, expression: str, total: int) -> Line:
    name = PLACES[place]
    return Line(
        f"{name.en}: {expression} = {total}, write {total % 10}, carry {total // 10}.",
        f"{name.zh}：{expression} = {total}，写 {total % 10} 进 {total // 10}。",
    )


def _plain(place: int, expression: str, total: int) -> Line:
    name = PLACES[place]
    return Line(f"{name.en}: {expression} = {total}.", f"{name.zh}：{expression} = {total}。")


def _so(expression: str, result: int) -> Line:
    return Line(f"So {expression} = {result}.", f"所以 {expression} = {result}。")


def add(a: int, b: int, pen: Pen) -> Worked:
    """A + b for two non-negative numbers below 10,000."""
    width = len(str(max(a, b)))
    lines, result, carry = [], 0, 0
    for place, (x, y) in enumerate(zip(_digits(a, width), _digits(b, width), strict=True)):
        expression = f"{x} + {y} + {carry}" if carry else f"{x} + {y}"
        total = pen.note(x + y + carry)
        if total >= 10 and place < width - 1:
            lines.append(_carrying(place, expression, total))
            result, carry = result + total % 10 * 10**place, total // 10
        else:
            lines.append(_plain(place, expression, total))
            result, carry = result + total * 10**place, 0
    return Worked((*lines, _so(f"{a} + {b}", result)), result)


def subtract(a: int, b: int, pen: Pen) -> Worked:
    """A - b for a >= b >= 0."""
    width = len(str(a))
    lines, result, borrow = [], 0, 0
    for place, (x, y) in enumerate(zip(_digits(a, width), _digits(b, width), strict=True)):
        lends = x - y - borrow < 0
        expression = f"{x + 10 if lends else x} - {y}" + (f" - {borrow}" if borrow else "")
        digit = min(pen.note(x - y - borrow + 10 * lends), 9)
        name = PLACES[place]
        lines.append(
            Line(f"{name.en}: {expression} = {digit}, borrow 1.", f"{name.zh}：{expression} = {digit}，借 1。")
            if lends
            else _plain(place, expression, digit)
        )
        result, borrow = result + digit * 10**place, int(lends)
    return Worked((*lines, _so(f"{a} - {b}", result)), result)


def multiply(a: int, digit: int, pen: Pen) -> Worked:
    """A × digit for a below 10,000 and a single digit."""
    width = len(str(a))
    lines, result, carry = [], 0, 0
    for place, x in enumerate(_digits(a, width)):
        expression = f"{x} × {digit} + {carry}" if carry else f"{x} × {digit}"
        total = pen.note(x * digit + carry)
        if total >= 10 and place < width - 1:
            lines.append(_carrying(place, expression, total))
            result, carry = result + total % 10 * 10**place, total // 10
        else:
            lines.append(_plain(place, expression, total))
            result, carry = result + total * 10**place, 0
    return Worked((*lines, _so(f"{a} × {digit}", result)), result)


def combine(a: int, b: int, pen: Pen) -> Worked:
    """A + b where either may be negative: the sign is settled first, then the columns are written."""
    sign = "-" if b < 0 else "+"
    if a >= 0 and b >= 0:
        return add(a, b, pen)
    if a >= 0 and a >= -b:
        return subtract(a, -b, pen)
    if b >= 0 and b >= -a:
        turned = subtract(b, -a, pen)
        return Worked((*turned.lines, _so(f"{a} + {b}", turned.result)), turned.result)
    worked = add(-a, -b, pen) if a < 0 and b < 0 else subtract(max(-a, -b), min(abs(a), abs(b)), pen)
    lead = Line("The result is negative.", "结果是负数。")
    return Worked((lead, *worked.lines, _so(f"{a} {sign} {abs(b)}", -worked.result)), -worked.result)
