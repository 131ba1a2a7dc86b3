"""Remedies that name what is there."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

NAMES_SHOWN = 40
CLOSE = 0.5


def did_you_mean(name: str, known: Iterable[str], there_is: str) -> str:
    """A guess at what was meant where one name is close, and behind `there_is` the names that there are."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=CLOSE)
    guess = f"did you mean '{close[0]}'? " if close else ""
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return f"{guess}{there_is}: {', '.join(names[:NAMES_SHOWN]) or 'nothing'}{more}"
