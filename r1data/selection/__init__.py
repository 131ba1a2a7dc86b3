"""Selection: what is kept, decided by queries over verdicts and measures.

`decide` makes the table of decisions from stored tables, `decide_rows` from one table; `fates` does it over numbers
alone (`candidates`), fast enough to try another threshold. `FINDINGS` says what a row can be rejected for, by which
measure and key. `accepted` and `readable` are the same for live progress; `combined` makes one outcome of what rule and
judge say.
"""

from r1data.selection.candidates import candidates, numbered
from r1data.selection.deciding import (
    Fates,
    accepted,
    decide,
    decide_rows,
    decisions,
    expressions,
    fates,
    readable,
    signatures_in,
)
from r1data.selection.findings import AMONG, FINDINGS, MEASURES, NAMES, Finding
from r1data.selection.keeping import NotCompared
from r1data.selection.policy import combined
from r1data.selection.reviewing import standings

__all__ = [
    "AMONG",
    "FINDINGS",
    "MEASURES",
    "NAMES",
    "Fates",
    "Finding",
    "NotCompared",
    "accepted",
    "candidates",
    "combined",
    "decide",
    "decide_rows",
    "decisions",
    "expressions",
    "fates",
    "numbered",
    "readable",
    "signatures_in",
    "standings",
]
