"""Why: what speaks against a rejected row, in words and in numbers."""

from __future__ import annotations

from typing import Any

from r1data.recipe import Selection
from r1data.selection import AMONG, FINDINGS
from r1data.visible import visible
from schemas import FinishReason, Reason

LONGEST_NAME = 200


def why(row: dict[str, Any], selection: Selection) -> str:
    """What speaks against the row under its first reason, each measure beside its threshold."""
    named = {finding.name: finding for finding in FINDINGS}
    said = []
    for name in row["findings"] or []:
        if name.partition("/")[0] != row["reason"]:
            continue
        if name not in named:
            said.append(AMONG.get(name, ""))
        elif (finding := named[name]).measure is not None:
            threshold, value = getattr(selection, str(finding.key)), row.get(finding.measure)
            share = isinstance(threshold, float)
            numbers = [f"{n:.1%}" if share else f"{n:,}" for n in (value, threshold) if n is not None]
            said.append(f"{finding.means}: {' where the line is drawn at '.join(numbers)}")
        elif row["reason"] not in (Reason.INCORRECT, Reason.NO_ANSWER):
            said.append(finding.means)
    if row["reason"] == Reason.TRUNCATED and row.get("finish_reason") == FinishReason.LENGTH and row.get("max_tokens"):
        said.append(f"stopped at {row['completion_tokens']:,} tokens of {row['max_tokens']:,}")
    if row["reason"] == Reason.FORMAT and not row["think_in_order"]:
        said.append(f"{row['think_opens']} opening and {row['think_closes']} closing think tags")
    if row.get("duplicate_of") is not None and row.get("similarity") is not None:
        said.append(f"{row['similarity']:.0%} alike with {visible(str(row['duplicate_of']), LONGEST_NAME)}")
    if row.get("contaminated_by") is not None:
        said.append(f"it is in {visible(row['contaminated_by'], LONGEST_NAME)}")
    return "; ".join(filter(None, said))
