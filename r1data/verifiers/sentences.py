"""Sentences: the words in which one ends, where it says that something is so, and not if it denies or supposes it."""

from __future__ import annotations

import re

LONGEST = 300
SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])")
DOUBTFUL = re.compile(
    r"\b(?:not|no|never|cannot|can't|neither|nor|none|nobody|either|or|if|unless|would|could|might|may|can"
    r"|suppose|supposing|assume|assuming|whether|were|maybe|perhaps|possibly)\b|n['’]t\b"
    r"|不|没|非|无法|未|可能|也许|或|假设|假如|假定|如果|若|吗",
    re.IGNORECASE,
)
"""What is denied, supposed or only possible."""
NEGATED = re.compile(r"(?:\bnot|n['’]t|\brather than|\binstead of|不是|而非)\W*$", re.IGNORECASE)
"""What stands before something that is not meant."""
CLAUSE = re.compile(r"[,，;；]\s*|\b(?:so|therefore|thus|hence)\b|所以|因此")
CONCLUDES = re.compile(r"\b(?:so|therefore|thus|hence)\b|所以|因此|因而|故", re.IGNORECASE)
SUPPOSES = re.compile(r"\b(?:if|unless|suppose|supposing|assume|assuming|when)\b|假设|假如|假定|如果|若", re.IGNORECASE)
HOLDS = re.compile(r"(?:结论|命题|说法|陈述|推理|论断|推论)(?P<words>不?(?:成立|正确)|错误|为[真假])$")
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
    conclusion = CONCLUDES.split(last)[-1]
    if SUPPOSES.search(conclusion):
        return []
    found: list[str] = []
    clause = next((one for one in reversed(CLAUSE.split(last)) if re.search(r"\w", one)), "")
    says = SAYS.match(clause)
    if says:
        head = UNDECIDABLE.sub("", says["head"]) if says["sign"] else says["head"]
        if not DOUBTFUL.search(head):
            found.append(says["words"])
    if holds := HOLDS.search(clause.rstrip("。.!！ ")):
        found.append(holds["words"].lstrip("为"))
    bold = list(BOLD.finditer(last))
    if len(bold) == 1 and not re.search(r"[:：]\W*$", bold[0][1]):
        before = last[: bold[0].start()]
        if not DOUBTFUL.search(CLAUSE.split(before)[-1]) and not re.search(r"\w", last[bold[0].end() :]):
            found.append(bold[0][1])
    return found
