"""Rewriting: a second model makes readable what a first one has got right (R1 paper, B.3.2). What is asked of it, how
its replies are read, and when it is asked again; the store and the workspace are no concern of this package.
"""

from r1data.rewriting.ease import very_easy
from r1data.rewriting.original import Original
from r1data.rewriting.rewriter import Rewriter, Rewritten, StepTaken, open_rewriter
from r1data.rewriting.steps import BRIEF, steps_for

__all__ = ["BRIEF", "Original", "Rewriter", "Rewritten", "StepTaken", "open_rewriter", "steps_for", "very_easy"]
