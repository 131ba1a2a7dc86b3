"""Sheet: one sample as the page shows it, as plain data with finished HTML in it. Every text of a model's that is in it
has gone through `r1data.review.rendering`, or through `visible` where the page shows it as text.
"""

from __future__ import annotations

import unicodedata
from typing import Any

import polars as pl

from r1data import replies
from r1data.recipe import Selection
from r1data.review.differences import differences
from r1data.review.plans import share_of_way
from r1data.review.rendering import Rendered, rendered
from r1data.review.shelf import Sample
from r1data.selection import FINDINGS
from r1data.visible import HIDDEN, visible

LONGEST_FACT = 300
LONGEST_QUESTION = 8000


def sheet(sample: Sample, selection: Selection) -> dict[str, Any]:
    """What the page is sent of a sample: ready for `json.dumps`."""
    reply = replies.split(sample.text)
    changed = None if sample.before is None else differences(sample.before, sample.text)
    return {
        "key": key_of(sample.part, sample.completion_id),
        "part": visible(sample.part, LONGEST_FACT),
        "id": sample.completion_id,
        "why": None if sample.why is None else visible(sample.why, LONGEST_FACT),
        "turns": [
            {"role": visible(turn.role, 20), **_piece(rendered(turn.content, LONGEST_QUESTION))}
            for turn in sample.messages
        ],
        "reasoning": None if reply.reasoning is None else _piece(rendered(reply.reasoning)),
        "answer": None if reply.answer is None else _piece(rendered(reply.answer)),
        "changed": None
        if changed is None
        else {"before": _piece(changed.before), "after": _piece(changed.after), "share": changed.share},
        "verdicts": [
            {"by": visible(spoken.verifier, 40), "outcome": visible(spoken.outcome, 40),
             "found": _told(spoken.extracted), "detail": visible(spoken.detail, LONGEST_FACT)}
            for spoken in sample.verdicts
        ],
        "expected": _told(sample.reference),
        "gauges": gauges(sample.measures, selection),
        "facts": _facts(sample),
        "hidden": hidden(sample.text),
        "characters": len(sample.text),
    }  # fmt: skip


def key_of(part: str, completion_id: str) -> str:
    """What page and server call a sample."""
    return f"{part}/{completion_id}"


def gauges(measures: dict[str, object], selection: Selection) -> list[dict[str, Any]]:
    """Every measure with a threshold: name, value, limit, and how far it has gone to it (`way`, 0 to 1; null where the
    limit is where nothing is wrong). Those that have gone furthest come first.
    """
    row = pl.DataFrame([measures], infer_schema_length=None)
    found = []
    for finding in FINDINGS:
        if finding.measure is None or finding.key is None or measures.get(finding.measure) is None:
            continue
        way = share_of_way(finding, selection)
        far = None if way is None else float(row.select(way.cast(pl.Float64)).item()) + 0.0  # never -0
        found.append(
            {"name": finding.measure.replace("_", " "), "means": finding.means, "value": measures[finding.measure],
             "limit": getattr(selection, finding.key), "side": finding.side, "way": far}
        )  # fmt: skip
    return sorted(found, key=lambda gauge: -(gauge["way"] or 0.0))


def hidden(text: str) -> dict[str, int]:
    """Characters that a reader cannot see, by their code points, and how often each occurs."""
    odd: dict[str, int] = {}
    for character in set(text):
        if character not in "\n\t\r" and unicodedata.category(character) in HIDDEN:
            odd[f"U+{ord(character):04X}"] = text.count(character)
    return dict(sorted(odd.items()))


def _piece(piece: Rendered) -> dict[str, Any]:
    return {"html": str(piece.html), "more": piece.more}


def _told(text: str | None) -> str | None:
    return None if text is None else visible(text, LONGEST_FACT)


def _facts(sample: Sample) -> list[tuple[str, str]]:
    told: dict[str, object] = {"pass rate": None if sample.pass_rate is None else f"{sample.pass_rate:.0%}"}
    told |= {name.replace("_", " "): value for name, value in sample.facts.items()}
    told |= {"verifier": sample.verifier, "ended by": sample.finish_reason}
    return [(name, visible(str(value), LONGEST_FACT)) for name, value in told.items() if value is not None]
