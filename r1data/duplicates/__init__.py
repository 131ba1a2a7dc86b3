"""Duplicates: which texts nearly say the same, found in memory that does not grow with their length.

A text becomes a fingerprint of 256 bytes (`signatures`), alike fingerprints become groups (`groups`), and when it is
known which rows are good, each group gets its leaders and the others their twins (`leaders`).
"""

from r1data.duplicates.groups import FLOOR, groups
from r1data.duplicates.leaders import most_different, twins
from r1data.duplicates.resemblance import Resemblance
from r1data.duplicates.signatures import BINS, Signatures, signatures, similarities

__all__ = [
    "BINS",
    "FLOOR",
    "Resemblance",
    "Signatures",
    "groups",
    "most_different",
    "signatures",
    "similarities",
    "twins",
]
