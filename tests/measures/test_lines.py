"""Lines are those of the text, and each is what Markdown says."""

import re
import time

import pytest
from hypothesis import given

from r1data.measures.lines import BLANK, CLOSING, CODE, FORMULA, HEADING, ITEM, OPENING, PROSE, TABLE
from tests.measures.shapes import TEXTS, block_of, thoughts

INNER_SPACE = "".join(map(chr, range(0x21))) + "\u3000\xa0"


def kinds(text: str) -> list[int]:
    lines = thoughts(text).lines
    return lines.kinds[: lines.offsets[1]].tolist()


@given(TEXTS)
def test_lines_are_the_lines_of_the_parts(text):
    block = block_of(text, text)
    for row in range(2):
        for part, texts in enumerate((block.reasoning, block.answer)):
            first, last = block.lines.offsets[2 * row + part], block.lines.offsets[2 * row + part + 1]
            expected = re.split(r"[\n\r]", texts.text(row))
            expected = expected[:-1] if expected[-1] == "" else expected
            found = [texts.between(block.lines.starts[n], block.lines.ends[n]) for n in range(first, last)]
            assert found == [line.strip(INNER_SPACE) for line in expected]


@given(TEXTS)
def test_what_is_not_wide_takes_a_column(text):
    block = block_of(text.encode("ascii", "ignore").decode())
    for line in range(block.lines.offsets[-1]):
        assert block.lines.widths[line] == block.lines.ends[line] - block.lines.starts[line]


@given(TEXTS)
def test_blocks_open_before_they_close_and_hold_code_only(text):
    block = block_of(text)
    for part in range(2):
        inside = False
        for line in range(block.lines.offsets[part], block.lines.offsets[part + 1]):
            kind = block.lines.kinds[line]
            assert inside == (kind in (CODE, CLOSING))
            inside = kind == OPENING or (inside and kind != CLOSING)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One.\n\nTwo.", [PROSE, BLANK, PROSE]),
        ("```py\nx = 1\n\n```\nSo.", [OPENING, CODE, CODE, CLOSING, PROSE]),
        ("````\n```\nx\n````", [OPENING, CODE, CODE, CLOSING]),  # a shorter fence does not close
        ("```\nx\n``` and on", [OPENING, CODE, CODE]),  # nor does one with words behind it
        ("~~~ py `x`\nx\n~~~", [OPENING, CODE, CLOSING]),
        ("```x``` is inline", [PROSE]),
        ("- ```py\n  x\n  ```", [OPENING, CODE, CLOSING]),
        ("> ```\n> x\n> ```", [OPENING, CODE, CLOSING]),
        ("1. ```\n   x\n   ```\n2. two", [OPENING, CODE, CLOSING, ITEM]),
        ("# Head\n**All of it bold**\n#hash", [HEADING, HEADING, PROSE]),
        ("- a\n* b\n+ c\n• d\n1. e\n(2) f\n3) g\na) h\n4、i\n② j", [ITEM] * 10),
        ("-1 is less", [PROSE]),
        ("3.5 metres", [PROSE]),
        ("| a | b |\n|---|---|\na | b | c", [TABLE, TABLE, TABLE]),
        ("$$\nx = 1\n$$\nSo.", [FORMULA, FORMULA, FORMULA, PROSE]),
        ("\\[ x = 1 \\]\nSo.", [FORMULA, PROSE]),
        ("\\begin{align}\nx &= 1 \\\\\ny &= 2\n\\end{align}\nSo.", [FORMULA] * 4 + [PROSE]),
        ("$$\nx = 1\n\nIt was never closed.", [FORMULA, FORMULA, BLANK, PROSE]),
        ("$x$ is odd, so $y$", [PROSE]),
        ("$x + y$.", [FORMULA]),
        ("+ ".join(str(number) for number in range(100)), [FORMULA]),
    ],
)
def test_kinds(text, expected):
    assert kinds(text) == expected


@pytest.mark.parametrize("text", ["这是一个句子", "ひらがな", "한국어", "（全角）"])
def test_wide_characters_take_two_columns(text):
    assert thoughts(text).lines.widths[0] == 2 * len(text)


@pytest.mark.parametrize("turn", ["\n", "`", "$$\n", "- ", "> ", "|", "\\begin{a}\n", "a\n" * 5, "1. ```\n"])
def test_time_grows_with_the_length_only(turn):
    block_of("warm")
    began = time.thread_time()
    block_of("<think>" + turn * (1_000_000 // len(turn)))
    assert time.thread_time() - began < 1.0  # about 0.02 s
