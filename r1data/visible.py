"""Visible: hostile text in a form in which nothing of it hides from a reader or commands a terminal."""

from __future__ import annotations

import unicodedata

LONGEST_TEXT = 4000
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn"}
"""Unicode categories that a reader cannot see: controls, direction overrides, surrogates, unassigned."""


def visible(text: str, limit: int = LONGEST_TEXT) -> str:
    """Text in which hidden characters are spelled out, cut to a length that one can read."""
    cut = text if len(text) <= limit else f"{text[:limit]}\n[… {len(text) - limit:,} more characters]"
    return "".join(
        c if c in "\n\t" or unicodedata.category(c) not in HIDDEN else f"[U+{ord(c):04X}]"
        for c in cut.replace("\r\n", "\n")
    )
