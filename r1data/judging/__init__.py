"""Judging: a model that judges what rules cannot check, and which of two answers is better (R1 B.3.3, B.2)."""

from r1data.judging.judges import Judge, open_judge, opens_thought
from r1data.judging.pairwise import PairItem, Preference, pairwise_fingerprint, prefer
from r1data.judging.pointwise import VERIFIER, VERSION, JudgeItem, judge, judge_fingerprint
from r1data.judging.quality import QUALITY, QualityItem, appraise, decided_anew, quality_fingerprint

__all__ = [
    "QUALITY",
    "VERIFIER",
    "VERSION",
    "Judge",
    "JudgeItem",
    "PairItem",
    "Preference",
    "QualityItem",
    "appraise",
    "decided_anew",
    "judge",
    "judge_fingerprint",
    "open_judge",
    "opens_thought",
    "pairwise_fingerprint",
    "prefer",
    "quality_fingerprint",
]
