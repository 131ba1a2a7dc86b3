"""Paragraphs: long ones are found however they are wrapped, and what is written in lines stays in lines."""

import textwrap
import time

import pytest
from hypothesis import given

from r1data.measures import paragraphs
from tests.measures.shapes import TEXTS, block_of, thoughts

SENTENCE = "We add the second number to the first one, as we did before, and see that the sum of both of them is even. "
CHINESE = "我们把第二个数加到第一个数上，然后看到两者的和是偶数，这正是我们想要证明的结论。"


def longest(text: str) -> int:
    return paragraphs.columns(thoughts(text))["longest_paragraph"][0]


def test_lengths_are_columns():
    assert longest(SENTENCE * 30) == len(SENTENCE) * 30 - 1
    assert longest(CHINESE * 30) == 2 * len(CHINESE) * 30


@pytest.mark.parametrize("width", [60, 72, 80, 100, 120])
def test_a_wrapped_wall_is_one_paragraph(width):
    wall = SENTENCE * 30
    assert longest(textwrap.fill(wall, width)) == len(wall) - 1


def test_a_wrapped_wall_in_chinese_is_one_paragraph():
    wall = CHINESE * 30
    wrapped = "\n".join(wall[start : start + 37] for start in range(0, len(wall), 37))
    assert longest(wrapped) > 2 * len(wall) * 0.9


def test_wrapped_paragraphs_end_at_an_empty_line():
    assert longest("\n\n".join(textwrap.fill(SENTENCE * 4, 80) for _ in range(10))) == 4 * len(SENTENCE) - 1


@pytest.mark.parametrize(
    "text",
    [
        "\n".join([SENTENCE] * 40),  # a sentence a line
        "\n".join(["- we add the second number to the first one and see that the sum is even"] * 40),
        "\n".join(f"{n}. we add the second number to the first one and look at the sum" for n in range(40)),
        "\n".join(["The night is long and very cold", "and nobody has come to me"] * 40),  # verses
        "\n".join(["= (2 + 3)(4 + 5) + (6 + 7)(8 + 9) - (10 + 11)(12 + 13) by the rule"] * 40),
        "```\n" + SENTENCE * 40 + "\n```",
        "| " + SENTENCE * 40 + " |",
        "$$\n" + "x + y + z = 3 \\\\\n" * 200 + "$$",
        "\n".join(["春眠不觉晓，处处闻啼鸟", "夜来风雨声，花落知多少"] * 40),
    ],
)
def test_what_is_written_in_lines_is_not_joined(text):
    assert longest(text) < 200


def test_prose_in_a_display_formula_does_not_hide():
    assert longest("$$\n" + SENTENCE * 40 + "\n$$") > 2000


@given(TEXTS)
def test_numbers_fit_together(text):
    columns = paragraphs.columns(block_of(text))
    long, mean, number = (columns[n][0] for n in ("longest_paragraph", "mean_paragraph", "paragraphs"))
    assert (number == 0) == (mean == 0) == (long == 0)
    assert mean <= long


@given(TEXTS)
def test_places_are_those_of_the_longest(text):
    block = block_of(text)
    found = paragraphs.places(block, 0, 0)
    assert len(found) == paragraphs.columns(block)["paragraphs"][0]
    assert all(start < end for start, end in found)
    assert found == sorted(found)


def test_time_grows_with_the_length_only():
    mixed = "we add the second number to the first one and then\nWe stop here and say nothing else of it.\nAnd so on.\n"
    block = thoughts(mixed * 10_000)
    paragraphs.columns(thoughts("warm"))
    began = time.thread_time()
    paragraphs.columns(block)
    assert time.thread_time() - began < 0.5  # about 0.01 s


def test_a_wall_is_whole_whatever_its_lines_begin_with():
    words = [
        f"and then $x_{{{n}}} = {n}$ is 12. Paris lies north of it, so we go on with `{n}` as well" for n in range(40)
    ]
    wall = "We begin, " + ", ".join(words) + "."
    for width in (64, 78, 90):
        assert longest(textwrap.fill(wall, width, break_long_words=False)) > 0.9 * len(wall)
