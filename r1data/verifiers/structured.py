"""Structured answers: which structure a reference means, and the same reading of an answer, so that equal means equal.

A reference says what structure is meant, not in which syntax the answer must come: a flat object is an assignment, a
flat list an order, a list of rows a grid. Order matters in lists and grids and not in assignments.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from r1data.verifiers.check import BadTask
from r1data.verifiers.folding import fold, truth
from r1data.verifiers.literals import OBJECT, SET, Value, bracketed, read_literal
from schemas import Outcome

SEPARATOR = re.compile(
    r"\s*(?:,\s*and\s|[,，、;；\n]|->|→|=>|⇒|>|\\(?:to|rightarrow|Rightarrow|gt|succ)(?![A-Za-z]))\s*"
)
PAIR = re.compile(r"\s*(?:[-*•]\s*)?([^:=：]{1,80}?)\s*(?:->|→|:|=|：)\s*([^:=：]+?)\s*")
CLAUSE_END = re.compile(r"(?:\s*[,，;；、.。\n]\s*(?:and\s|而|且)?\s*|\s+and\s+)")
IS = re.compile(r"(?P<name>[^是为]{1,40}?)(?:\s+(?:is|are)\s+(?=\S)|是|为)(?P<value>[^是为]{1,60})")
NUMBERING = re.compile(r"^\s*(?:\(?\d{1,3}[.)、]\s*(?!\d)|[-*•]\s+)")
OUTER = " \t\n.。!！?？,，;；:：\"'“”‘’`*_$()（）[]【】{}「」"
RULE = re.compile(r"[-|:+=\s─━│┃┌┐└┘├┤┬┴┼╔╗╚╝╠╣╦╩╬═║]{3,}")
TAKEN_BACK = re.compile(r"\b(?:wait|I mean|correction)\b|不对|更正", re.IGNORECASE)
BARS = "|│┃║"
BROKEN = re.compile(r"[\[{].*[\w\"']", re.DOTALL)


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
    """A reference: its shape and its value.

    The value is nested tuples of folded texts: sorted pairs for an assignment, rows for a grid, `true` or `false` for
    yes or no.
    """

    shape: Shape
    value: Value


def read_reference(reference: str) -> Structure:
    """The shape and value of a reference; whatever has no other shape is a text.

    Raises:
        BadTask: it has nothing to compare, or is a list or an object that breaks off.
    """
    text = reference.strip()
    literal = read_literal(text)
    if literal is not None and (text[0] != "(" or len(literal) > 1):
        return _literal_structure(literal)
    if BROKEN.match(text) and not _closes(text):
        raise BadTask(f"the reference {reference[:80]!r} breaks off: its brackets do not close")
    for shape, read in READERS.items():
        value = read(text)
        if value is not None:
            return Structure(shape, value)
    value = fold(text)
    if not value:
        raise BadTask(f"the reference {reference[:80]!r} has nothing to compare")
    return Structure(Shape.TEXT, value)


def read_whole(answer: str, wanted: Structure) -> Value | None:
    """The value of a text that is the answer and nothing else, read as what the reference is; None if it is not that.

    A literal of another structure has a value too, which equals no reference of this shape.
    """
    answer = without_latex(answer)
    if wanted.shape is Shape.TEXT:
        return fold(answer) or None
    if wanted.shape is Shape.TRUTH:
        return truth(answer) or _leading_truth(answer)
    literal = read_literal(answer)
    if literal is not None:
        return shaped(literal, wanted.shape)
    if wanted.shape is Shape.LIST:
        return _list_like(answer, wanted.value)
    reader = READERS.get(wanted.shape)
    return reader(answer) if reader else None


def agrees(value: Value, wanted: Structure) -> Outcome:
    """Whether a value is the reference's; undecided where true and false are asked for and other words are given."""
    if value == wanted.value:
        return Outcome.CORRECT
    if wanted.shape is Shape.ASSIGNMENT and _is_assignment(value):
        ours, theirs = dict(wanted.value), dict(value)
        booleans = set(ours.values()) <= {"true", "false"}
        if booleans and ours.keys() == theirs.keys() and len(value) == len(theirs):
            said = {key: truth(one) for key, one in theirs.items()}
            if None in said.values():
                return Outcome.UNDECIDED
            return Outcome.CORRECT if said == ours else Outcome.INCORRECT
    return Outcome.INCORRECT


def shaped(literal: Value, shape: Shape) -> Value:
    """A literal's value as references of a shape have theirs; as it is where it cannot be that."""
    if shape is Shape.ASSIGNMENT and literal[:1] == (OBJECT,):
        return tuple(sorted(literal[1:], key=repr))
    if shape is Shape.GRID and all(isinstance(row, tuple) for row in literal):
        return _rows([[str(one) for one in row] for row in literal]) or literal
    return literal


def without_latex(text: str) -> str:
    """The text without LaTeX's commands for words, tables and spaces; a row of a table becomes a line."""
    text = re.sub(r"\\(?:begin|end)\{[a-z*]+\}(?:\{[^{}]*\})?", "", text)
    text = re.sub(r"\\(?:text|textbf|mathrm|mathbf|texttt)\s*\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"\\\\", "\n", text).replace("&", " ")
    return re.sub(r"\\([{}_%#$])", r"\1", re.sub(r"\\[,;! ]|\\q?quad", " ", text)).strip()


def row_of(line: str) -> list[str]:
    """The tokens of a line of a grid, without the lines drawn between them; none for a line that is only drawn."""
    line = line.strip()
    return [] if RULE.fullmatch(line) else [token for token in re.split(rf"[\s,\[\]{BARS}]+", line) if token]


def _closes(text: str) -> bool:
    outer, _ = bracketed(text)
    return bool(outer) and outer[0].start == 0


def _literal_structure(literal: Value) -> Structure:
    entries = literal[1:] if literal[:1] in ((OBJECT,), (SET,)) else literal
    if entries and literal[:1] == (OBJECT,) and all(isinstance(value, str) for _, value in entries):
        return Structure(Shape.ASSIGNMENT, shaped(literal, Shape.ASSIGNMENT))
    if entries and entries is literal:
        if all(isinstance(one, str) for one in literal):
            return Structure(Shape.LIST, literal)
        if len(literal) > 1 and all(isinstance(r, tuple) and r and all(isinstance(c, str) for c in r) for r in literal):
            rows = _rows([list(row) for row in literal])
            if rows is not None and not {OBJECT, SET} & {row[0] for row in rows}:
                return Structure(Shape.GRID, rows)
    return Structure(Shape.JSON, literal)


def _is_assignment(value: Value) -> bool:
    return isinstance(value, tuple) and all(
        isinstance(pair, tuple) and len(pair) == 2 and all(isinstance(one, str) for one in pair) for pair in value
    )


def _leading_truth(text: str) -> str | None:
    """The "Yes" of "Yes, because ..."."""
    first, *rest = re.split(r"[,，.。;；:：!！\n]", text, maxsplit=1)
    return None if rest and TAKEN_BACK.search(rest[0]) else truth(first)


def _grid(text: str) -> Value | None:
    """Rows of tokens, two lines at least; where each token is one character, spaces between them are optional."""
    if re.search(r"[:：=]", text):
        return None
    rows = [tokens for tokens in map(row_of, text.splitlines()) if tokens]
    return _rows(rows) if len(rows) > 1 else None


def _rows(rows: list[list[str]]) -> Value | None:
    if all(len(row) == 1 for row in rows):
        rows = [row[0].split() if " " in row[0] else list(row[0]) for row in rows]
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
        words = tuple(fold(word) for word in text.split())
        readings.append(words if len(words) > 1 else None)
    if len(wanted) == 1:
        readings.insert(0, (fold(text),))
    fitting = (one for one in readings if one and len(one) == len(wanted))
    return next(fitting, next((one for one in readings if one), None))


def _assignment(text: str) -> Value | None:
    """Pairs of a name and a value, in any order, each name once: `Ann: cat, Bob: dog`, "甲是骑士，乙是无赖"."""
    pieces = [piece for piece in re.split(r"[,，、;；\n]", text.strip().strip("{}()")) if piece.strip()]
    pairs = [PAIR.fullmatch(piece) for piece in pieces if len(piece) <= 1000]
    if not pairs or len(pairs) != len(pieces) or not all(pairs):
        clauses = [piece for piece in CLAUSE_END.split(text.strip()) if piece.strip()] if len(text) <= 1000 else []
        pairs = [IS.fullmatch(clause) for clause in clauses]
        if len(pairs) < 2 or not all(pairs):
            return None
    found = {fold(pair.group(1)): fold(pair.group(2)) for pair in pairs if pair}
    return tuple(sorted(found.items())) if len(found) == len(pairs) else None


READERS = {Shape.GRID: _grid, Shape.ASSIGNMENT: _assignment, Shape.LIST: _list, Shape.TRUTH: truth}
