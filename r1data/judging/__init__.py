"""Judging: a model that judges what rules cannot check, and which of two answers is better (R1 B.3.3, B.2)."""

from r1data.judging.judges import Judge, open_judge, opens_thought
from r1data.judging.pairwise import PairItem, Preference, pairwise_fingerprint, prefer
from r1data.judging.pointwise import VERIFIER, VERSION, JudgeItem, judge, judge_fingerprint

__all__ = [
    "VERIFIER",
    "VERSION",
    "Judge",
    "JudgeItem",
    "PairItem",
    "Preference",
    "judge",
    "judge_fingerprint",
    "open_judge",
    "opens_thought",
    "pairwise_fingerprint",
    "prefer",
]
