"""Structure: whether a reply has its parts in their places (the format reward of the R1 paper, section 2.2)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from r1data.measures import agreement, ending, leftovers
from r1data.measures.block import Block
from r1data.measures.finding import last_places
from r1data.replies import OPEN, WHITE_SPACE
from r1data.texts import Bytes, Places, Texts, kernel


def columns(block: Block) -> dict[str, pl.Series]:
    """The table's columns about structure."""
    return {
        "reasoning_chars": pl.Series(characters(block.reasoning)),
        "answer_chars": pl.Series(characters(block.answer)),
        "think_opens": pl.Series(block.opens.astype(np.int32)),
        "think_closes": pl.Series(block.closes.astype(np.int32)),
        "think_in_order": pl.Series(_in_order(block)),
        "has_box": pl.Series(last_places(block.answer, r"\boxed{") >= 0),
        "answers_agree": pl.Series(agreement.answers_agree(block), dtype=pl.Boolean),
        "template_tokens": pl.Series(leftovers.template_tokens(block)),
        "self_reference": pl.Series(leftovers.self_references(block)),
        "cut_off": pl.Series(ending.cut_off(block), dtype=pl.Boolean),
    }


def characters(texts: Texts) -> npt.NDArray[np.int32]:
    """Unicode characters of each text."""
    counts = np.zeros(len(texts), np.int32)
    _count_characters(texts.data, texts.starts, texts.ends, counts)
    return counts


def _in_order(block: Block) -> npt.NDArray[np.bool_]:
    """One `<think>` at the start, one `</think>` after it, something between them and something behind."""
    one_each = (block.opens == 1) & (block.closes == 1)
    both = (block.reasoning.ends > block.reasoning.starts) & (block.answer.ends > block.answer.starts)
    regular = one_each & both
    for row in np.flatnonzero(regular & (block.reasoning.starts - block.texts.starts > len(OPEN))).tolist():
        lead = block.texts.between(int(block.texts.starts[row]), int(block.reasoning.starts[row]))
        regular[row] = lead.lstrip(WHITE_SPACE).startswith(OPEN)
    ordered: npt.NDArray[np.bool_] = regular & (block.reasoning.starts - block.texts.starts >= len(OPEN))
    return ordered


@kernel
def _count_characters(data: Bytes, starts: Places, ends: Places, counts: npt.NDArray[np.int32]) -> None:
    for row in range(len(counts)):
        count = 0
        for place in range(starts[row], ends[row]):
            count += data[place] & 0xC0 != 0x80
        counts[row] = count
