"""Structured answers: what shape a reference has, and the same reading of an answer, so that equal means equal.

Order matters in lists and grids and not in assignments. Letter case, outer punctuation and the width of characters
never matter; "3" is 3 and 3.0.
"""

from __future__ import annotations

import ast
import json
import re
import unicodedata
from dataclasses import dataclass
from enum import Enum
from typing import Any

from r1data.verifiers.check import BadTask

Value = Any
"""Nested tuples of folded texts: compared, never looked into."""
LONGEST_LITERAL = 100_000
DEEPEST = 50
LONGEST_NUMBER = 50

TRUTH = {
    word: verdict
    for verdict, words in (
        ("true", "yes true correct right 是 对 真 正确 是的 对的 成立"),
        ("false", "no false incorrect wrong 否 错 假 错误 不是 不对 不正确 不成立"),
    )
    for word in words.split()
}
SEPARATOR = re.compile(r"\s*(?:,\s*and\s|[,，、;；\n]|->|→|=>|\\to\b|\\rightarrow\b)\s*")
PAIR = re.compile(r"\s*(?:[-*•]\s*)?([^:=：]{1,80}?)\s*(?:->|→|:|=|：)\s*([^:=：]+?)\s*")
NUMBERING = re.compile(r"^\s*(?:\(?\d{1,3}[.)、]\s+|[-*•]\s+)")
OUTER = " \t\n.。!！?？,，;；:：\"'“”‘’`*_$()（）[]【】{}「」"


class Shape(Enum):
    """The shapes that a reference can have."""

    JSON = "JSON"
    GRID = "a grid"
    LIST = "a list"
    ASSIGNMENT = "an assignment"
    TRUTH = "yes or no"
    TEXT = "a text"


@dataclass(frozen=True, slots=True)
class Structure:
    """A reference: its shape, its value, and how many lines it fills."""

    shape: Shape
    value: Value
    lines: int


def read_reference(reference: str) -> Structure:
    """The shape and value of a reference; whatever has no other shape is a text.

    Raises:
        BadTask: it has nothing to compare.
    """
    text = reference.strip()
    lines = len([line for line in text.splitlines() if line.strip()])
    for shape in (Shape.JSON, Shape.GRID, Shape.ASSIGNMENT, Shape.LIST, Shape.TRUTH):
        value = READERS[shape](text)
        if value is not None:
            return Structure(shape, value, lines)
    value = _text(text)
    if not value:
        raise BadTask(f"the reference {reference!r} has nothing to compare")
    return Structure(Shape.TEXT, value, lines)


def read_answer(answer: str, wanted: Structure) -> Value:
    """An answer's value, read as what the reference is; None where it has not that structure."""
    answer = _without_latex(answer)
    if wanted.shape is Shape.TRUTH:
        return _truth(answer) or _leading_truth(answer)
    if wanted.shape is Shape.JSON:
        value = _json(answer)
        return _list(answer.strip(" []")) if value is None and _is_flat(wanted.value) else value
    if wanted.shape in (Shape.GRID, Shape.LIST, Shape.ASSIGNMENT):
        value = _json(answer)
        if value is not None:
            return _as_shape(value, wanted.shape)
    if wanted.shape is Shape.LIST:
        return _list_like(answer, wanted.value)
    return READERS[wanted.shape](answer)


def fold(text: str) -> str:
    """A text without case, width, outer punctuation and spare space; a number in its plainest form."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = re.sub(r"\s+", " ", text).strip()
    number = _number(text.strip("$ "))
    if number is not None:
        return number
    bare = text.strip(OUTER)
    return (_number(bare) or bare) if bare else text


def _number(text: str) -> str | None:
    if len(text) > LONGEST_NUMBER or not re.fullmatch(r"[+\-]?\d+(?:\.\d+)?", text, re.ASCII):
        return None
    sign, digits = ("-", text[1:]) if text[0] == "-" else ("", text.removeprefix("+"))
    whole, _, decimals = digits.partition(".")
    plain = (whole.lstrip("0") or "0") + ("." + decimals).rstrip("0").rstrip(".")
    return plain if plain == "0" else sign + plain


def _text(text: str) -> str | None:
    return fold(text) or None


def _truth(text: str) -> str | None:
    return TRUTH.get(fold(text))


def _leading_truth(text: str) -> str | None:
    """The "Yes" of "Yes, because ..."."""
    return TRUTH.get(fold(re.split(r"[,，.。;；:：!！\n]", text, maxsplit=1)[0]))


def _json(text: str) -> Value | None:
    """Lists and objects, as JSON or as Python writes them."""
    text = text.strip()
    if not text or text[0] not in "[{(" or len(text) > LONGEST_LITERAL or _depth(text) > DEEPEST:
        return None
    for read in (json.loads, ast.literal_eval):
        try:
            value = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
        if isinstance(value, list | tuple | dict | set):
            return _frozen(value)
    return None


def _depth(text: str) -> int:
    depth = deepest = 0
    for character in text:
        if character in "[{(":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]})":
            depth -= 1
    return deepest


def _frozen(value: object) -> Value:
    if isinstance(value, dict):
        return ("object", *sorted(((fold(str(key)), _frozen(one)) for key, one in value.items()), key=repr))
    if isinstance(value, set):
        return ("set", *sorted((_frozen(one) for one in value), key=repr))
    if isinstance(value, list | tuple):
        return tuple(_frozen(one) for one in value)
    if value is None or isinstance(value, bool):
        return str(value).casefold()
    return fold(str(value))


def _is_flat(value: Value) -> bool:
    return isinstance(value, tuple) and value[:1] != ("object",) and all(isinstance(one, str) for one in value)


def _as_shape(value: Value, shape: Shape) -> Value | None:
    """A JSON value as what a grid, a list or an assignment is read into."""
    if not isinstance(value, tuple) or value[:1] == ("set",):
        return None
    if value[:1] == ("object",):
        return tuple(sorted(value[1:])) if shape is Shape.ASSIGNMENT else None
    if shape is Shape.GRID and all(isinstance(row, tuple) for row in value):
        return _rows([[str(one) for one in row] for row in value])
    return value if shape is Shape.LIST else None


def _grid(text: str) -> Value | None:
    """Rows of tokens, two lines at least; where each token is one character, spaces between them are optional."""
    lines = [line.strip().strip("|[]").strip() for line in text.splitlines() if line.strip()]
    lines = [line.rstrip(",") for line in lines if not re.fullmatch(r"[-|: +]{3,}", line)]
    if len(lines) < 2 or any(re.search(r"[:：=]", line) for line in lines):
        return None
    return _rows([[token for token in re.split(r"[\s,|]+", line) if token] for line in lines])


def _rows(rows: list[list[str]]) -> Value | None:
    if all(len(row) == 1 for row in rows):
        rows = [list(row[0]) for row in rows]
    if not rows or len({len(row) for row in rows}) != 1 or not rows[0]:
        return None
    return tuple(tuple(fold(token) or token for token in row) for row in rows)


def _list(text: str) -> Value | None:
    lines = [NUMBERING.sub("", line) for line in text.splitlines()]
    pieces = [fold(piece) for piece in SEPARATOR.split("\n".join(lines).strip(OUTER))]
    pieces = [piece for piece in pieces if piece]
    return tuple(pieces) if len(pieces) > 1 else None


def _list_like(text: str, wanted: Value) -> Value | None:
    """A list with as many entries as are wanted, if "and", or spaces between single words, make it so many."""
    readings = [_list(text), _list(re.sub(r"\s(?:and|和|与)\s", ", ", text))]
    if all(" " not in one for one in wanted):
        readings.append(_words(text))
    return next((one for one in readings if one and len(one) == len(wanted)), None)


def _words(text: str) -> Value | None:
    words = tuple(fold(word) for word in text.split())
    return words if len(words) > 1 else None


def _assignment(text: str) -> Value | None:
    """Pairs of a name and a value, in any order; each name once."""
    pieces = [piece for piece in re.split(r"[,，、;；\n]", text.strip().strip("{}()")) if piece.strip()]
    pairs = [PAIR.fullmatch(piece) for piece in pieces if len(piece) <= 1000]
    if not pairs or len(pairs) != len(pieces) or not all(pairs):
        return None
    found = {fold(pair.group(1)): fold(pair.group(2)) for pair in pairs if pair}
    return tuple(sorted(found.items())) if len(found) == len(pairs) else None


def _without_latex(text: str) -> str:
    text = re.sub(r"\\(?:begin|end)\{[a-z*]+\}(?:\{[^{}]*\})?", "", text)
    text = re.sub(r"\\(?:text|textbf|mathrm|mathbf|texttt)\s*\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"\\\\", "\n", text).replace("&", " ")
    return re.sub(r"\\([{}_%#$])", r"\1", re.sub(r"\\[,;! ]|\\q?quad", " ", text)).strip()


READERS = {
    Shape.JSON: _json,
    Shape.GRID: _grid,
    Shape.ASSIGNMENT: _assignment,
    Shape.LIST: _list,
    Shape.TRUTH: _truth,
    Shape.TEXT: _text,
}
