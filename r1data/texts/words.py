r"""Words: texts cut into words, each as a number. What n-grams, fingerprints and comparisons are made from.

A word is a run of letters of one text, a run of digits, or a single character of a script that puts no spaces between
words. Case and width do not matter; everything else (spaces, punctuation, LaTeX's backslashes and braces) only
separates. So "\frac{1}{2}" is the words frac, 1, 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from r1data.texts.characters import Script, folds, scripts
from r1data.texts.column import Bytes, Places, Texts
from r1data.texts.kernels import kernel

LETTERS, NUMBER, CHARACTER = 1, 2, 3
"""Kinds of word: letters, digits, or one character of an unspaced script."""

_SPACE, _DIGIT, _MARK, _LATIN = int(Script.SPACE), int(Script.DIGIT), int(Script.MARK), int(Script.LATIN)
_HAN, _KANA, _UNSPACED = int(Script.HAN), int(Script.KANA), int(Script.UNSPACED)
_SEED, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)


@dataclass(frozen=True, slots=True)
class Words:
    """The words of texts: those of text `i` are `offsets[i]` to `offsets[i + 1]` in each array.

    `hashes` are 64 bits of the folded word; `kinds` says what it is; `starts` and `ends` are places in `Texts.data`, so
    that what a word was can be shown.
    """

    hashes: npt.NDArray[np.uint64]
    kinds: npt.NDArray[np.uint8]
    starts: Places
    ends: Places
    offsets: Places

    def __len__(self) -> int:
        return len(self.offsets) - 1


class Cutter:
    """Cuts texts into words, always into the same memory: fresh memory costs more time than the cutting does.

    The words of one call are overwritten by the next. Not for two threads at once.
    """

    def __init__(self) -> None:
        self._room = 0
        self._hashes, self._kinds = np.empty(0, np.uint64), np.empty(0, np.uint8)
        self._starts, self._ends = np.empty(0, np.int64), np.empty(0, np.int64)

    def cut(self, texts: Texts) -> Words:
        """The words of texts."""
        offsets = np.zeros(len(texts) + 1, np.int64)
        room = max(int((texts.ends - texts.starts).sum()) // 3, 1024)
        while True:
            if room > self._room:
                self._room = room
                self._hashes, self._kinds = np.empty(room, np.uint64), np.empty(room, np.uint8)
                self._starts, self._ends = np.empty(room, np.int64), np.empty(room, np.int64)
            into = (self._hashes, self._kinds, self._starts, self._ends)
            count = _cut_all(texts.data, texts.starts, texts.ends, scripts(), folds(), *into, offsets)
            if count >= 0:
                return Words(
                    self._hashes[:count], self._kinds[:count], self._starts[:count], self._ends[:count], offsets
                )
            room = 3 * self._room  # a text of single letters


def words_of(texts: Texts) -> Words:
    """The words of texts, in memory of their own."""
    return Cutter().cut(texts)


@kernel
def decode(data: Bytes, at: int) -> tuple[Any, int]:
    """The code point at a byte, and how many bytes it takes. The text must be valid UTF-8."""
    first = np.int64(data[at])
    if first < 0x80:
        return first, 1
    if first < 0xE0:
        return ((first & 0x1F) << 6) | (np.int64(data[at + 1]) & 0x3F), 2
    if first < 0xF0:
        return ((first & 0x0F) << 12) | ((np.int64(data[at + 1]) & 0x3F) << 6) | (np.int64(data[at + 2]) & 0x3F), 3
    point = ((first & 0x07) << 18) | ((np.int64(data[at + 1]) & 0x3F) << 12)
    return point | ((np.int64(data[at + 2]) & 0x3F) << 6) | (np.int64(data[at + 3]) & 0x3F), 4


@kernel
def mixed(value: np.uint64) -> np.uint64:
    """Spread the bits of a number (the finaliser of MurmurHash3)."""
    value = np.uint64(value)
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xFF51AFD7ED558CCD)
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> np.uint64(33))


@kernel
def _cut_all(
    data: Bytes,
    starts_of: Places,
    ends_of: Places,
    scripts: npt.NDArray[np.uint8],
    folds: npt.NDArray[np.uint32],
    hashes: npt.NDArray[np.uint64],
    kinds: npt.NDArray[np.uint8],
    starts: Places,
    ends: Places,
    offsets: Places,
) -> int:
    """How many words there are, or -1 where there is no room for them."""
    count = 0
    for row in range(len(starts_of)):
        at, end = starts_of[row], ends_of[row]
        while at < end:
            byte = data[at]
            if byte < 0x80 and not _letter(byte) and not _digit(byte):
                at += 1
                continue
            begin, value = at, _SEED
            if _digit(byte):
                kind = NUMBER
            elif byte < 0x80:
                kind = LETTERS
            else:
                point, width = decode(data, at)
                kind = _kind(point, scripts)
                at += width
                if kind == 0:
                    continue
                value = (value ^ _folded(point, folds)) * _PRIME
            while at < end:  # most words are ASCII to their end
                byte = data[at]
                if byte < 0x80:
                    if kind == LETTERS and _letter(byte):
                        value = (value ^ np.uint64(byte | 0x20)) * _PRIME
                    elif kind == NUMBER and _digit(byte):
                        value = (value ^ np.uint64(byte)) * _PRIME
                    else:
                        break
                    at += 1
                    continue
                point, width = decode(data, at)
                script = np.int64(scripts[point]) if point < len(scripts) else 0
                if script != _MARK and (kind == CHARACTER or _kind(point, scripts) != kind):
                    break
                value = (value ^ _folded(point, folds)) * _PRIME
                at += width
            if count >= len(hashes):
                return -1
            hashes[count], kinds[count], starts[count], ends[count] = mixed(value), kind, begin, at
            count += 1
        offsets[row + 1] = count
    return count


@kernel
def _letter(byte: int) -> bool:
    lower = byte | 0x20
    return 0x61 <= lower <= 0x7A


@kernel
def _digit(byte: int) -> bool:
    return 0x30 <= byte <= 0x39


@kernel
def _kind(point: int, scripts: npt.NDArray[np.uint8]) -> int:
    script = np.int64(scripts[point]) if point < len(scripts) else 0
    if script >= _LATIN:
        return CHARACTER if script in (_HAN, _KANA, _UNSPACED) else LETTERS
    return NUMBER if script == _DIGIT else 0


@kernel
def _folded(point: int, folds: npt.NDArray[np.uint32]) -> np.uint64:
    return np.uint64(folds[point]) if point < len(folds) else np.uint64(point)
