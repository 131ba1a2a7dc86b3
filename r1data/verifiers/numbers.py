"""Numbers compared exactly: integers, decimals, scientific notation and simple fractions of any size."""

from __future__ import annotations

import re
from fractions import Fraction

DIGITS = 400
"""A number with more digits, or a larger exponent, is left to the symbolic engine and its deadline."""
THOUSANDS = re.compile(r"^[+-]?\d{1,3}(?:(?:,|\\,|\{,\}|,\s)\d{3})+(?:\.\d+)?$")
DECIMAL = re.compile(
    r"^(?P<mantissa>[+-]?(?:\d+\.?\d*|\.\d+))"
    r"(?:(?:[eE]|\s*(?:\\times|\\cdot|×|\*)\s*10\s*\^?\s*)\{?(?P<exponent>[+-]?\d+)\}?)?$"
)
RATIO = re.compile(
    r"^(?P<sign>[+-]?)(?:\\[dt]?frac\s*\{(?P<a>-?\d+)\}\s*\{(?P<b>-?\d+)\}|(?P<c>\d+)\s*/\s*(?P<d>\d+))$"
)


def number(text: str) -> Fraction | None:
    """The exact value of a plain number; None where the text is anything else."""
    text = text.strip().replace("\N{MINUS SIGN}", "-")
    if len(text) > DIGITS:
        return None
    if THOUSANDS.match(text):
        text = re.sub(r"\{,\}|\\,|,\s?", "", text)
    if match := RATIO.match(text):
        top, bottom = match["a"] or match["c"], match["b"] or match["d"]
        value = Fraction(int(top), int(bottom)) if int(bottom) else None
        return -value if value is not None and match["sign"] == "-" else value
    match = DECIMAL.match(text)
    if match is None or len(match["exponent"] or "") > 4 or abs(int(match["exponent"] or 0)) > DIGITS:
        return None
    return Fraction(match["mantissa"]) * Fraction(10) ** int(match["exponent"] or 0)
