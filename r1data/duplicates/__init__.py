"""Duplicates: texts that say nearly the same, found in bounded memory, and which of them is kept."""

from r1data.duplicates.different import most_different
from r1data.duplicates.leaders import find_twins, signatures_of, twins
from r1data.duplicates.prompts import prompt_twins
from r1data.duplicates.resemblance import Resemblance
from r1data.duplicates.signatures import VERSION, signatures, similarity

__all__ = [
    "VERSION",
    "Resemblance",
    "find_twins",
    "most_different",
    "prompt_twins",
    "signatures",
    "signatures_of",
    "similarity",
    "twins",
]
