"""Fingerprint: what is equal for two replies that say the same, white space aside."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from r1data.measures.block import Block
from r1data.replies import WHITE_SPACE
from r1data.texts import Bytes, Places, Texts, kernel
from r1data.texts.words import mixed

_SPACES = np.array(sorted(ord(character) for character in WHITE_SPACE), np.uint32)
_FIRST_BYTES = np.zeros(256, np.uint8)
_FIRST_BYTES[[character.encode()[0] for character in WHITE_SPACE]] = 1


def columns(block: Block) -> dict[str, pl.Series]:
    """The table's column of fingerprints."""
    return {"folded": pl.Series(folded(block.texts), dtype=pl.String)}


def folded(texts: Texts) -> list[str]:
    """A fingerprint of each text in which all white space is alike: two with the same one say the same.

    Two multiplicative hashes of 64 bits, byte by byte (FNV-1a with two primes), mixed at the end: for telling texts
    apart, not for keeping a secret. It is stored, so it is ours and hangs on no library.
    """
    found = np.zeros((len(texts), 2), np.uint64)
    _fingerprint(texts.data, texts.starts, texts.ends, _FIRST_BYTES, _SPACES, found)
    return [f"{one:016x}{other:016x}" for one, other in found.tolist()]


@kernel
def _fingerprint(
    data: Bytes, starts: Places, ends: Places, first_bytes: Bytes, spaces: npt.NDArray[np.uint32],
    found: npt.NDArray[np.uint64],
) -> None:  # fmt: skip
    for row in range(len(starts)):
        at, end = starts[row], ends[row]
        one, other, waits = np.uint64(0xCBF29CE484222325), np.uint64(0x9E3779B97F4A7C15), False
        begun = False
        while at < end:
            byte = data[at]
            if first_bytes[byte]:
                width = _white(data, at, end, spaces)
                if width:
                    at += width
                    waits = begun
                    continue
            if waits:
                one = (one ^ np.uint64(0x20)) * np.uint64(0x100000001B3)
                other = (other ^ np.uint64(0x20)) * np.uint64(0x9FB21C651E98DF25)
                waits = False
            begun = True
            one = (one ^ np.uint64(byte)) * np.uint64(0x100000001B3)
            other = (other ^ np.uint64(byte)) * np.uint64(0x9FB21C651E98DF25)
            at += 1
        found[row, 0], found[row, 1] = mixed(one), mixed(other)


@kernel
def _white(data: Bytes, at: int, end: int, spaces: npt.NDArray[np.uint32]) -> int:
    """Bytes of the white space that stands at a place; 0 where none does."""
    byte = np.uint32(data[at])
    if byte < 0x80:
        return 1 if byte == 0x20 or 0x09 <= byte <= 0x0D else 0
    if byte & np.uint32(0xE0) == 0xC0 and at + 1 < end:
        point, width = (byte & np.uint32(0x1F)) << np.uint32(6) | np.uint32(data[at + 1]) & np.uint32(0x3F), 2
    elif byte & np.uint32(0xF0) == 0xE0 and at + 2 < end:
        middle = (np.uint32(data[at + 1]) & np.uint32(0x3F)) << np.uint32(6)
        point = (byte & np.uint32(0x0F)) << np.uint32(12) | middle | np.uint32(data[at + 2]) & np.uint32(0x3F)
        width = 3
    else:
        return 0
    for space in spaces:
        if space == point:
            return width
    return 0
