"""Report: funnel, page and dataset card; pure functions from tables to text."""

from r1data.report.card import render_card
from r1data.report.facts import RunFacts
from r1data.report.funnel import Funnel
from r1data.report.html import render_report
from r1data.report.refined import RefinedFacts, render_refined

__all__ = [
    "Funnel",
    "RefinedFacts",
    "RunFacts",
    "render_card",
    "render_refined",
    "render_report",
]
