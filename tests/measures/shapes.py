"""Blocks of replies for the tests of shape measures."""

import polars as pl
from hypothesis import strategies as st

from r1data.measures.block import Block
from r1data.texts import Cutter, Texts

SIGNS = """12 word the <think> </think>
``` ~~~~ ```py ` $ $$ \\[ \\] \\begin{align} \\end{align} \\boxed{ { } ( ) | - * > # 1. , . : ;
= + <s> </s> <|im_end|> <| |> [INST] User: Assistant: as an ai model my instructions def for in return é 好 中文 。
， 𝔸 😀""".split()
SPACES = [" ", "  ", "\n", "\n\n", "\r\n", "\t", "\u3000", "\xa0", "\x85", "\u2028"]
PIECES = st.sampled_from([*SIGNS, *SPACES, "the sum of the two is\n", "a " * 30])
TEXTS = st.lists(PIECES, max_size=40).map("".join) | st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def block_of(*texts: str) -> Block:
    return Block.of(Texts.of(pl.Series(texts, dtype=pl.String)), pl.Series(["en"] * len(texts)), Cutter())


def thoughts(*texts: str) -> Block:
    return block_of(*(f"<think>{text}</think>It is so." for text in texts))
