import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from r1data import replies
from r1data.replies import Reply

PIECES = st.sampled_from(["<think>", "</think>", "<think", "think>", " ", "\n", "\x1c", "\u3000", "a", "好", "é"])
HOSTILE = st.one_of(st.lists(PIECES, max_size=12).map("".join), st.text(st.characters(exclude_categories=["Cs"])))


@pytest.mark.parametrize(
    ("text", "reasoning", "answer"),
    [
        ("<think>\nI add.\n</think>\n\nIt is 4.", "I add.", "It is 4."),
        ("  <think>I add.</think>It is 4.\n", "I add.", "It is 4."),
        ("I add.</think>It is 4.", "I add.", "It is 4."),
        ("<think>a</think>b</think>c", "a", "c"),
        ("Well. <think>a</think>b", "Well. <think>a", "b"),
        ("<think>I add and add", "I add and add", None),
        ("Well. <think>a <think>b", "a <think>b", None),
        ("It is 4.", None, "It is 4."),
        ("<think></think>It is 4.", None, "It is 4."),
        ("<think>\n \n</think>\n", None, None),
        ("</think>", None, None),
        ("<think>", None, None),
        ("", None, None),
    ],
)
def test_a_reply_falls_into_its_parts(text: str, reasoning: str | None, answer: str | None) -> None:
    assert replies.split(text) == Reply(reasoning, answer)


@given(st.lists(HOSTILE, max_size=8))
def test_expressions_and_single_split_agree(texts: list[str]) -> None:
    frame = pl.DataFrame({"text": pl.Series(texts, dtype=pl.String)})
    parts = frame.select(reasoning=replies.reasoning(pl.col("text")), answer=replies.answer(pl.col("text")))
    assert [Reply(*row) for row in parts.iter_rows()] == [replies.split(text) for text in texts]


def test_null_stays_null() -> None:
    frame = pl.DataFrame({"text": pl.Series([None], dtype=pl.String)})
    parts = frame.select(reasoning=replies.reasoning(pl.col("text")), answer=replies.answer(pl.col("text")))
    assert parts.row(0) == (None, None)
