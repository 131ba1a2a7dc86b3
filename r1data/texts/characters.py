"""Characters: for every code point what script it is of, whether it makes words, and what it is folded to.

The tables are made at their first use from Unicode's own properties (the `regex` package's and Python's) and looked up
by kernels.
"""

from __future__ import annotations

import unicodedata
from enum import IntEnum
from functools import cache

import numpy as np
import numpy.typing as npt
import regex

LIMIT = 0x32400
"""Code points above hold no letters (emoji of the upper planes, tags, private use)."""


class Script(IntEnum):
    """What a code point is to us. From `LATIN` on it is a letter."""

    NONE = 0
    SPACE = 1
    PUNCTUATION = 2
    DIGIT = 3
    MARK = 4
    """Accents and vowel signs: part of the word that they stand in."""
    LATIN = 5
    HAN = 6
    KANA = 7
    HANGUL = 8
    CYRILLIC = 9
    ARABIC = 10
    GREEK = 11
    HEBREW = 12
    DEVANAGARI = 13
    UNSPACED = 14
    """Thai, Lao, Khmer, Burmese: letters of languages without spaces between words."""
    OTHER = 15
    """Letters of any other script."""


LETTER = r"(?!\p{M})(?=\p{Alphabetic})"
PATTERNS = {
    Script.SPACE: r"\s",
    Script.PUNCTUATION: r"[\p{P}\p{S}]",
    Script.DIGIT: r"\p{Nd}",
    Script.MARK: r"\p{M}",
    Script.OTHER: LETTER + r"\p{Any}",
    Script.LATIN: LETTER + r"\p{Script=Latin}",
    Script.HAN: LETTER + r"\p{Script=Han}",
    Script.KANA: r"(?!\p{M})(?=[\p{Alphabetic}ー])[\p{Script=Hiragana}\p{Script=Katakana}ー]",
    Script.HANGUL: LETTER + r"\p{Script=Hangul}",
    Script.CYRILLIC: LETTER + r"\p{Script=Cyrillic}",
    Script.ARABIC: LETTER + r"\p{Script=Arabic}",
    Script.GREEK: LETTER + r"\p{Script=Greek}",
    Script.HEBREW: LETTER + r"\p{Script=Hebrew}",
    Script.DEVANAGARI: LETTER + r"\p{Script=Devanagari}",
    Script.UNSPACED: LETTER + r"[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]",
}
"""Of two that match, the later one counts."""


WHOLE_BLOCKS = (
    (0x3400, 0x4DC0, Script.HAN), (0x4E00, 0xA000, Script.HAN), (0x20000, 0x32400, Script.HAN),
    (0xAC00, 0xD7A4, Script.HANGUL), (0xD800, 0xE000, Script.NONE), (0xE000, 0xF900, Script.NONE),
)  # fmt: skip
"""Ranges of one script each, which need not be looked up: most of all code points."""


@cache
def scripts() -> npt.NDArray[np.uint8]:
    """uint8[LIMIT]: the `Script` of each code point."""
    table = np.zeros(LIMIT, np.uint8)
    known = np.zeros(LIMIT, np.bool_)
    for first, last, script in WHOLE_BLOCKS:
        table[first:last], known[first:last] = script, True
    points = np.flatnonzero(~known)
    text = "".join(map(chr, points.tolist()))
    for script, pattern in PATTERNS.items():
        for run in regex.finditer(f"(?:{pattern})+", text):
            table[points[run.start() : run.end()]] = script
    return table


@cache
def folds() -> npt.NDArray[np.uint32]:
    """uint32[LIMIT]: the code point without case and width (NFKC and case folding, where that is one code point)."""
    table = np.arange(LIMIT, dtype=np.uint32)
    for point in range(0x80, 0x10000):
        if 0x3400 <= point < 0xA000 or 0xAC00 <= point < 0xF900:  # Han and Hangul, which have no case; surrogates
            continue
        folded = unicodedata.normalize("NFKC", chr(point)).casefold()
        if len(folded) == 1:
            table[point] = ord(folded)
    for point in range(ord("A"), ord("Z") + 1):
        table[point] = point + 32
    return table
