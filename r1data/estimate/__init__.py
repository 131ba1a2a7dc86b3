"""Estimates: what a recipe will take, from what is known about its prompts, and how far off that was."""

from r1data.estimate.comparison import Comparison, Row, asks, compare_stored, store, stored
from r1data.estimate.forecast import Figures, Forecast, Group, Machine, Span, forecast
from r1data.estimate.machine import machine_of

__all__ = [
    "Comparison",
    "Figures",
    "Forecast",
    "Group",
    "Machine",
    "Row",
    "Span",
    "asks",
    "compare_stored",
    "forecast",
    "machine_of",
    "store",
    "stored",
]
