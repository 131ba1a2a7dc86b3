"""Characters: for every code point what script it is of, whether it makes words, and what it is folded to.

The tables are made once from Unicode's own properties (the `regex` package's and Python's) and looked up by kernels.
"""

from __future__ import annotations

import unicodedata
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import regex

LIMIT = 0x32000
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


PATTERNS = {
    Script.SPACE: r"\s",
    Script.PUNCTUATION: r"[\p{P}\p{S}]",
    Script.DIGIT: r"\p{Nd}",
    Script.MARK: r"\p{M}",
    Script.OTHER: r"\p{Alphabetic}",
    Script.LATIN: r"(?=\p{L})\p{Script=Latin}",
    Script.HAN: r"\p{Script=Han}",
    Script.KANA: r"[\p{Script=Hiragana}\p{Script=Katakana}ー]",
    Script.HANGUL: r"\p{Script=Hangul}",
    Script.CYRILLIC: r"(?=\p{L})\p{Script=Cyrillic}",
    Script.ARABIC: r"(?=\p{L})\p{Script=Arabic}",
    Script.GREEK: r"(?=\p{L})\p{Script=Greek}",
    Script.HEBREW: r"(?=\p{L})\p{Script=Hebrew}",
    Script.DEVANAGARI: r"(?=\p{L})\p{Script=Devanagari}",
    Script.UNSPACED: r"(?=\p{L})[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]",
}
"""Of two that match, the later one counts."""


def _scripts() -> npt.NDArray[np.uint8]:
    points = [chr(point) for point in range(LIMIT)]
    points[0xD800:0xE000] = [" "] * 0x800  # surrogates, which no valid text holds
    text = "".join(points)
    table = np.zeros(LIMIT, np.uint8)
    for script, pattern in PATTERNS.items():
        for run in regex.finditer(f"(?:{pattern})+", text):
            table[run.start() : run.end()] = script
    return table


def _folds() -> npt.NDArray[np.uint32]:
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


SCRIPT = _scripts()
"""uint8[LIMIT]: the `Script` of each code point."""
FOLD = _folds()
"""uint32[LIMIT]: the code point without case and width (NFKC and case folding, where that is one code point)."""
