"""Checks: which principles of style a thought and a summary break, by their names in `schemas.STYLE_CHECKS`."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from r1data import replies
from r1data.recipe import Style
from r1data.style.cues import CUES
from r1data.style.numbers import new_numbers

BOXED = ("math", "choice", "logic")
"""Verifiers whose answers stand in a box."""
OPENING = 400
"""Columns from the start within which a thought should have begun by working out what is asked."""
BEHIND_BOX = 40
"""Columns that may follow a box: a unit, a full stop."""
DISPLAYED = re.compile(r"\$\$|\\\[|\\\]|\\begin\{|\\end\{")
FORMULAS = re.compile(r"\$[^$\n]*\$|\\\([^\n]*?\\\)")
QUOTED = re.compile(r"\"[^\"\n]*\"|“[^”\n]*”|「[^」\n]*」|『[^』\n]*』")
WORD = r"(?=[^\s\d]*[A-Za-z\u4e00-\u9fff]{2})"
MARKDOWN = re.compile(
    r"^ {0,3}(?:#{1,6}[ \t]+\S|[-*+•][ \t]+" + WORD + r"|\d{1,2}[.)][ \t]+" + WORD + r"|>[ \t]|```|~~~|\|.*\|[ \t]*$|"
    r"(?:-{3,}|\*{3,}|_{3,})[ \t]*$)|\*\*[^*\n]+\*\*|(?<!\w)__[^_\n]+__(?!\w)|\[[^\]\n]+\]\(https?:",
    re.MULTILINE,
)
SENTENCE_END = re.compile(r"[.!?](?=\s|$)|[。！？]")
CLOSERS = " \t\n$*_`~.,;:!)]}。，；：！）】"


@dataclass(frozen=True, slots=True)
class Asked:
    """What style depends on besides the reply: the question and its language (ISO 639-1), whether it is very `easy`,
    and by which verifier its answer is checked.
    """

    question: str
    language: str
    easy: bool
    verifier: str


def flaws(text: str, asked: Asked, limits: Style) -> tuple[str, ...]:
    """Everything that a whole reply is found wanting for, thought first."""
    parts = replies.split(text)
    thought, summary = parts.reasoning or "", parts.answer or ""
    return (*thought_flaws(thought, asked, limits), *summary_flaws(summary, thought, asked))


def thought_flaws(thought: str, asked: Asked, limits: Style) -> tuple[str, ...]:
    """What a thought is found wanting for. One about a very easy question needs neither beginning nor reflection."""
    if not thought.strip():
        return ("opening",)
    found = []
    if widest_line(thought) > limits.longest_paragraph:
        found.append("paragraphs")
    if MARKDOWN.search(thought):
        found.append("markdown")
    cues = CUES.get(asked.language)
    if cues is not None:
        said = QUOTED.sub(" ", FORMULAS.sub(" ", thought))
        if cues.we.search(said) or not (asked.easy or cues.me.search(said)):
            found.append("person")
        if not asked.easy and not cues.beginning.search(_first_columns(said, OPENING)):
            found.append("opening")
        if not asked.easy and not cues.reflection.search(said):
            found.append("reflection")
    if asked.easy and len(SENTENCE_END.findall(thought.strip() + "\n")) > limits.brief_sentences:
        found.append("brief")
    return tuple(found)


def summary_flaws(summary: str, thought: str, asked: Asked) -> tuple[str, ...]:
    """What a summary is found wanting for, beside the thought that it was written from."""
    if not summary.strip():
        return ("conclusion",)
    found = []
    cues = CUES.get(asked.language)
    if cues is not None and cues.mentions_thought.search(summary):
        found.append("mentions_thought")
    if cues is not None and cues.preamble.match(summary.lstrip()):
        found.append("straight")
    if new_numbers(summary, thought, asked.question):
        found.append("unsupported")
    if asked.verifier in BOXED and not _ends_in_box(summary):
        found.append("conclusion")
    return tuple(found)


def widest_line(text: str) -> int:
    """Columns of the longest line, displayed formulas aside."""
    return max((columns(line) for line in text.split("\n") if not DISPLAYED.search(line)), default=0)


def columns(text: str) -> int:
    """Columns that a text takes; a Chinese, Japanese or Korean character takes two."""
    return len(text) + sum(unicodedata.east_asian_width(character) in "WF" for character in text)


def _first_columns(text: str, most: int) -> str:
    taken = 0
    for place, character in enumerate(text):
        taken += columns(character)
        if taken > most:
            return text[:place]
    return text


def boxed(solution: str) -> str | None:
    """What stands in the last box of a solution; None where there is none, or it is not closed."""
    found = _last_box(solution)
    return None if found is None else solution[found[0] : found[1]]


def _last_box(solution: str) -> tuple[int, int] | None:
    """Where the contents of the last box begin and end."""
    start = solution.rfind("\\boxed{")
    if start < 0:
        return None
    start, depth = start + len("\\boxed{"), 1
    for place in range(start, len(solution)):
        depth += {"{": 1, "}": -1}.get(solution[place], 0)
        if not depth:
            return start, place
    return None


def _ends_in_box(solution: str) -> bool:
    """Whether the last box is closed and hardly anything follows it."""
    found = _last_box(solution)
    if found is None:
        return False
    rest = solution[found[1] + 1 :].strip(CLOSERS)
    return "\n\n" not in rest and columns(rest) <= BEHIND_BOX
