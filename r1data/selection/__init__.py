"""Selection: what is kept, decided by queries over verdicts and measures.

`decide` makes the table of decisions; `accepted` and `readable` are the same expressions for live progress.
"""

from r1data.selection.deciding import accepted, decide, readable
from r1data.selection.reasons import expressions

__all__ = ["accepted", "decide", "expressions", "readable"]
