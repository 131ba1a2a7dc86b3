"""Trouble: one thing that keeps a dataset from being published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from r1data.errors import PublishError

MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Trouble:
    """Where it is, what it is, and what to do about it."""

    where: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def refuse(troubles: Sequence[Trouble], verdict: str = "not published") -> None:
    """Nothing, where there is no trouble.

    Raises:
        PublishError: there is; it tells all of it.
    """
    if not troubles:
        return
    told = [f"  - {trouble}\n    fix: {trouble.remedy}" for trouble in troubles[:MOST_TOLD]]
    more = [f"  and {len(troubles) - MOST_TOLD:,} more"] if len(troubles) > MOST_TOLD else []
    raise PublishError("\n".join([f"{verdict}:", *told, *more]))
