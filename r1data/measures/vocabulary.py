"""Vocabulary: the lexicon as a table that kernels look words up in, with what is known of each as bits."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

from r1data.measures import lexicon
from r1data.texts import Texts, kernel, words_of
from r1data.texts.words import mixed

LANGUAGES = tuple(lexicon.FUNCTION_WORDS)
"""A word of the language number n has bit n; one that is a lapse by itself has bit n + CONNECTIVE besides."""
CONNECTIVE = 16
KEYWORD, ARTICLE, PARTICLE, MENTION_BEFORE, MENTION_AFTER, FUNCTION, HAN_FUNCTION, HAN_WORD, HAN_SUFFIX = (
    1 << bit for bit in range(32, 41)
)
MAINLAND, CUE, JAPANESE = (1 << bit for bit in range(41, 44))
EVERY_LANGUAGE = (1 << len(LANGUAGES)) - 1
ENGLISH = LANGUAGES.index("en")

SLOTS = 1 << 14
Keys = npt.NDArray[np.uint64]
Values = npt.NDArray[np.int64]


@kernel
def pair(first: np.uint64, second: np.uint64) -> np.uint64:
    """The hash of two characters in a row."""
    return mixed((np.uint64(first) * np.uint64(0x100000001B3)) ^ np.uint64(second))


@kernel
def known(hashed: np.uint64, keys: Keys, values: Values) -> int:
    """What is known of a word; 0 of an unknown one."""
    slot = np.int64(hashed & np.uint64(SLOTS - 1))
    while keys[slot] != 0:
        if keys[slot] == hashed:
            return values[slot]  # type: ignore[no-any-return]
        slot = (slot + 1) & (SLOTS - 1)
    return 0


def _hashes(entries: list[str]) -> list[int]:
    """The hash of each entry of one word or of two characters; of others, and of single letters, none."""
    words = words_of(Texts.of(pl.Series(entries, dtype=pl.String)))
    hashes = []
    for row, entry in enumerate(entries):
        first, last = int(words.offsets[row]), int(words.offsets[row + 1])
        if last == first + 1 and (len(entry) > 1 or ord(entry) > 0x250):
            hashes.append(int(words.hashes[first]))
        elif last == first + 2 and len(entry) == 2:
            hashes.append(int(pair(words.hashes[first], words.hashes[first + 1])))
    return hashes


@cache
def table() -> tuple[Keys, Values]:
    """Hashes of words, by slot (0 for an empty one), and what is known of each; made at the first use."""
    bits: dict[int, int] = {}

    def add(entries: str, bit: int) -> None:
        for hashed in _hashes(entries.split()):
            bits[hashed] = bits.get(hashed, 0) | bit

    for number, language in enumerate(LANGUAGES):
        add(lexicon.FUNCTION_WORDS[language], 1 << number)
        add(lexicon.CONNECTIVES[language], 1 << (number + CONNECTIVE) | 1 << number)
    for entries, bit in (
        (lexicon.KEYWORDS, KEYWORD),
        (lexicon.ARTICLES, ARTICLE),
        (lexicon.NAME_PARTICLES, PARTICLE),
        (lexicon.MENTIONS_BEFORE, MENTION_BEFORE),
        (lexicon.MENTIONS_AFTER, MENTION_AFTER),
        (lexicon.CHINESE_FUNCTION, HAN_FUNCTION),
        (lexicon.CHINESE_WORDS, HAN_WORD),
        (" ".join(lexicon.CHINESE_SUFFIXES), HAN_SUFFIX),
        (lexicon.MAINLAND_ONLY, MAINLAND),
        (lexicon.MAINLAND_PAIRS, MAINLAND),
        (lexicon.CHINESE_CUES, CUE),
        (lexicon.JAPANESE_WORDS, JAPANESE),
        *((words, FUNCTION) for words in lexicon.OTHER_FUNCTION_WORDS.values()),
    ):
        add(entries, bit)
    keys, values = np.zeros(SLOTS, np.uint64), np.zeros(SLOTS, np.int64)
    for hashed, value in bits.items():
        slot = hashed & (SLOTS - 1)
        while keys[slot]:
            slot = (slot + 1) & (SLOTS - 1)
        keys[slot], values[slot] = hashed, value
    return keys, values
