r"""Agreement: whether the reasoning ends with the answer that the solution gives.

The solution of R1's format is written after the thought and from it; one that names another result is what its readers
stumble on. Both sides are what the verifiers find: the last `\boxed{...}`, else the last sentence that announces an
answer. Different spellings are compared by the verifiers' own reader, and where that is not certain, nothing is said.
"""

from __future__ import annotations

import re

import numpy as np

from r1data.measures.block import Block
from r1data.measures.finding import last_places
from r1data.texts import Places, Texts
from r1data.verifiers.extraction import announced, last_boxes
from r1data.verifiers.folding import fold
from r1data.verifiers.math.comparison import Comparison
from r1data.verifiers.math.expression import Phrase, Unreadable
from r1data.verifiers.math.question import read_question
from r1data.verifiers.math.reading import read

LEAD, LONGEST_BOX = 160, 400
"""Bytes in front of the last box in which others may stand that belong to it ("x = 1 or x = 2"), and of a box."""
LAST_BOX, LAST_BYTES = 6000, 800
"""Bytes at the end of a part: a box, or an announcement, that is further away is one of a step."""
LONGEST_ANSWER = 40
"""Characters: longer ones are sentences, which say the same in many ways."""
BOX, CUES = r"\boxed", ("nswer", "答案")
SHORT_BOX = 60
_OPENED, _BEFORE = b"\\boxed{", b" is:=$*"
_PLAIN_CUES = (_OPENED, b"nswer", "答案".encode())
_LAYOUT = re.compile(r"\\[dt]?frac(?![a-z])|\\(?:left|right|,|;|!|quad|displaystyle)(?![a-z])|[\s$~]|(?<=\d),(?=\d{3})")
_WRAPPED = re.compile(r"\\(?:text|mathrm|mathbf|textbf|operatorname)\s*\{([^{}]*)\}")
_SIMPLE_BOX = re.compile(r"\\boxed\{\s*(-?[\w.]+)\s*\}(?!\s*[\\%])")
_TOWER = re.compile(r"!|\^.*\^|\d{30}", re.DOTALL)
"""What may take long to compute."""


def answers_agree(block: Block) -> list[bool | None]:
    """For each reply; None where reasoning or solution names no answer, or the two cannot be compared for certain."""
    thoughts, solutions = _last_named(block.reasoning), _last_named(block.answer)
    agree: list[bool | None] = [None] * len(block)
    for row in np.flatnonzero((thoughts >= 0) & (solutions >= 0)).tolist():
        if _plainly_the_same(block, row, int(thoughts[row]), int(solutions[row])):
            agree[row] = True
            continue
        thought = _answer_at(block.reasoning, row, int(thoughts[row]))
        solution = _answer_at(block.answer, row, int(solutions[row])) if thought else None
        if thought and solution:
            agree[row] = same_answer(thought, solution)
    return agree


def _plainly_the_same(block: Block, row: int, thought: int, solution: int) -> bool:
    """Whether the thought names, letter for letter, what stands in the solution's box: most do, and need no reading."""
    data = block.texts.data
    box = bytes(data[solution : solution + SHORT_BOX])
    end = box.find(b"}")
    said = box[len(BOX) + 1 : end].strip()
    if not box.startswith(_OPENED) or end < 0 or not said or b"{" in said:
        return False
    there = bytes(data[thought : min(thought + SHORT_BOX, int(block.reasoning.ends[row]))])
    at = there.find(said)
    before = there[:at] if at >= 0 else b""
    for cue in _PLAIN_CUES:
        if before.startswith(cue) and not before[len(cue) :].strip(_BEFORE):
            behind = there[at + len(said) :].lstrip(b"$*")
            return not behind or behind[:1] in (b"}", b"\n") or (behind[:1] == b"." and not behind[1:2].isdigit())
    return False


def same_answer(one: str, other: str) -> bool | None:
    """Whether two answers are the same; None where that is not certain."""
    if one == other:
        return True
    plain, plain_other = _plain(one), _plain(other)
    if plain == plain_other:
        return True
    if not plain or not plain_other or max(len(plain), len(plain_other)) > LONGEST_ANSWER:
        return None
    if _TOWER.search(one) or _TOWER.search(other):
        return None
    try:
        form, other_form = read(one), read(other)
    except Unreadable:
        return None
    if isinstance(form, Phrase) or isinstance(other_form, Phrase):
        both = isinstance(form, Phrase) and isinstance(other_form, Phrase)
        return _same_words(plain, plain_other) if both else None  # "the answer is positive" is not about 12
    verdict = Comparison(read_question(None)).forms(form, other_form)
    return verdict.same if verdict.same or verdict.certain else None


def _same_words(one: str, other: str) -> bool | None:
    """Words that have something in common may mean the same: "red" and "the red house"."""
    words, other_words = set(re.findall(r"\w", one)), set(re.findall(r"\w", other))
    if one in other or other in one:
        return None
    return False if len(words & other_words) < 0.8 * min(len(words), len(other_words)) else None


def _plain(answer: str) -> str:
    """An answer without what only lays it out."""
    unwrapped = _WRAPPED.sub(r"\1", answer)
    spelt = _LAYOUT.sub(lambda match: r"\frac" if "frac" in match[0] else "", unwrapped)
    return fold(spelt)


def _answer_at(part: Texts, row: int, place: int) -> str | None:
    start, end = int(part.starts[row]), int(part.ends[row])
    if part.data[place] == ord(BOX[0]):
        text = part.between(max(start, place - LEAD), min(end, place + LONGEST_BOX))
        if text.count(BOX) == 1 and (simple := _SIMPLE_BOX.search(text)):
            return simple[1]
        boxes = last_boxes(text)
        return ", ".join(boxes) or None
    return announced(part.between(max(start, place - LEAD), end))


def _last_named(part: Texts) -> Places:
    """The place of the last box, else of the last word near the end that may announce an answer; -1 for neither."""
    boxes = last_places(part, BOX, LAST_BOX)
    announcements = np.max([last_places(part, cue, LAST_BYTES) for cue in CUES], axis=0)
    return np.where(boxes >= 0, boxes, announcements)
