"""Numbers: which numbers a text names, written alike, so that a summary can be held to those of its thought."""

from __future__ import annotations

import re
import unicodedata

LABELS = re.compile(
    r"^[ \t]*(?:[-*+>#]+[ \t]*)*(?:\*\*)?\(?\d{1,2}[.):、)](?![0-9])"  # 1. or (2) at the start of a line
    r"|\b(?:step|case|part|equation|method|rule|condition|option)s?[ \t]*\(?\d{1,2}\b"
    r"|(?:步骤|情况|方法|条件|选项|式)[ \t]*\(?\d{1,2}|第[ \t]*\d{1,2}[ \t]*(?:步|种|个|类|部分|条)"
    r"|\\tag\{\d+\}",
    re.IGNORECASE | re.MULTILINE,
)
"""Numbers that count the parts of a text and say nothing of its matter."""
EXPONENTS = re.compile(r"\^[ \t]*(?:\{[ \t]*-?\d+[ \t]*\}|-?\d+)")
"""A thought that says `squared` may become a summary that writes `^2`."""
SUPERSCRIPTS = re.compile("[⁰¹²³⁴-⁹]+")
SHORT_FRACTION = re.compile(r"(\\[dt]?frac[ \t]*)(\d)[ \t]*(?=\d)")
"""`\\frac12` is one half and not twelve."""
NEVER_NEW = frozenset({"0", "1"})
"""A whole is 1, a half is written with one, and what comes to nothing is 0."""
SEPARATORS = re.compile(r"(?<=\d)(?:\{,\}|\\,|\\!|\\;|\\ |\N{NARROW NO-BREAK SPACE}|\N{THIN SPACE})(?=\d)")
GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d])")
NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)


def numbers_of(text: str) -> frozenset[str]:
    """Every number of a text in one spelling: `1,200`, `1200.0` and `1{,}200` are `1200`. Signs do not
    count.
    """
    return frozenset(_plain(found) for found in NUMBER.findall(_ungrouped(_alike(text))))


def new_numbers(summary: str, *sources: str) -> frozenset[str]:
    """Numbers of a summary that none of its sources has; what counts its parts, and exponents, are none."""
    bare = EXPONENTS.sub(" ", LABELS.sub(" ", _alike(SUPERSCRIPTS.sub(" ", summary))))
    known = NEVER_NEW.union(*(numbers_of(source) for source in sources))
    return frozenset(_plain(found) for found in NUMBER.findall(_ungrouped(bare))) - known


def _alike(text: str) -> str:
    return SHORT_FRACTION.sub(r"\1\2 ", SEPARATORS.sub("", unicodedata.normalize("NFKC", text)))


def _ungrouped(text: str) -> str:
    return GROUPED.sub(lambda found: found.group().replace(",", ""), text)


def _plain(number: str) -> str:
    whole, _, fraction = number.partition(".")
    fraction = fraction.rstrip("0")
    return (whole.lstrip("0") or "0") + (f".{fraction}" if fraction else "")
