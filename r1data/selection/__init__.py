"""Selection: what is kept, decided by queries over verdicts and measures.

`decide` makes the table of decisions; `accepted` and `readable` are the same expressions for live progress; `combined`
makes one outcome of what rule and judge say.
"""

from r1data.selection.deciding import accepted, decide, readable
from r1data.selection.policy import combined
from r1data.selection.reasons import expressions

__all__ = ["accepted", "combined", "decide", "expressions", "readable"]
