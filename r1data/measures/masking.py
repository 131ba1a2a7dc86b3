r"""Masking: what in a text is notation or quotation rather than the writer's own words, told of every byte.

Code, LaTeX, tags, addresses and numbers look the same in a Chinese and in an English proof. Counting them as words
would call honest mathematics a mixture of languages, so the language measures never see them. Nor is a quoted sentence
in another language the writer's lapse.

Whatever is opened and not closed costs no second look: a formula ends where the next one of its kind begins, a
quotation ends with its line, and a search that failed is remembered. So the time is linear in the text, also for a
model that loops over an unclosed `\(`.
"""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt

from r1data.measures.block import Block
from r1data.measures.notation import ADDRESS, ASIDE, CODE, MATH, OPENS, PROSE, QUOTE, SYMBOL, TAG, mask_notation
from r1data.measures.quotations import KINDS, PACKED_FUNCTIONS, mask_quotations
from r1data.texts import Bytes, Places, Texts, kernel
from r1data.texts.characters import scripts

__all__ = ["ADDRESS", "ASIDE", "CODE", "MATH", "PROSE", "QUOTE", "SYMBOL", "TAG", "Masker", "classes", "mask"]

_own = threading.local()


class Masker:
    """Masks texts, always into the same memory: one call overwrites what the last one returned. Not for two threads."""

    def __init__(self) -> None:
        self._classes = np.empty(0, np.uint8)

    def mask(self, *parts: Texts) -> Bytes:
        """The class of each byte of the texts (PROSE, CODE and so on), at the byte's place in their common `data`.

        Nothing is said of bytes that belong to no text. Each text is read by itself: what is open at its end is over.
        """
        size = len(parts[0].data)
        if len(self._classes) < size:
            self._classes = np.empty(size, np.uint8)
        for texts in parts:
            _mask_all(texts.data, texts.starts, texts.ends, scripts(), OPENS, KINDS, PACKED_FUNCTIONS, self._classes)
        return self._classes[:size]


def mask(texts: Texts) -> Bytes:
    """The class of each byte of the texts, in memory of its own; see `Masker.mask`."""
    return Masker().mask(texts)


def classes(block: Block) -> Bytes:
    """The class of each byte of the block's reasonings and answers; valid in this thread until the next block's."""
    if getattr(_own, "block", None) is not block:
        if not hasattr(_own, "masker"):
            _own.masker = Masker()
        _own.classes, _own.block = _own.masker.mask(block.reasoning, block.answer), block
    return _own.classes  # type: ignore[no-any-return]


@kernel
def _mask_all(
    data: Bytes,
    starts: Places,
    ends: Places,
    scripts: Bytes,
    opens: npt.NDArray[np.bool_],
    kinds: Bytes,
    functions: Places,
    into: Bytes,
) -> None:
    for row in range(len(starts)):
        into[starts[row] : ends[row]] = PROSE
        mask_notation(data, starts[row], ends[row], scripts, opens, into)
        mask_quotations(data, starts[row], ends[row], scripts, kinds, functions, into)


BRACES = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}"
"""A braced group, three deep: as far as a regular expression without recursion goes, and as formulas need."""
