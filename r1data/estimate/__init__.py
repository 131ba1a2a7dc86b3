"""Estimates: what a recipe will take, before anything is spent, and how far off that was."""

from r1data.estimate.comparison import Comparison, Row, compare_stored, store, stored
from r1data.estimate.estimating import ASSUMED, estimate, pilot_prompts
from r1data.estimate.evidence import Assumptions, unfinished
from r1data.estimate.forecast import Figures, Forecast, Span, forecast

__all__ = [
    "ASSUMED",
    "Assumptions",
    "Comparison",
    "Figures",
    "Forecast",
    "Row",
    "Span",
    "compare_stored",
    "estimate",
    "forecast",
    "pilot_prompts",
    "store",
    "stored",
    "unfinished",
]
