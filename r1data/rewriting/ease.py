"""Ease: which questions are so easy that their thought should be short."""

from __future__ import annotations

from r1data.recipe import Easy
from r1data.style import columns


def very_easy(question: str, pass_rate: float | None, draws: int, easy: Easy | None) -> bool:
    """Whether the question is short, and was answered rightly by as large a share of its `draws` judged draws as `easy`
    says. Without enough draws nobody knows, and it is not.
    """
    if easy is None or pass_rate is None or draws < easy.draws:
        return False
    return pass_rate >= easy.pass_rate and columns(question) <= easy.question
