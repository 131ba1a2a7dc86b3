"""Proofs: questions that demand an argument and nothing that could be compared."""

from __future__ import annotations

import re

START = r"(?:^|[.?!:;,。？！：；，、\n])\W{0,8}"
PROOF = (
    re.compile(
        START + r"(?:please\s+|then\s+|hence\s+|now\s+|and\s+)?(?:prove|show|demonstrate|verify|justify|establish|"
        r"explain)\s+(?:that|why)\b",
        re.IGNORECASE,
    ),
    re.compile(
        START + r"(?:please\s+)?(?:dis)?prove\b(?!\s+it\s+\w+ly\b)",
        re.IGNORECASE,
    ),
    re.compile(r"\b(?:are|have|need|wants?|wish|asked|must|task\s+is)\s+(?:to\s+)?prove\s+that\b", re.IGNORECASE),
    re.compile(r"\b(?:use|using|by)\s+[^.?!\n]{1,60}?\s+(?:to\s+)?(?:prove|show)\s+that\b", re.IGNORECASE),
    re.compile(START + r"(?:give|write|provide|find)\s+a\s+(?:\w+\s+)?proof\b", re.IGNORECASE),
    re.compile(r"求证|试证|(?:^|[。？！：；，、\n\s]|请|试|法|并)证明(?!书|文件|材料|信|了)"),
)
COMPUTED = re.compile(
    START + r"(?:and\s+|then\s+|also\s+|hence\s+)?(?:find|determine|compute|calculate|evaluate|solve)\b(?!\s+a\s+proof)"
    r"|\band\s+(?:find|determine|compute|calculate|evaluate)\b"
    r"|\b(?:what|how\s+(?:many|much|long|far|old|fast|tall|high|large|big)|which|when|where|who)\b[^.?!\n]*\?"
    r"|(?:^|[。？！：；，、\n\s]|并|请|试)求(?!证)|多少|几[个点分次人]|[为是]何值|等于几",
    re.IGNORECASE,
)


def proof(question: str) -> str | None:
    """The words that demand a proof; None where none is demanded, or something that can be compared as well."""
    if COMPUTED.search(question):
        return None
    return next((match.group().strip(" .,:;?!。，：；\n") for p in PROOF if (match := p.search(question))), None)
