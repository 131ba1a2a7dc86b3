"""Mathematics: the answer behind the thought against the reference.

Plain equality and plain numbers are settled exactly and at once; everything else by math-verify, reference first. A
percent sign is dropped where both sides have one, and nowhere else. math-verify's own time limit uses signals and
cannot stop one long computation, so it is off here: the pool kills the worker instead.
"""

from __future__ import annotations

import re

from r1data.verifiers.check import Check, Finding
from r1data.verifiers.extraction import announced, last_box, narrow_width, unwrapped
from r1data.verifiers.numbers import number
from schemas import Outcome

VERSION = 1
SPACES = re.compile(r"\s+|\\[,;:! ]|~")
NAMED = re.compile(r"^[A-Za-z]\s*=\s*(?P<value>[^=]+)$")
DELIMITERS = re.compile(r"\\(?:left|right|displaystyle|textstyle)(?![A-Za-z])")
SYNONYMS = {"\\dfrac": "\\frac", "\\tfrac": "\\frac", "\\le ": "\\leq ", "\\ge ": "\\geq "}


def verify(check: Check) -> Finding:
    """Judge one answer; see the module."""
    if check.reference is None or not check.reference.strip():
        return Finding(Outcome.BAD_REFERENCE, detail="there is no reference")
    found = extract(check.answer)
    if found is None:
        return Finding(Outcome.NO_ANSWER, detail="no box and no sentence that announces an answer")
    if not found:
        return Finding(Outcome.NO_ANSWER, extracted="", detail="the box is empty")
    box = last_box(check.reference)
    reference, answer = normalised(check.reference if box is None else box), normalised(found)
    if reference == answer:
        return Finding(Outcome.CORRECT, found, "the same text")
    exact = _as_numbers(reference, answer)
    if exact is not None:
        return Finding(Outcome.CORRECT if exact else Outcome.INCORRECT, found, "compared as exact numbers")
    return _symbolic(reference, answer, found)


def extract(answer: str | None) -> str | None:
    """The last box, else what a sentence announces; None where neither is there."""
    if answer is None:
        return None
    text = narrow_width(answer)
    boxed = last_box(text)
    return announced(text) if boxed is None else boxed


def normalised(text: str) -> str:
    """The same mathematics in one spelling, as far as plain rewriting goes."""
    text = unwrapped(narrow_width(text)).strip().rstrip("。.")
    text = DELIMITERS.sub("", text)
    for one, other in SYNONYMS.items():
        text = text.replace(one, other)
    match = NAMED.match(text)
    return SPACES.sub(" ", match["value"] if match else text).strip()


def _as_numbers(reference: str, answer: str) -> bool | None:
    """Whether both are the same number; None where either is no plain number."""
    if reference.rstrip("\\% ") != reference and answer.rstrip("\\% ") != answer:
        reference, answer = reference.rstrip("\\% "), answer.rstrip("\\% ")
    one, other = number(reference), number(answer)
    return None if one is None or other is None else one == other


def _symbolic(reference: str, answer: str, found: str) -> Finding:
    import math_verify  # in a worker only: it loads sympy

    gold = math_verify.parse(f"\\boxed{{{reference}}}", parsing_timeout=None)
    if not gold or not _parsed(gold):
        return Finding(Outcome.BAD_REFERENCE, found, f"the reference cannot be read as mathematics: {reference}")
    given = math_verify.parse(f"\\boxed{{{answer}}}", parsing_timeout=None)
    if not given:
        return Finding(Outcome.INCORRECT, found, "the answer cannot be read as mathematics")
    equal = math_verify.verify(gold, given, timeout_seconds=None, raise_on_error=True)
    return Finding(Outcome.CORRECT if equal else Outcome.INCORRECT, found, "compared by math-verify")


def _parsed(gold: list[object]) -> bool:
    """math-verify hands back the bare string where it could make nothing of it."""
    return any(not isinstance(item, str) for item in gold)
