"""A fingerprint is of the text with white space alike, and of nothing else."""

import re

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from r1data.measures import fingerprint
from r1data.replies import WHITE_SPACE
from r1data.texts import Texts

TEXTS = st.lists(st.sampled_from(["a", "bc", "中", "é", "𝔸", *WHITE_SPACE, "\u200b"]), max_size=30).map("".join)


def fnv(data, value, prime):
    """FNV-1a, and MurmurHash3's finaliser."""
    for byte in data:
        value = (value ^ byte) * prime % 2**64
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        value = (value ^ value >> 33) * factor % 2**64
    return f"{value ^ value >> 33:016x}"


@given(TEXTS)
def test_folded_is_a_hash_of_the_text_with_white_space_alike(text):
    squeezed = re.sub(f"[{WHITE_SPACE}]+", " ", text).strip(" ")
    expected = fnv(squeezed.encode(), 0xCBF29CE484222325, 0x100000001B3)
    expected += fnv(squeezed.encode(), 0x9E3779B97F4A7C15, 0x9FB21C651E98DF25)
    assert fingerprint.folded(Texts.of(pl.Series([text]))) == [expected]
