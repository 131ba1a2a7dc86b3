"""Selection: what is kept, decided by queries over verdicts and measures.

`decide` makes the table of decisions; `accepted` and `readable` are the same expressions for live progress; `combined`
makes one outcome of what rule and judge say.
"""

from r1data.selection.deciding import accepted, decide, decide_rows, expressions, readable
from r1data.selection.findings import AMONG, FINDINGS, MEASURES, NAMES, Finding
from r1data.selection.policy import combined

__all__ = [
    "AMONG",
    "FINDINGS",
    "MEASURES",
    "NAMES",
    "Finding",
    "accepted",
    "combined",
    "decide",
    "decide_rows",
    "expressions",
    "readable",
]
