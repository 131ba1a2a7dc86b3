"""Hand-off: a dataset in the form that another trainer reads, one module for each form."""

from r1data.handoff.export import Exported, export
from r1data.handoff.rows import FORMATS

__all__ = ["FORMATS", "Exported", "export"]
