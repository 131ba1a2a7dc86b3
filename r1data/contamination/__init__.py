"""Contamination: which texts hold a benchmark's item, with what they share as evidence."""

from r1data.contamination.index import Index
from r1data.contamination.items import Item
from r1data.contamination.screening import Screening

__all__ = ["VERSION", "Index", "Item", "Screening"]

VERSION = 1
"""Raised when other texts count as hits."""
