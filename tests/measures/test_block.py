"""A block cuts replies as `replies` does, whatever is in them."""

import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st

from r1data import replies
from r1data.measures.block import Block
from r1data.texts import Cutter, Texts

PIECES = st.sampled_from(["<think>", "</think>", "<", "think>", "word", "中", " ", "\n", "\u3000", "\xa0", "é", "𝔸"])


@given(st.lists(st.lists(PIECES, max_size=8).map("".join), min_size=1, max_size=5))
@example(["<think>\n\n</think>\n\n", "</think>", "<think>", "a</think>b</think>c", " <think> x </think> y "])
def test_parts_are_those_of_replies(texts):
    block = Block.of(Texts.of(pl.Series(texts)), pl.Series(["en"] * len(texts)), Cutter())
    for row, text in enumerate(texts):
        reply = replies.split(text)
        assert block.reasoning.text(row) == (reply.reasoning or "")
        assert block.answer.text(row) == (reply.answer or "")
        assert (block.opens[row], block.closes[row]) == (text.count("<think>"), text.count("</think>"))
