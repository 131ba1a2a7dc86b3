"""Differences: a text before and after a second model rewrote it, beside each other, what changed marked."""

from __future__ import annotations

from typing import NamedTuple

from r1data.report.likeness import compare
from r1data.review.rendering import Rendered, marked


class Differences(NamedTuple):
    """Both texts as HTML; `share` is how much of the words the two have in common, from 0 to 1."""

    before: Rendered
    after: Rendered
    share: float


def differences(before: str, after: str) -> Differences:
    """Word by word, in time that hostile text cannot stretch (`r1data.report.likeness`)."""
    compared = compare(before, after)
    gone, come = compared.different
    common = sum(span.end - span.start for side in compared.common for span in side)
    changed = sum(span.end - span.start for side in compared.different for span in side)
    share = common / (common + changed) if common + changed else 1.0
    return Differences(marked(before, gone, "del"), marked(after, come, "ins"), share)
