"""White space made alike: the quick pattern says what the plain one says."""

from __future__ import annotations

import random

import polars as pl

from r1data.measures.spaces import squeezed

SPACES = " \t\n\v\f\r\x85\xa0\u2003\u2028\u3000"


def test_it_is_what_the_plain_pattern_makes() -> None:
    dice = random.Random(1)
    texts = ["", " ", "\n", "  ", " \n", "\n ", *("".join(dice.choices("ab\x1c" + SPACES, k=12)) for _ in range(2000))]
    series = pl.Series("text", texts)
    quick = series.to_frame().select(squeezed(pl.col("text")))["text"]
    assert quick.to_list() == series.str.replace_all(r"\s+", " ").to_list()
