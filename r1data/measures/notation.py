r"""Notation: code, formulas, tags and addresses in a text, found in one pass.

It decides as these patterns would, tried one after the other at each place: fenced code as CommonMark has it; `...`;
$$...$$; $...$ without a space inside; \( \) and \[ \]; \begin{x}...\end{x}; a command with its groups, three deep;
tags with their attributes; tokens of chat
templates; addresses up to a space or a Chinese character. A test holds it to them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from r1data.texts import Bytes, kernel
from r1data.texts.characters import Script
from r1data.texts.words import decode

PROSE, CODE, MATH, TAG, ADDRESS, QUOTE, ASIDE, SYMBOL = range(8)
"""Classes of a byte. `ASIDE` is prose between parentheses, where a term may be given in another language; `SYMBOL` is
a variable, an acronym, a unit, the name of a function or of something in a program, a number."""

OPENS = np.zeros(256, np.bool_)
"""Bytes that may begin notation, or a line."""
OPENS[list(b"\n`$\\<h")] = True
TOKEN_BYTES = 64
"""Length of the longest token of a chat template that is looked for."""
_SPACE, _DIGIT, _HAN = int(Script.SPACE), int(Script.DIGIT), int(Script.HAN)


@kernel
def mask_notation(data: Bytes, start: int, end: int, scripts: Bytes, opens: npt.NDArray[np.bool_], into: Bytes) -> None:
    """Code, formulas, tags and addresses."""
    failed_round, failed_square, failed_environment, display_left = start, start, start, True
    at = start
    line_starts = True
    while at < end:
        byte = data[at]
        if line_starts:
            line_starts = False
            stop = fence_end(data, at, end)
            if stop > 0:
                into[at:stop] = CODE
                at = stop
                continue
        if not opens[byte]:
            at += 1
            continue
        if byte == 0x0A:
            line_starts = True
            at += 1
            continue
        stop, kind = -1, MATH
        if byte == 0x60:  # `
            stop, kind = _inline_code(data, at, end), CODE
        elif byte == 0x24:  # $
            if display_left and at + 1 < end and data[at + 1] == 0x24:
                stop = _display(data, at, end)
                display_left = stop > 0
            if stop < 0:
                stop = _dollars(data, at, end, scripts)
        elif byte == 0x5C and at + 1 < end:  # backslash
            following = data[at + 1]
            if following == 0x28:
                if at + 2 > failed_round:
                    stop, failed_round = _bracketed(data, at, end, 0x28)
            elif following == 0x5B:
                if at + 2 > failed_square:
                    stop, failed_square = _bracketed(data, at, end, 0x5B)
            elif is_letter(following):
                body = _begin(data, at, end)
                if body > failed_environment:
                    stop, failed_environment = _environment(data, body, end)
                if stop < 0:
                    stop = _command(data, at, end, scripts)
        elif byte == 0x3C:  # <
            stop, kind = _tag(data, at, end, scripts), TAG
            if stop < 0:
                stop = _special_token(data, at, end)
        elif byte == 0x68:  # h
            stop, kind = _address(data, at, end, scripts), ADDRESS
        if stop > 0:
            into[at:stop] = kind
            at = stop
        else:
            at += 1


@kernel
def fence_end(data: Bytes, at: int, end: int) -> int:
    """Where the fenced code ends whose opening line begins at a place: behind the closing line, before its line break.

    As CommonMark has it: closed by a line of nothing but as many of the same characters or more, or by the text's end.
    Indented fences count at any depth, as they are met inside lists. -1 where no fence opens.
    """
    mark, place, width = _fence(data, at, end)
    if width < 3:
        return -1
    while place < end and data[place] != 0x0A:
        if mark == 0x60 and data[place] == 0x60:  # "```code```" within a line
            return -1
        place += 1
    while place < end:
        place += 1  # the line break
        closing, behind, length = _fence(data, place, end)
        if closing == mark and length >= width:
            while behind < end and (data[behind] == 0x20 or data[behind] == 0x09 or data[behind] == 0x0D):
                behind += 1
            if behind >= end or data[behind] == 0x0A:
                return behind
        place = behind
        while place < end and data[place] != 0x0A:
            place += 1
    return end


@kernel
def _fence(data: Bytes, at: int, end: int) -> tuple[Any, int, int]:
    """The character of a fence at the line's start, the place behind it and its length, 0 where there is none."""
    while at < end and (data[at] == 0x20 or data[at] == 0x09):
        at += 1
    if at >= end or (data[at] != 0x60 and data[at] != 0x7E):
        return 0, at, 0
    mark, first = data[at], at
    while at < end and data[at] == mark:
        at += 1
    return np.int64(mark), at, at - first


@kernel
def _inline_code(data: Bytes, at: int, end: int) -> int:
    place = at + 1
    while place < end and data[place] != 0x60 and data[place] != 0x0A:
        place += 1
    return place + 1 if place < end and data[place] == 0x60 and place > at + 1 else -1


@kernel
def _display(data: Bytes, at: int, end: int) -> int:
    place = at + 2
    while place + 1 < end:
        if data[place] == 0x24 and data[place + 1] == 0x24:
            return place + 2
        place += 1
    return -1


@kernel
def _dollars(data: Bytes, at: int, end: int, scripts: Bytes) -> int:
    """A formula in single dollars: in one line, and no space inside them, since "$5 and $6" is money."""
    place = at + 1
    while place < end and data[place] != 0x24 and data[place] != 0x0A:
        place += 1
    if place >= end or data[place] == 0x0A or place == at + 1:
        return -1
    if _is_space_at(data, at + 1, scripts) or _is_space_at(data, _character_before(data, place), scripts):
        return -1
    return place + 1


@kernel
def _bracketed(data: Bytes, at: int, end: int, opening: int) -> tuple[int, int]:
    r"""The end of `\( \)` or `\[ \]`, or -1 and how far was looked: no later opening before that place can succeed.

    (What an opening would read from there on, this search has read already: a bracket always ends a pair.)
    """
    closing = opening + (1 if opening == 0x28 else 2)
    place = at + 2
    while place < end:
        if data[place] != 0x5C:
            place += 1
            continue
        if place + 1 >= end:
            return -1, end
        if data[place + 1] == closing:
            return place + 2, at
        if data[place + 1] == opening:
            return -1, place
        place += 2
    return -1, end


@kernel
def _begin(data: Bytes, at: int, end: int) -> int:
    r"""The place behind `\begin{name}`, -1 where that is not what stands there."""
    if at + 8 > end or not (
        data[at + 1] == 0x62
        and data[at + 2] == 0x65
        and data[at + 3] == 0x67
        and data[at + 4] == 0x69
        and data[at + 5] == 0x6E
    ):
        return -1
    return _name(data, at + 6, end)


@kernel
def _name(data: Bytes, at: int, end: int) -> int:
    """The place behind `{name}` or `{name*}`."""
    if at >= end or data[at] != 0x7B:
        return -1
    place = at + 1
    while place < end and is_letter(data[place]):
        place += 1
    if place == at + 1:
        return -1
    if place < end and data[place] == 0x2A:
        place += 1
    return place + 1 if place < end and data[place] == 0x7D else -1


@kernel
def _environment(data: Bytes, body: int, end: int) -> tuple[int, int]:
    r"""The end of an environment whose body begins at a place: the first `\end{name}`, not across a `\begi`."""
    begin = (0x62, 0x65, 0x67, 0x69)  # begi
    place = body
    while place < end:
        if data[place] != 0x5C:
            place += 1
            continue
        if place + 1 >= end:
            return -1, end
        following = data[place + 1]
        if following == 0x65 and place + 4 < end and data[place + 2] == 0x6E and data[place + 3] == 0x64:  # \end
            behind = _name(data, place + 4, end)
            if behind > 0:
                return behind, body
        same = 0
        while same < len(begin) and place + 1 + same < end and data[place + 1 + same] == begin[same]:
            same += 1
        if same == len(begin):
            return -1, place
        if place + 1 + same >= end:
            return -1, end
        place += 2 + same
    return -1, end


@kernel
def _command(data: Bytes, at: int, end: int, scripts: Bytes) -> int:
    """The end of a command with the braced groups that follow it, three deep as formulas need."""
    place = at + 1
    while place < end and is_letter(data[place]):
        place += 1
    if place < end and data[place] == 0x2A:
        place += 1
    while True:
        group = place
        while group < end and _is_space_at(data, group, scripts):
            group += _width(data[group])
        if group >= end or data[group] != 0x7B:
            return place
        depth = 0
        while group < end:
            if data[group] == 0x7B:
                depth += 1
                if depth > 3:
                    return place
            elif data[group] == 0x7D:
                depth -= 1
                if depth == 0:
                    break
            group += 1
        if group >= end:
            return place
        place = group + 1


@kernel
def _tag(data: Bytes, at: int, end: int, scripts: Bytes) -> int:
    place = at + 1
    if place < end and data[place] == 0x2F:
        place += 1
    if place >= end or not is_letter(data[place]):
        return -1
    place = _behind_name(data, place, end, scripts)
    while True:
        bare = place
        while place < end and _is_space_at(data, place, scripts):
            place += _width(data[place])
        behind = place
        if behind < end and data[behind] == 0x2F:
            behind += 1
        if behind < end and data[behind] == 0x3E:
            return behind + 1
        name = place
        place = _behind_name(data, place, end, scripts)
        if bare == name or place == name or place + 1 >= end or data[place] != 0x3D or data[place + 1] != 0x22:
            return -1
        place += 2
        while place < end and data[place] != 0x22:
            place += 1
        if place >= end:
            return -1
        place += 1


@kernel
def _special_token(data: Bytes, at: int, end: int) -> int:
    """The end of a token of a chat template, `<|name|>` or the same with wide bars."""
    if at + 1 >= end or (data[at + 1] != 0x7C and data[at + 1] != 0xEF):
        return -1
    place = at + 1
    while place < end and place < at + TOKEN_BYTES and data[place] != 0x0A:
        if data[place] == 0x3E:
            wide = data[place - 3] == 0xEF and data[place - 2] == 0xBD and data[place - 1] == 0x9C  # ｜
            return place + 1 if place > at + 3 and (wide or data[place - 1] == 0x7C) else -1
        place += 1
    return -1


@kernel
def _behind_name(data: Bytes, at: int, end: int, scripts: Bytes) -> int:
    while at < end:
        byte = data[at]
        if byte < 0x80:
            if not (is_letter(byte) or is_digit(byte) or byte == 0x5F or byte == 0x2D):
                break
            at += 1
        else:
            point, width = decode(data, at)
            if point >= len(scripts) or scripts[point] < _DIGIT:
                break
            at += width
    return at


@kernel
def _address(data: Bytes, at: int, end: int, scripts: Bytes) -> int:
    if at + 8 > end or not (data[at + 1] == 0x74 and data[at + 2] == 0x74 and data[at + 3] == 0x70):
        return -1
    place = at + 4
    if data[place] == 0x73:
        place += 1
    if place + 3 >= end or not (data[place] == 0x3A and data[place + 1] == 0x2F and data[place + 2] == 0x2F):
        return -1
    place += 3
    first = place
    while place < end:
        if data[place] < 0x80:
            if _is_space_at(data, place, scripts):
                break
            place += 1
            continue
        point, width = decode(data, place)
        if point < len(scripts) and (scripts[point] == _HAN or scripts[point] == _SPACE):
            break
        place += width
    return place if place > first else -1


@kernel
def _character_before(data: Bytes, at: int) -> int:
    """Where the character begins that ends at a place. There must be one."""
    at -= 1
    while data[at] & 0xC0 == 0x80:
        at -= 1
    return at


@kernel
def _is_space_at(data: Bytes, at: int, scripts: Bytes) -> bool:
    byte = data[at]
    if byte < 0x80:
        return bool(byte == 0x20 or 0x09 <= byte <= 0x0D)
    point, _ = decode(data, at)
    return bool(point < len(scripts) and scripts[point] == _SPACE)


@kernel
def _width(byte: int) -> int:
    """Bytes of the character that begins with a byte."""
    if byte < 0x80:
        return 1
    if byte < 0xE0:
        return 2
    return 3 if byte < 0xF0 else 4


@kernel
def is_letter(byte: int) -> bool:
    return 0x61 <= (byte | 0x20) <= 0x7A


@kernel
def is_digit(byte: int) -> bool:
    return 0x30 <= byte <= 0x39
