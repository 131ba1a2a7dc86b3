"""Entries of reasoning-gym that have been JSON: what scores them, in the first form that their family's scorer takes.

JSON turns tuples into lists and keys that were numbers into texts, and some scorers notice. The source and the verifier
must say the same of an entry, so both ask here. It imports nothing: the source's process starts quickly.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

FULL_SCORE = 0.999
NONSENSE = "}{ ?? no answer ?? }{"
Entry = dict[str, Any]


class NotScored(ValueError):
    """No form of the entry lets its family's scorer do its work; the message says why."""


def scoring(scorer: Any, entry: Entry, answer: str) -> Callable[[str], float]:  # noqa: ANN401 - it has no types
    """What scores answers to an entry that came out of JSON; `answer` is the one that must get the full score.

    Raises:
        NotScored: it does not in any form of the entry, or whatever one says does.
    """
    trouble = ""
    metadata = entry.get("metadata")
    for form in (metadata, _tuples(metadata), _numbered(metadata), _tuples(_numbered(metadata))):
        score = partial(_points, scorer, {**entry, "metadata": form})
        try:
            points = score(answer)
        except Exception as error:
            trouble = trouble or f"{type(error).__name__}: {error}"
            continue
        if points >= FULL_SCORE:
            _must_reject_nonsense(score)
            return score
        trouble = trouble or f"score {points:g}"
    raise NotScored(f"its family's scorer does not accept the reference: {trouble}")


def _must_reject_nonsense(score: Callable[[str], float]) -> None:
    """Some scorers (game_of_life_halting) take any text for a yes; what they say is worth nothing."""
    try:
        fooled = score(NONSENSE) >= FULL_SCORE
    except Exception:
        return
    if fooled:
        raise NotScored("its family's scorer accepts any text as the answer")


def _points(scorer: Any, entry: Entry, answer: str) -> float:  # noqa: ANN401
    return float(scorer.score_answer(answer, entry))


def _tuples(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return {key: _tuples(one) for key, one in value.items()}
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value


def _numbered(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return {int(key) if key.isascii() and key.isdigit() else key: _numbered(one) for key, one in value.items()}
    return [_numbered(one) for one in value] if isinstance(value, list) else value
