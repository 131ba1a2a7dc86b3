"""Logic: reasoning-gym's scorers where the task names a family, else exact answers that have a structure.

A box or `<answer>` outweighs prose; of prose, the last passage with the reference's structure counts. Where nothing
has it there is no answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from r1data.verifiers import gym
from r1data.verifiers.check import BadTask, Check, Finding, read_task
from r1data.verifiers.extraction import announced, answer_tags, boxes_at_the_end, last_box, narrow_width, unwrapped
from r1data.verifiers.folding import fold
from r1data.verifiers.literals import Value, read_literal
from r1data.verifiers.passages import last_passage
from r1data.verifiers.sentences import final_words
from r1data.verifiers.structured import Shape, Structure, agrees, read_reference, read_whole
from schemas import Outcome

VERSION = 2
LONGEST_LINE = 300
LONGEST_TEXT = 20_000
"""Of a longer answer only the end is read."""
GAP = re.compile(r"\s{2,}")
WORDS = (Shape.TRUTH, Shape.TEXT)
BEST_FIRST = (Outcome.CORRECT, Outcome.UNDECIDED, Outcome.INCORRECT, Outcome.NO_ANSWER)


@dataclass(frozen=True, slots=True)
class Read:
    """What an answer says: the text, and its value; None where the text has not the reference's structure."""

    text: str
    value: Value | None


def verify(check: Check) -> Finding:
    """Judge one answer; see the module.

    Raises:
        BadTask: the task or the reference is of no use.
    """
    if "family" in read_task(check.task):
        return gym.verify(check)
    references = check.references()
    if not references:
        raise BadTask("there is no reference")
    wanted = [read_reference(reference) for reference in references]
    findings = [_judge(check.answer, one, references) for one in wanted]
    return min(findings, key=lambda finding: BEST_FIRST.index(finding.outcome))


def _judge(answer: str | None, wanted: Structure, references: tuple[str, ...]) -> Finding:
    found = None if answer is None else read(_end_of(answer), wanted)
    if found is None:
        return Finding(Outcome.NO_ANSWER, None, f"nothing that could be {wanted.shape.value}")
    outcome = Outcome.INCORRECT if found.value is None else agrees(found.value, wanted)
    verb = {Outcome.CORRECT: "is", Outcome.UNDECIDED: "may be"}.get(outcome, "is not")
    return Finding(outcome, found.text, f"{verb} {' or '.join(references)}, read as {wanted.shape.value}")


def _end_of(answer: str) -> str:
    """The end of an answer in narrow characters, with one kind of gap in a line and one between lines."""
    text = narrow_width(answer[-LONGEST_TEXT:])
    return GAP.sub(lambda gap: " " if "\n" not in gap[0] else "\n" * min(gap[0].count("\n"), 2), text)


def read(text: str, wanted: Structure) -> Read | None:
    """What an answer finally says, read as what the reference is; None where it says nothing of the kind."""
    boxed = last_box(text)
    if boxed is not None:
        boxes = boxes_at_the_end(text)
        if len(boxes) > 1 and read_whole(unwrapped(boxed), wanted) is None and wanted.shape not in WORDS:
            passage = last_passage(text, wanted)  # "Ann: \boxed{cat}, Bob: \boxed{dog}"
            return Read(boxed, None) if passage is None else Read(passage.text, passage.value)
        return _read_content(unwrapped(boxed), wanted)
    tagged = answer_tags(text)
    if tagged is not None:
        return _read_content(unwrapped(tagged), wanted)
    named = announced(text)
    if wanted.shape in WORDS:
        return _read_words(text, None if named is None else unwrapped(named), wanted)
    if wanted.shape is Shape.LIST and named is not None and (value := read_whole(unwrapped(named), wanted)):
        return Read(unwrapped(named), value)
    passage = last_passage(text, wanted)
    return None if passage is None else Read(passage.text, passage.value)


def _read_content(content: str, wanted: Structure) -> Read | None:
    """A box or tag holds nothing but the answer, or a sentence that gives it."""
    if not content.strip():
        return None
    value = read_whole(content, wanted)
    if wanted.shape in WORDS:
        if value != wanted.value:
            said = [read_whole(words, wanted) for words in final_words(content)]
            value = wanted.value if wanted.value in said else value
    elif value is None or (value != wanted.value and read_literal(content) is None):
        passage = last_passage(content, wanted)
        value = value if passage is None else passage.value
    return Read(content, value)


def _read_words(text: str, named: str | None, wanted: Structure) -> Read | None:
    """A word, in the sentence that announces it, the last fenced block, or the last sentence."""
    if named:
        value = read_whole(named, wanted)
        if value == wanted.value:
            return Read(named, value)
        said = [read_whole(words, wanted) for words in final_words(named)]
        return Read(named, wanted.value if wanted.value in said else value)
    fenced = gym.last_fence(text)
    if fenced is not None:
        return Read(fenced, read_whole(fenced, wanted))
    line = _last_line(text)
    if line is None:
        return None
    said = [read_whole(words, wanted) for words in (line, *final_words(line))]
    return Read(line, wanted.value if wanted.value in said else said[0])


def _last_line(text: str) -> str | None:
    line = next((line for line in reversed(text.splitlines()) if line.strip()), "").strip()
    return line if fold(line) and len(line) <= LONGEST_LINE else None
