"""The second opinion: math-verify, reference first. Only for what it can be trusted to end on.

Its own time limit uses signals and cannot stop one long computation, so it is off: the pool kills the worker instead.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

LONGEST = 1000
DEEPEST = 25


def opinion(reference: str, answer: str) -> bool | None:
    """Whether math-verify holds the two for the same; None where it could not read one of them."""
    if not (is_harmless(reference) and is_harmless(answer)):
        return None
    import math_verify  # in a worker only: it loads sympy

    gold = _parsed(reference)
    given = _parsed(answer)
    if gold is None or given is None:
        return None
    try:
        same = math_verify.verify(list(gold), list(given), timeout_seconds=None, raise_on_error=True)
    except Exception:  # sympy gives up in many ways; that is no opinion
        return None
    return bool(same)


def is_harmless(text: str) -> bool:
    """Whether its parser ends on a text within reason: three thousand brackets take it 42 seconds."""
    deepest = depth = 0
    for character in text:
        if character in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth -= 1
    return len(text) <= LONGEST and deepest <= DEEPEST


@lru_cache(maxsize=2048)
def _parsed(text: str) -> tuple[Any, ...] | None:
    """What it makes of a text; None where that is nothing, or the bare string back."""
    import math_verify

    try:
        found = math_verify.parse(f"\\boxed{{{text}}}", parsing_timeout=None)
    except Exception:
        return None
    if not found or all(isinstance(item, str) for item in found):
        return None
    return tuple(found)
