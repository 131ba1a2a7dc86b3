"""The rules over a question's text, on one screen: what each finds, and for which verifiers it matters."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from r1data.audit.figures import figure
from r1data.audit.parts import several_questions
from r1data.audit.proofs import proof

LINK = re.compile(
    r"\b(?:https?|ftp)://\S|\bwww\.[\w-]+\.\w|\]\(https?:"
    r"|(?<=\w)\.(?:com|org|net|edu|gov|io|cn|uk|de)/[\w~?#-]",
    re.IGNORECASE,
)
SPACE = re.compile(r"\s")
TOLD = re.compile(
    r"(?:^|[\n.?!。？！】\[(])[ \t]*(?:(?:the\s+)?(?:final\s+|correct\s+)?answer(?:\s+is)?|ans|solution)\s*[.:：=]\s*"
    r"[^\s_.…?([][^\n]{0,200}|[【\[]答案[】\]]\s*\S[^\n]{0,200}"
    r"|(?:^|[\n。？！])[ \t]*(?:参考)?答案?\s*[:：]\s*[^\s_＿（(][^\n]{0,200}|\n[ \t]*解\s*[:：]\s*\S[^\n]{0,200}",
    re.IGNORECASE,
)
ASKED = re.compile(r"[?？]|\b(?:find|compute|calculate|determine|what|how)\b|求", re.IGNORECASE)
"""A question that comes after its `Answer:` has told how to answer, not what."""
BOXED = re.compile(
    r"\\boxed\s*\{\s*(?!\.|\\[lc]?dots|answer|your|\}|x\}|#|\?|…|_|\\text\{(?:your|answer))[^{}]{1,100}\}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """`find` gives the words of a question that break the rule, or None; `verifiers` are those for which it matters."""

    why: str
    find: Callable[[str], str | None]
    verifiers: frozenset[str]


def link(question: str) -> str | None:
    """A web address that the question sends its reader to."""
    match = LINK.search(question)
    if match is None:
        return None
    before, after = question[max(0, match.start() - 60) : match.start()], question[match.end() : match.end() + 100]
    return SPACE.split(before)[-1] + match.group() + SPACE.split(after)[0]


def answer_leaked(question: str) -> str | None:
    """A place where the question tells an answer."""
    for match in TOLD.finditer(question):
        if not ASKED.search(match.group()[1:] + question[match.end() :]):
            return match.group().strip()
    boxed = BOXED.search(question)
    return boxed.group() if boxed else None


RULES = {
    "figure_missing": Rule("it speaks of a figure that is not in its text", figure,
                           frozenset({"math", "choice", "code", "judge"})),
    "link": Rule("it sends its reader to a web address", link, frozenset({"math", "choice", "code", "judge"})),
    "several_questions": Rule("it asks several things, and one answer is compared", several_questions,
                              frozenset({"math", "choice"})),
    "proof": Rule("it demands a proof, which cannot be compared", proof, frozenset({"math"})),
    "answer_leaked": Rule("its text tells the answer", answer_leaked, frozenset({"math", "choice"})),
}  # fmt: skip
"""In the order in which a prompt's rule is chosen."""


def broken(question: str, verifier: str, rules: tuple[str, ...]) -> tuple[str, str] | None:
    """The first of the named rules that a question breaks, and the words that show it."""
    for name, rule in RULES.items():
        if name in rules and verifier in rule.verifiers and (words := rule.find(question)):
            return name, words
    return None
