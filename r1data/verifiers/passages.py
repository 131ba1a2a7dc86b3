"""Passages: the last one of an answer that has the structure of the reference, in whatever syntax it is written.

What is looked for is known, which keeps the reading strict: a clause "Ann is a cat" counts where Ann is a name of the
reference's, a line where its entries are. The value is what the passage says, right or wrong; nothing is completed.
"""

from __future__ import annotations

from r1data.verifiers.assignments import assignments
from r1data.verifiers.lines import Passage, lines_of
from r1data.verifiers.literals import OBJECT, SET, Value, bracketed, read_literal
from r1data.verifiers.orders import grids, lists
from r1data.verifiers.sentences import NEGATED
from r1data.verifiers.structured import Shape, Structure, shaped, without_latex

FINDERS = {Shape.ASSIGNMENT: assignments, Shape.LIST: lists, Shape.GRID: grids}


def last_passage(text: str, wanted: Structure) -> Passage | None:
    """The last passage with the structure of the reference, if there is one."""
    text = without_latex(text)
    spans, cut = bracketed(text)
    text = text[:cut]
    found: list[Passage] = []
    masked = text
    for span in reversed(spans):
        written = text[span.start : span.end]
        denied = NEGATED.search(text[max(span.start - 20, 0) : span.start])
        literal = read_literal(written) if span.end <= cut and not denied else None
        if literal is not None and _concerns(literal, wanted):
            found.append(Passage(span.end, shaped(literal, wanted.shape), written))
            masked = text[: span.start] + " " * len(written) + text[span.end :]
            break
    if wanted.shape in FINDERS:
        found.extend(FINDERS[wanted.shape](list(lines_of(masked)), wanted))
    return sorted(found, key=lambda passage: passage.end)[-1] if found else None


def _concerns(literal: Value, wanted: Structure) -> bool:
    """Whether a literal could be meant as the answer: LaTeX's braces and a [1] that cites are none."""
    if isinstance(wanted.value, str):
        return False
    if literal[:1] == (OBJECT,):
        keys = {key for key, _ in literal[1:]}
        if wanted.shape is Shape.ASSIGNMENT:
            return bool(keys & {key for key, _ in wanted.value})
        return wanted.shape is Shape.JSON and bool(wanted.value[:1] == (OBJECT,))
    if wanted.shape is Shape.ASSIGNMENT or (wanted.shape is Shape.JSON and wanted.value[:1] == (OBJECT,)):
        return False
    if literal[:1] == (SET,):
        return bool(wanted.value[:1] == (SET,))
    if wanted.shape is Shape.GRID and all(isinstance(one, str) for one in literal):
        return len(literal) == sum(map(len, wanted.value))  # "[1, 2]" alone on a line is a row
    return len(literal) != 1 or len(wanted.value) == 1 or isinstance(literal[0], tuple)
