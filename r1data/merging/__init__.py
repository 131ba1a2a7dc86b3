"""Merging: what is kept of the examples that the parts of a mix offer, and why the others are not. No text is held."""

from r1data.merging.choosing import DECIDED, choose
from r1data.merging.layout import laid_out
from r1data.merging.offers import QUESTION_SCHEMA, Offered, asked, in_agreed_form, named, offered
from r1data.merging.questions import questions_of
from r1data.merging.shortage import shortage

__all__ = [
    "DECIDED",
    "QUESTION_SCHEMA",
    "Offered",
    "asked",
    "choose",
    "in_agreed_form",
    "laid_out",
    "named",
    "offered",
    "questions_of",
    "shortage",
]
