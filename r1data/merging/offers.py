"""Offers: of every example that a part offers what decisions are made from, without its text.

A text is read once, by kernels, some hundred at a time; what is left of it is a fingerprint of its question, one of
its reply, its signature (`r1data.duplicates`), and some numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import polars as pl

from r1data.duplicates import Resemblance
from r1data.measures import BLOCK_ROWS
from r1data.measures.fingerprint import folded
from r1data.replies import CLOSE, OPEN
from r1data.texts import Cutter, Texts

TOLD = ("example_id", "prompt_id", "domain", "category", "language", "source", "licence", "verifier", "model",
        "rewritten_from", "review", "prompt_tokens", "completion_tokens")  # fmt: skip
"""Columns of examples that offers have too."""
QUESTION_SCHEMA = pl.Schema({
    "question": pl.String, "text": pl.String, "verifier": pl.String, "reference": pl.String, "part": pl.Int32,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Offered:
    """Some examples as they are decided on.

    `rows` has the columns `TOLD` and, besides, `part` (its number, in the order of precedence), `rounds`, `thinking`,
    `formed` (whether its tags are in the agreed form), `size` (bytes of its texts), `question` and `folded`
    (fingerprints of what is asked and of the reply, white space aside).
    """

    rows: pl.DataFrame
    questions: pl.DataFrame
    """What is asked, each question once: `QUESTION_SCHEMA`."""


def offered(examples: pl.DataFrame, part: int, resemblance: Resemblance, cutter: Cutter) -> Offered:
    """Look at the texts of some examples (`schemas.Examples`) of one part, and show the replies to `resemblance`.

    On any thread, each with a cutter of its own.
    """
    reply = pl.col("messages").list.last().struct.field("content").fill_null("")
    rows = examples.select(
        *TOLD, "reference", part=pl.lit(part, pl.Int32), asked=asked(), reply=reply, rounds=_rounds(), size=_size()
    )
    rows = rows.with_columns(thinking=pl.col("reply").str.starts_with(OPEN), formed=in_agreed_form("reply"))
    questions = pl.Series("question", folded(Texts.of(rows["asked"])), pl.String)
    rows = rows.with_columns(questions, named())
    prints: list[str] = []
    for some in rows.iter_slices(BLOCK_ROWS):  # few enough for their words to be in the cache when they are signed
        replies = Texts.of(some["reply"])
        prints += folded(replies)
        resemblance.add(some["key"], cutter.cut(replies), some["question"])
    rows = rows.with_columns(pl.Series("folded", prints, pl.String))
    once = rows.select("question", "verifier", "reference", "part", text="asked").unique(
        ["question", "verifier", "reference"], maintain_order=True
    )
    return Offered(
        _alone(rows.drop("reply", "asked", "reference", "key")), _alone(once.select(QUESTION_SCHEMA.names()))
    )


def _alone(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows in memory of their own: one column that is a view of a batch, even of numbers, holds all its texts."""
    copied = BytesIO()
    rows.write_ipc_stream(copied)
    copied.seek(0)
    return pl.read_ipc_stream(copied)


def named() -> pl.Expr:
    """`key`: what an offer is called among those of all parts: two parts may offer the same draw."""
    return pl.format("{}-{}", pl.col("part").cast(pl.String).str.zfill(4), "example_id").alias("key")


def asked() -> pl.Expr:
    """What a conversation asks: every turn before the last but those of the system, as one text.

    Sources put different system messages before the same question, and it must not be learnt from one and tested with
    the other. Where there is nothing but a system's turn, that asks.
    """
    turns = pl.col("messages").list.head(pl.col("messages").list.len() - 1)
    role, content = (pl.element().struct.field(name) for name in ("role", "content"))
    said = turns.list.eval(content.filter(role != "system")).list.join("\n\n", ignore_nulls=True)
    everything = turns.list.eval(content).list.join("\n\n", ignore_nulls=True)
    return pl.when(said.str.contains(r"\S")).then(said).otherwise(everything).fill_null("").alias("asked")


def in_agreed_form(column: str) -> pl.Expr:
    """Whether replies are as `stages.assemble` writes them: a thought in its tags, a blank line, the answer; or no tag
    at all, where there is no thought.
    """
    text = pl.col(column)
    opens, closes = (text.str.count_matches(tag, literal=True) for tag in (OPEN, CLOSE))
    wrapped = text.str.starts_with(f"{OPEN}\n") & text.str.contains(f"\n{CLOSE}\n\n", literal=True)
    return ((opens == 0) & (closes == 0)) | ((opens == 1) & (closes == 1) & wrapped)


def _rounds() -> pl.Expr:
    return pl.col("messages").list.eval(pl.element().struct.field("role") == "user").list.sum().cast(pl.Int32)


def _size() -> pl.Expr:
    lengths = pl.col("messages").list.eval(pl.element().struct.field("content").str.len_bytes().cast(pl.Int64))
    return lengths.list.sum()
