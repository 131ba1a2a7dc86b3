"""The tables, typed and versioned: the contract between the factory and training.

One row of a table has the same field names as its columns. A change of a column's meaning raises the table's
`VERSION`; a change of its name or type does too, and `tests/schemas` pins both.
"""

from schemas.audit import Audits, References
from schemas.completion import Completion, Completions, FinishReason
from schemas.decision import Decisions, Reason
from schemas.example import Examples
from schemas.kinship import Contaminations, Kinship
from schemas.measure import Measures
from schemas.merged import Merged, MergeReason
from schemas.opinion import Opinions
from schemas.prompt import BadPrompts, Message, Prompt, Prompts
from schemas.review import Action, Reviews
from schemas.rewriting import STYLE_CHECKS, Rewrites
from schemas.stop import StopReason, Stops
from schemas.verdict import Outcome, Verdict, Verdicts

__all__ = [
    "STYLE_CHECKS",
    "Action",
    "Audits",
    "BadPrompts",
    "Completion",
    "Completions",
    "Contaminations",
    "Decisions",
    "Examples",
    "FinishReason",
    "Kinship",
    "Measures",
    "MergeReason",
    "Merged",
    "Message",
    "Opinions",
    "Outcome",
    "Prompt",
    "Prompts",
    "Reason",
    "References",
    "Reviews",
    "Rewrites",
    "StopReason",
    "Stops",
    "Verdict",
    "Verdicts",
]
