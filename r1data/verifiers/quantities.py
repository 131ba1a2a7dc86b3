"""Quantities: a number with a unit, as science writes them, read exactly and compared with a tolerance.

Policy. With a tolerance, the answer must lie within it (`relative` to the reference, or `absolute` in the reference's
unit). Without one, the answer must round to the reference at the reference's last digit; where the reference has no
decimal point that is too generous for small numbers, so at most 1 % is allowed if it has a unit, and nothing if it is a
bare integer. An answer that is the reference rounded to fewer digits, two at least, is neither right nor wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from r1data.verifiers.units import KNOWN, Unit, read_unit

LONGEST_TEXT = 300
MOST_EXPONENT = 400
INTEGER_SHARE = Fraction(1, 100)
FLOAT_NOISE = Fraction(1, 10**12)
FEWEST_DIGITS = 2

LATEX_FRACTION = re.compile(r"\\[dt]?frac\s*\{\s*(-?\d+)\s*\}\s*\{\s*(\d+)\s*\}")
LATEX_WRAPPER = re.compile(
    r"\\(?:text|textbf|mathrm|mathbf|textit|mathit|operatorname|rm|bf)"
    r"\s*\{((?:[^{}]|\{[^{}]*\})*)\}"
)
LATEX_SPACE = re.compile(r"\\[,;:! ]|\\q?quad|~")
LEADING = re.compile(
    r"^\s*(?:about|approximately|approx\.?|roughly|around|nearly|equals?|is|约为|大约是?|约|等于|≈|∼|=|:|：|\s)*", re.I
)
NUMBER = re.compile(
    r"(?P<sign>[+\-]?)\s*(?:"
    r"(?P<top>\d{1,50})\s*/\s*(?P<bottom>\d{1,50})(?![\d.])"
    r"|(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.?\d*|\.\d+)"
    r"(?:[eE](?P<e>[+\-]?\d{1,5})(?![A-Za-z\d])|\s*(?:\*|x|×)\s*10\s*\^?\s*\{?(?P<power>[+\-]?\d{1,5})\}?)?"
    r"|10\s*\^\s*\{?(?P<ten>[+\-]?\d{1,5})\}?)"
)
ANOTHER = re.compile(r"(?:or|and|to)\b|[或和至]", re.IGNORECASE)
"""Behind a number: then it is not the only one."""
TEN = re.compile(r"(?P<sign>[+\-]?)\s*10\s*\^\s*\{?(?P<ten>[+\-]?\d{1,5})\}?")
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
RAISED = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as it was written, its unit, and what one step of its last digit is worth (0 for a fraction).

    `integer` says that there was no decimal point; `digits` counts the significant ones.
    """

    value: Fraction
    unit: Unit | None
    step: Fraction
    integer: bool
    digits: int


class Match(Enum):
    """How two quantities compare."""

    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far an answer may be off: a share of the reference, or so much in its unit."""

    relative: Fraction | None = None
    absolute: Fraction | None = None


def plain(text: str) -> str:
    """The text without LaTeX's wrappers, spaces and dollar signs, with exponents as `^` and one kind of minus."""
    text = re.sub(r"\\mu(?![A-Za-z])", "μ", re.sub(r"\\Omega(?![A-Za-z])", "Ω", text))
    text = LATEX_WRAPPER.sub(r"\1", LATEX_WRAPPER.sub(r"\1", text))
    text = LATEX_FRACTION.sub(r"\1/\2", text).replace("\\%", "%").replace("$", "")
    text = re.sub(r"\\[()\[\]]", " ", text).replace("{,}", ",")
    text = re.sub(r"\^\s*\{\s*\\circ\s*\}|\^\s*\\circ|\\circ|\\degree", "°", text)
    text = re.sub(r"\\(?:times|cdot|ast)(?![A-Za-z])", "*", text)
    text = re.sub(r"\\(?:approx|simeq|sim)(?![A-Za-z])", "≈", text)
    text = LATEX_SPACE.sub(" ", text)
    text = RAISED.sub(lambda found: "^" + found.group().translate(SUPERSCRIPTS), text)
    return text.replace("−", "-").replace("–", "-").replace("·", "*").replace("⋅", "*").strip()


def read_quantity(text: str) -> Quantity | None:
    """The quantity that a text states, behind its last equals sign; None where it is none, or longer than any is."""
    if len(text) > LONGEST_TEXT:
        return None
    text = re.split(r"[=≈]", plain(text))[-1]
    text = text[LEADING.match(text).end() :]  # type: ignore[union-attr]
    match = TEN.match(text) or NUMBER.match(text)
    if match is None:
        return None
    number = _number(match)
    rest = text[match.end() :].strip().rstrip(".。!,;，； ")
    if number is None or ANOTHER.match(rest) or (rest and not _could_be_unit(rest)):
        return None
    value, step, integer, digits = number
    return Quantity(value, read_unit(rest) if rest else None, step, integer, digits)


def compare(reference: Quantity, answer: Quantity, tolerance: Tolerance | None) -> Match:
    """Whether the answer is the reference; see the module for what counts."""
    values = _in_unit_of(reference, answer)
    if values is None:
        return Match.DIFFERENT
    matches = [_close(reference, value, answer, tolerance) for value in values]
    if Match.SAME in matches:
        return Match.SAME if _units_agree(reference.unit, answer.unit) else Match.UNSURE
    return Match.UNSURE if Match.UNSURE in matches else Match.DIFFERENT


def _number(match: re.Match[str]) -> tuple[Fraction, Fraction, bool, int] | None:
    groups = match.groupdict()
    sign = -1 if groups["sign"] == "-" else 1
    if groups.get("top"):
        if not int(groups["bottom"]):
            return None
        return sign * Fraction(int(groups["top"]), int(groups["bottom"])), Fraction(0), False, 99
    if groups.get("ten"):
        exponent = int(groups["ten"])
        return None if abs(exponent) > MOST_EXPONENT else (sign * Fraction(10) ** exponent, Fraction(0), False, 99)
    exponent = int(groups["e"] or groups["power"] or 0)
    if abs(exponent) > MOST_EXPONENT:
        return None
    digits = groups["digits"].replace(",", "")
    scale = Fraction(10) ** exponent
    decimals = len(digits.partition(".")[2])
    step = scale / 10**decimals
    bare = "." not in digits and not exponent
    significant = len(digits.replace(".", "").lstrip("0"))
    return sign * Fraction("0" + digits.rstrip(".")) * scale, step, bare, significant


def _could_be_unit(rest: str) -> bool:
    """Behind a number stands a unit or a few words, but no more of a calculation."""
    return not re.match(r"[+\-=<>^_\\,(]|\*\s*\d|/\s*\d|[A-Za-z]\s*=?\s*[+\-]", rest) or rest.startswith("(")


def _in_unit_of(reference: Quantity, answer: Quantity) -> list[Fraction] | None:
    """The answer's value in the reference's unit: all readings; None where the dimension is another one."""
    ours, theirs = reference.unit, answer.unit
    if ours is None and theirs is not None and not theirs.dimension:
        return [answer.value, answer.value * theirs.factor]  # 50 % for 0.5, or 30° for 30
    if theirs is None and ours is not None and not ours.dimension:
        return [answer.value, answer.value / ours.factor]
    if ours is None or theirs is None or not (ours.kind is KNOWN and theirs.kind is KNOWN):
        return [answer.value]
    if ours.dimension != theirs.dimension:
        return None
    return [(answer.value * theirs.factor + theirs.offset - ours.offset) / ours.factor]


def _units_agree(ours: Unit | None, theirs: Unit | None) -> bool:
    """A unit that is missing, or that we do not know but is written alike, does no harm."""
    if ours is None or theirs is None or (ours.kind is KNOWN and theirs.kind is KNOWN):
        return True
    return ours.text.casefold().rstrip("s") == theirs.text.casefold().rstrip("s")


def _close(reference: Quantity, value: Fraction, answer: Quantity, tolerance: Tolerance | None) -> Match:
    off = abs(value - reference.value)
    size = abs(reference.value)
    if off <= size * FLOAT_NOISE:
        return Match.SAME
    if tolerance is not None:
        allowed = tolerance.absolute if tolerance.absolute is not None else size * (tolerance.relative or 0)
        return Match.SAME if off <= allowed * (1 + FLOAT_NOISE) else Match.DIFFERENT
    if off <= _slack(reference):
        return Match.SAME
    written = abs(answer.value)
    share = answer.step / 2 / written if written else Fraction(0)
    if not answer.integer and answer.digits >= FEWEST_DIGITS and off <= abs(value) * share:
        return Match.UNSURE
    return Match.DIFFERENT


def _slack(reference: Quantity) -> Fraction:
    if reference.integer:
        share = INTEGER_SHARE if reference.unit is not None else Fraction(0)
        return min(Fraction(1, 2), abs(reference.value) * share)
    if not reference.step:  # a fraction or a power of ten: as exact as three digits
        return abs(reference.value) / 2000
    return reference.step / 2
