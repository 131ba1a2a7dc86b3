"""Prompts that nearly ask the same: two wordings of one question, from one source or two.

A question is short, and a small change may make it another one: other numbers, another sign, `least` for `most`. So
two prompts are near-duplicates only where

- verifier, reference and tests are the same (a reference that one of them lacks is another reference), and
- everything that calculates is the same, in the same order: numbers and number words, signs, brackets, LaTeX commands,
  variables, and words that turn a question around, and
- of their pairs of neighbouring words so many are in both: `NEAR` of those in either, `NEAR_UNREFERENCED` where there
  is no reference to say that the answer is the same.

Only prompts that agree in the first two are ever compared, by bands of signatures first and then by their words, so
templates with other numbers in them, however many there are, cost next to nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from r1data.duplicates.groups import groups
from r1data.duplicates.signatures import signatures
from r1data.texts import Texts, Words, kernel, words_of

NGRAM = 2
NEAR = 0.7
NEAR_UNREFERENCED = 0.85
BANDS, ROWS, FLOOR = 32, 4, 0.45
"""At a similarity of 0.7 two prompts are compared with a probability of 0.9998; the words decide."""
MOST_LEADERS = 200

NUMBER_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion "
    "first second third fourth fifth sixth half halves quarter quarters third thirds twice thrice double triple dozen "
    "dozens single pair once"
)
TURNING_WORDS = (
    "not no never without except least most smallest largest lowest highest minimum maximum minimal maximal min max "
    "less more fewer greater smaller larger before after above below first last odd even increasing decreasing "
    "ascending descending positive negative sum difference product quotient area perimeter volume true false correct "
    "incorrect longest shortest inside outside"
)
TURNING_CHARACTERS = (
    "零〇一二两三四五六七八九十百千万亿半倍几不没无非未大小多少高低长短上下左右最先后前奇偶升降正负和差积商加减乘除对错"
)
CALCULATES = (
    r"\p{N}+(?:[.,:/]\p{N}+)*|\\[a-z]+|[\p{Sm}\p{Sc}*/^%!#&@_'\-\[\](){}]|"
    rf"\b(?:[b-hj-z]|{'|'.join(sorted(set((NUMBER_WORDS + ' ' + TURNING_WORDS).split())))})\b|[{TURNING_CHARACTERS}]"
)
HYPHEN, APOSTROPHE = r"(\p{L}{2})[-‐–—](\p{L}{2})", r"(\p{L})['’](\p{L})"

Rows = npt.NDArray[np.int64]


def prompt_twins(prompts: pl.DataFrame) -> pl.DataFrame:
    """The near-duplicates among prompts: `prompt_id`, the `twin` that stays, and their `similarity`.

    `prompts` has prompt_id, text, verifier, reference and task, each prompt behind those that it must not displace.
    """
    fixed = prompts.select(
        "prompt_id",
        "text",
        referenced=pl.col("reference").is_not_null(),
        block=pl.struct(
            "verifier", "task", pl.col("reference").str.strip_chars().str.to_lowercase(), calculating("text")
        ).hash(seed=0),
    )
    rows = fixed.filter(pl.col("block").is_duplicated())
    words = words_of(Texts.of(rows["text"]))
    marks = signatures(words, NGRAM)
    blocks = rows["block"].to_numpy()
    group = groups(marks, np.arange(rows.height), blocks, bands=BANDS, rows=ROWS, floor=FLOOR)
    threshold = np.where(rows["referenced"].to_numpy(), NEAR, NEAR_UNREFERENCED)
    found, how = _first_alike(words, group, threshold)
    which = np.flatnonzero(found >= 0)
    ids = rows["prompt_id"]
    return pl.DataFrame(
        {"prompt_id": ids.gather(which), "twin": ids.gather(found[which]), "similarity": how[which]},
        schema={"prompt_id": pl.String, "twin": pl.String, "similarity": pl.Float64},
    )


def calculating(column: str) -> pl.Expr:
    """What of a text calculates, as one string."""
    whole = pl.col(column).str.to_lowercase()
    joined = whole.str.replace_all(HYPHEN, "$1 $2").str.replace_all(APOSTROPHE, "$1$2").str.replace_all("[−–—]", "-")
    return joined.str.extract_all(CALCULATES).list.join(" ").alias("calculating")


def _first_alike(words: Words, group: Rows, threshold: npt.NDArray[np.float64]) -> tuple[Rows, npt.NDArray[np.float64]]:
    pairs, starts = _pairs(words.hashes, words.offsets)
    found, how = np.full(len(group), -1, np.int64), np.zeros(len(group), np.float64)
    order = np.argsort(group, kind="stable")
    _lead(pairs, starts, order[group[order] >= 0], group, threshold, np.empty(MOST_LEADERS, np.int64), found, how)
    return found, how


@kernel
def _pairs(hashes: npt.NDArray[np.uint64], offsets: Rows) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """The pairs of neighbouring words of each text, each once and sorted, and where those of each text start."""
    pairs = np.empty(len(hashes), np.uint64)
    starts = np.zeros(len(offsets), np.int64)
    count = 0
    for row in range(len(offsets) - 1):
        first, last = offsets[row], offsets[row + 1]
        own = np.empty(max(last - first - 1, min(last - first, 1)), np.uint64)
        for at in range(len(own)):
            following = hashes[first + at + 1] if first + at + 1 < last else np.uint64(0)
            own[at] = hashes[first + at] * np.uint64(0x9E3779B97F4A7C15) + following
        own.sort()
        for at in range(len(own)):
            if at == 0 or own[at] != own[at - 1]:
                pairs[count] = own[at]
                count += 1
        starts[row + 1] = count
    return pairs[:count], starts


@kernel
def _lead(
    pairs: npt.NDArray[np.uint64],
    starts: Rows,
    order: Rows,
    group: Rows,
    threshold: npt.NDArray[np.float64],
    leaders: Rows,
    found: Rows,
    how: npt.NDArray[np.float64],
) -> None:
    """Fill `found` and `how`: in each group who repeats whom of those that come before and stay."""
    count = 0
    for at in range(len(order)):
        row = order[at]
        if at == 0 or group[row] != group[order[at - 1]]:
            count = 0
        best = -1.0
        for number in range(count):
            other = leaders[number]
            likeness = _jaccard(pairs[starts[row] : starts[row + 1]], pairs[starts[other] : starts[other + 1]])
            if likeness >= threshold[row] and likeness > best:
                best, found[row] = likeness, other
        if best >= 0:
            how[row] = best
        elif count < len(leaders):
            leaders[count] = row
            count += 1


@kernel
def _jaccard(one: npt.NDArray[np.uint64], other: npt.NDArray[np.uint64]) -> float:
    a, b, both = 0, 0, 0
    while a < len(one) and b < len(other):
        if one[a] == other[b]:
            a, b, both = a + 1, b + 1, both + 1
        elif one[a] < other[b]:
            a += 1
        else:
            b += 1
    return both / max(len(one) + len(other) - both, 1)
