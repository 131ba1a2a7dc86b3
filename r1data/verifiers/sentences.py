"""Sentences: the words in which one ends, where it says that something is so, and not if it denies or supposes it."""

from __future__ import annotations

import re

from r1data.verifiers.passages import DOUBTFUL, SENTENCE

LONGEST = 300
CLAUSE = re.compile(r"[,，;；]\s*|\b(?:so|therefore|thus|hence)\b|所以|因此")
SAYS = re.compile(
    r"^(?P<head>.*)(?:\b(?:is|are|was|be)\b|(?P<sign>[:：=])|是|为)\s*(?P<words>.+)$", re.IGNORECASE | re.DOTALL
)
UNDECIDABLE = re.compile(r"(?:cannot|can't|can not) be \w+|(?:无法|不能)(?:确定|判断|推出|得出)", re.IGNORECASE)
"""Before a colon this gives the reason for the word behind it."""
BOLD = re.compile(r"(?:\*\*|__)([^*_\n]+)(?:\*\*|__)")
QUESTION = re.compile(r"[?？]\W*$")


def final_words(text: str) -> list[str]:
    """What the last sentence says that something is, and the one thing in bold there; none where it is doubtful."""
    if len(text) > LONGEST:
        return []
    sentences = [sentence for sentence in SENTENCE.split(text.strip()) if re.search(r"\w", sentence)]
    if not sentences or QUESTION.search(sentences[-1]):
        return []
    last = sentences[-1]
    found: list[str] = []
    clause = next((one for one in reversed(CLAUSE.split(last)) if re.search(r"\w", one)), "")
    says = SAYS.match(clause)
    if says:
        head = UNDECIDABLE.sub("", says["head"]) if says["sign"] else says["head"]
        if not DOUBTFUL.search(head):
            found.append(says["words"])
    bold = list(BOLD.finditer(last))
    if len(bold) == 1 and not re.search(r"[:：]\W*$", bold[0][1]):
        before = last[: bold[0].start()]
        if not DOUBTFUL.search(CLAUSE.split(before)[-1]) and not re.search(r"\w", last[bold[0].end() :]):
            found.append(bold[0][1])
    return found
