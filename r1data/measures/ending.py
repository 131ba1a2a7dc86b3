r"""Ending: whether a reply stops in the middle of something, whatever the engine said about its end.

A thought that is not closed, a formula, a box or a code block that is not closed, or a sentence that breaks off. What
may well be an end without a full stop is none: a list item, a number, a formula, a table, code, a heading, an answer of
a few words, and in Chinese any sentence that is not left hanging on a comma or a conjunction.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from r1data.measures.block import Block
from r1data.measures.lines import BLANK, CLOSING, CODE, HEADING, ITEM, OPENING, PROSE
from r1data.texts import Texts

READ = 3000
"""Bytes at the end of the last part that are read."""
LONG = 60
"""Columns from which on a line of words without a full stop is a sentence that breaks off; an answer is shorter."""
CLOSERS = frozenset(".!?。！？…)]}）】」』”\"'’`*_$|>~%°✓✔✅□■∎:;：；")
"""Behind one of these a text may end; a colon leaves something out, but is how many lists and blocks are introduced."""
HANGING = frozenset(",，、(（[【{「『“‘=+×÷<≤≥≠→\\^&-–—/")
"""Behind one of these it may not."""
HANGING_WORDS = frozenset(
    """a an the of to and or but nor is are was were be been am has have had having do does did will would shall should
    can could may might must with for from in into on onto at by as that which who whose whom because if then
    than so when where while since therefore thus hence also not no its their our your my his her this these
    those we he she they i it's let let's between among about over under per via without within both either
    neither each every any some such very more most less equals implies gives using und oder der die das ein
    eine et ou le la les de des un une el los las que con para por est sont au aux dans sur avec qui donc car
    mais égal à ist sind dem zu zum zur mit von für auf im aus bei nach wir daher dass weil wenn gleich es son
    del al en como se di che è""".split()
)
HANGING_CHINESE = (
    "因为", "所以", "但是", "而且", "以及", "并且", "或者", "如果", "那么", "由于", "然后", "等于", "就是", "和", "与",
    "首先", "其次", "最后", "接着", "因此", "于是", "同时", "另外", "也就是说", "及",
    "或", "把", "被", "从", "向", "对于", "关于", "根据", "设", "令", "即", "则", "若", "且", "而", "但",
)  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?$")
_JUDGED = re.compile(r"[是很会挺蛮可能][^，。；！？,;]*的$")
"""A clause that may end with 的: "this is right"."""
_AFTER_A_WORD = re.compile(r"[^\W\d_]{2}[,;]?\s+$")
_WORDS = re.compile(r"[^\W\d_]{2,}")
_MONEY = re.compile(r"\d[\d,.]*(?:\s+(?![-+*/=<>^\\])|$|[.,;:!?)])")
_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]$")
_MARKUP = "*_ \t"


def cut_off(block: Block) -> list[bool]:
    """For each reply, whether it stops in the middle."""
    lines = block.lines
    has_answer = (block.answer.ends > block.answer.starts).tolist()
    cut: list[bool] = ((block.opens > 0) & (block.closes == 0)).tolist()
    offsets = lines.offsets.tolist()
    for row in range(len(block)):
        if cut[row]:
            continue
        part = 1 if has_answer[row] else 0
        first, last = offsets[2 * row + part], offsets[2 * row + part + 1]
        while last > first and lines.kinds[last - 1] == BLANK:
            last -= 1
        if last == first or lines.kinds[last - 1] == CLOSING:
            continue
        cut[row] = _stops_within(block, block.answer if part else block.reasoning, row, first, last - 1)
    return cut


def _stops_within(block: Block, part: Texts, row: int, first: int, last: int) -> bool:
    """Whether a part, whose lines are `first` to `last`, stops in the middle."""
    lines = block.lines
    kind = int(lines.kinds[last])
    if kind in (OPENING, CODE):  # a block that goes on to the end was never closed
        return True
    end = int(lines.ends[last])
    tail = part.between(max(int(part.starts[row]), end - READ), end)
    if _text_is_open(tail):
        return True
    if kind not in (PROSE, ITEM, HEADING):
        return False
    line = tail[max(tail.rfind("\n"), tail.rfind("\r")) + 1 :].strip()
    return breaks_off(line, kind, int(lines.widths[last]), lambda: _has_full_stops(block, first, last))


def breaks_off(line: str, kind: int, width: int, punctuated: Callable[[], bool]) -> bool:
    """Whether a last line stops within a sentence. `punctuated`: whether the writer ends others with a full stop."""
    bare = line.rstrip(_MARKUP)
    if not bare or line[-1] in CLOSERS or bare[-1] in CLOSERS:
        return False
    if bare[-1] in HANGING:
        return len(bare) > 1 and not bare.endswith(("--", "==", "++"))
    if kind == HEADING:
        return False
    if _HAN.search(bare):
        return bare.endswith(HANGING_CHINESE) or (bare.endswith("的") and not _JUDGED.search(bare))
    word = _WORD.search(bare)
    if word is None:
        return False
    written = word[0]
    if written in HANGING_WORDS and _AFTER_A_WORD.search(bare[: word.start()]):  # "n = a" ends with a variable
        return True
    words = len(_WORDS.findall(bare))
    if kind == PROSE and words >= 4:
        return width >= LONG or (re.search(r"[.!?] ", bare) is not None and punctuated())
    return False


def _has_full_stops(block: Block, first: int, last: int) -> bool:
    """Whether the lines of prose before the last one end as sentences do."""
    prose = np.flatnonzero(block.lines.kinds[first:last] == PROSE)[-3:] + first
    return bool(len(prose)) and all(block.texts.data[int(block.lines.ends[line]) - 1] in b".!?:" for line in prose)


def _text_is_open(tail: str) -> bool:
    r"""Whether the end of a text lies in a box, a formula or a brace of a formula."""
    box = tail.rfind(r"\boxed{")
    if box >= 0 and not _closes(tail, box + len(r"\boxed{")):
        return True
    tail = tail.replace("\\\\", "  ")  # a line break in a formula, which may have a bracket behind it
    paragraph = tail[tail.rfind("\n\n") + 1 :] if "\n\n" in tail else tail
    if paragraph.count("$$") % 2 or paragraph.rfind(r"\[") > paragraph.rfind(r"\]"):
        return True
    line = tail[tail.rfind("\n") + 1 :]
    if line.rfind(r"\(") > line.rfind(r"\)"):
        return True
    if (line.count("$") - line.count(r"\$")) % 2:
        rest = line[line.rfind("$") + 1 :]
        return bool(rest) and not rest[0].isspace() and not _MONEY.match(rest)
    return False


def _closes(text: str, at: int) -> bool:
    depth = 1
    for brace in re.finditer(r"\\[{}]|[{}]", text[at:]):
        if brace[0] == "{":
            depth += 1
        elif brace[0] == "}":
            depth -= 1
            if depth == 0:
                return True
    return False
