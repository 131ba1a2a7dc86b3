"""Bare code: lines of a program that stand in the reasoning outside any block.

Mathematics is no code: `x = 3`, `f(x) = x^2 + 1` and "if n > 3" are what derivations are made of. A line counts where
it could hardly be anything else, and indented lines that follow such a line count with it.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from r1data.measures.block import Block
from r1data.measures.lines import FORMULA, PROSE
from r1data.measures.scratch import scratch
from r1data.texts import Bytes, Places, kernel

LONGEST = 300
"""Bytes: a longer line is none of code."""
KEYWORDS = tuple(
    """def class for while if elif else try except finally with return import from async int void public private static
    const let var function using long double char bool auto unsigned string switch SELECT INSERT CREATE
    UPDATE DELETE FROM JOIN LEFT INNER WHERE GROUP HAVING ORDER print""".split()
)
CODE = re.compile(
    r"""(?x)
      (?:async[ ])?def[ ]\w+\(.*\).*:
    | class[ ]\w+(?:\(.*\))?:
    | for[ ]\w[\w,\ ]*[ ]in[ ](?:\w+|\w[\w.]*\(.*\)|\w+\[.*\]):
    | (?:while|if|elif)[ ][^$]*(?:==|!=|<=|>=|<|>|%|\w\(|\w\[|[ ]in[ ]|not[ ]|True|False)[^$]*:
    | (?:while[ ]True|else|try|finally|except(?:[ ][\w.()\ ,]+)?):
    | with[ ]open\(.*\).*:
    | return(?:[ ](?:[\w.]+(?:\(.*\)|\[.*\])?|-1|not[ ].+|[^$]*(?:==|//|\*\*|%|[+*<>-][ ]?\w|\]|\)|"|')[^$]*))?;?
    | import[ ]\w[\w.]*(?:[ ]as[ ]\w+|(?:,[ ]\w+)+)?
    | from[ ]\w[\w.]*[ ]import[ ].+
    | print\(.*\);?
    | \w[\w.]*\.(?:append|extend|add|sort|pop|popleft|push|push_back|insert|remove|split|strip|items|get|update|println
        |log|write|read|close)\(.*\);?
    | [\w\[\],.\ ]+[ ](?:=|\+=|-=|\*=|//=)[ ](?:int|float|str|list|dict|set|map|len|range|sorted|input|open|zip|tuple
        |enumerate|defaultdict|deque|Counter|new[ ]\w+|\w+\.\w+)\(.*\).*
    | \w+(?:\[[^\]]*\])?[ ](?:\+=|-=|\*=|//=|%=|\|=|<<=|>>=)[ ].+
    | \w+[ ]=[ ](?:\[\]|\{\}|None|True|False|"[^"]*"|'[^']*'|\[.*\bfor\b.*\bin\b.*\]|\[0\][ ]?\*.+)
    | \#include[ ]*[<"].*
    | (?:public|private|protected|static|void|int|long|double|char|bool|string|auto|const|let|var|unsigned|function)\b
        .*[;{]
    | \}(?:[ ]*else.*\{|;)?
    | (?:for|while|if|switch|else[ ]if)[ ]?\(.*\)[ ]?(?:\{|.*;)
    | else[ ]?\{
    | .*\b(?:cout|cin|printf|scanf|System\.out|console\.log|std::).*;
    | using[ ]namespace[ ]\w+;
    | \w[\w\[\].]*[ ]?(?:=|\+=|-=)[ ]?[^$\\]*(?:\(.*\)|\[.*\])[^$\\]*;
    | \w+(?:\+\+|--);
    | (?:SELECT[ ].+|INSERT[ ]INTO[ ].+|CREATE[ ]TABLE[ ].+|UPDATE[ ]\w+[ ]SET[ ].+|DELETE[ ]FROM[ ].+)
    | (?:FROM|(?:LEFT[ ]|INNER[ ])?JOIN|WHERE|GROUP[ ]BY|HAVING|ORDER[ ]BY)[ ].+
    """
)
CODELIKE = re.compile(
    r"[\w\])]\s?(?:=|\+=|-=)\s|\w\(|\w\[\w|^(?:return|break|continue|pass|else|elif|if|for|while)\b|^(?:#|//|\})"
)
FORMULAS = re.compile(r"\\[a-zA-Z]{3,}|\$")
"""What code does not have, outside of strings."""
COMMENT = re.compile(r"\s+(?:#|//)\s.*$")


def code_lines(block: Block) -> list[list[int]]:
    """For each reply, which lines of its reasoning are code that stands outside any block."""
    lines = block.lines
    chosen = scratch("bare.lines", int(lines.offsets[-1]) + 1, np.int64)
    fields = (lines.starts, lines.ends, lines.kinds, lines.offsets)
    data = block.texts.data
    count = _choose(data, *fields, _first_words(), chosen)
    found: list[list[int]] = [[] for _ in range(len(block))]
    if not count:
        return found
    rows = (np.searchsorted(lines.offsets, chosen[:count], side="right") - 1) // 2
    for row, line in zip(rows.tolist(), chosen[:count].tolist(), strict=True):
        if found[row] and line <= found[row][-1]:
            continue
        text = block.texts.between(int(lines.starts[line]), int(lines.ends[line]))
        if is_code(text):
            found[row].append(line)
            found[row].extend(_going_on(block, line, int(lines.offsets[2 * row + 1])))
    return found


def is_code(line: str) -> bool:
    """Whether a line can hardly be anything but code."""
    bare = COMMENT.sub("", line)
    return CODE.fullmatch(bare) is not None and not FORMULAS.search(bare)


def _going_on(block: Block, line: int, last: int) -> list[int]:
    """The indented lines behind a line of code that are code too."""
    lines, data = block.lines, block.texts.data
    found: list[int] = []
    for following in range(line + 1, last):
        start, end = int(lines.starts[following]), int(lines.ends[following])
        indented = start >= 2 and data[start - 1] in b" \t" and data[start - 2] in b" \t\n"
        if not indented or start == end or end - start > LONGEST or lines.kinds[following] not in (PROSE, FORMULA):
            break
        text = block.texts.between(start, end)
        if not CODELIKE.search(text) or FORMULAS.search(text):
            break
        found.append(following)
    return found


def _first_words() -> Bytes:
    """The keywords in one array, each behind its length."""
    return np.frombuffer(b"".join(bytes([len(word)]) + word.encode() for word in KEYWORDS), np.uint8)


@kernel
def _choose(
    data: Bytes, starts: Places, ends: Places, kinds: Bytes, offsets: Places, keywords: Bytes, chosen: Places
) -> int:
    """Note the lines of reasonings that may be code; nearly all others are passed over for one look at their ends."""
    count = 0
    for row in range(len(offsets) // 2):
        for line in range(offsets[2 * row], offsets[2 * row + 1]):
            start, end = starts[line], ends[line]
            if (kinds[line] != PROSE and kinds[line] != FORMULA) or end - start > LONGEST or start >= end:
                continue
            if _may_be_code(data, start, end, keywords):
                chosen[count] = line
                count += 1
    return count


@kernel
def _may_be_code(data: Bytes, start: int, end: int, keywords: Bytes) -> bool:
    first, last = data[start], data[end - 1]
    if first == 0x5C or first == 0x24 or first >= 0x80:
        return False
    return _shaped_like_code(data, start, end, first, last, keywords) and not _has_formula(data, start, end)


@kernel
def _has_formula(data: Bytes, start: int, end: int) -> bool:
    for at in range(start, end):
        byte = data[at]
        if byte == 0x24 or byte == 0x5E:  # $ ^
            return True
        if byte == 0x5C and at + 2 < end and 0x61 <= data[at + 1] <= 0x7A and 0x61 <= data[at + 2] <= 0x7A:
            return True  # a command of LaTeX, not the \\n of a string
    return False


@kernel
def _shaped_like_code(data: Bytes, start: int, end: int, first: int, last: int, keywords: Bytes) -> bool:
    if last == 0x3B or last == 0x7B or first == 0x7D or first == 0x23:  # ; { } #
        return True
    at = start
    while at < end and (_is_name(data[at]) or data[at] == 0x2E or data[at] == 0x5B or data[at] == 0x5D):
        at += 1
    if at == start:
        return False
    if at == end:
        return _keyword(data, start, at, keywords)
    following = data[at]
    if following == 0x28:  # a call
        return last == 0x29 or last == 0x3A
    worded = following == 0x3A or following == 0x20 or following == 0x2C
    if worded and _keyword(data, start, at, keywords):
        return True
    while at < end and at < start + 60 and data[at] != 0x3D:  # an assignment?
        at += 1
    if at + 1 >= end or data[at] != 0x3D or data[at + 1] != 0x20:
        return False
    before = data[at - 1]
    return (
        before != 0x20 or last == 0x29 or last == 0x5D or last == 0x22 or last == 0x27 or last == 0x7D or last == 0x65
    )
    # augmented, or to a call, an index, a string, an empty list, True, False or None


@kernel
def _is_name(byte: int) -> bool:
    return 0x61 <= (byte | 0x20) <= 0x7A or 0x30 <= byte <= 0x39 or byte == 0x5F


@kernel
def _keyword(data: Bytes, start: int, end: int, keywords: Bytes) -> bool:
    word: Any = 0
    while word < len(keywords):
        length = np.int64(keywords[word])
        if length == end - start:
            agree = 0
            while agree < length and data[start + agree] == keywords[word + 1 + agree]:
                agree += 1
            if agree == length:
                return True
        word += 1 + length
    return False
