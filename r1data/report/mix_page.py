"""The page of a mix: what it holds, what is missing, what each part gave, and why the rest was left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from markupsafe import Markup

from r1data import replies
from r1data.recipe.merging import Merge
from r1data.report import charts
from r1data.report.html import environment
from r1data.report.mix_card import MEANING, MixFacts, domains, parts, reasons, splits
from r1data.report.safety import rendered

LONGEST_QUESTION = 600


@dataclass(frozen=True, slots=True)
class Shown:
    """An example as the page shows it."""

    example_id: str
    domain: str
    part: str
    question: Markup
    reasoning: Markup | None
    answer: Markup


def render_mix_page(
    merged: pl.DataFrame, short: pl.DataFrame, settings: Merge, facts: MixFacts, samples: pl.DataFrame
) -> str:
    """The page. `merged` and `short` as in `render_mix_card`; `samples` are a few kept examples with their texts."""
    kept = merged.filter("kept")
    quotas = [row for row in short.to_dicts() if row["quota"] == "domain"]
    return environment().get_template("mix.html.jinja").render(
        facts=facts,
        settings=settings,
        offered=merged.height,
        kept=kept.height,
        tokens=int(kept["completion_tokens"].cast(pl.Int64).sum()),
        missing=sum(row["missing"] or 0 for row in quotas),
        domains=domains(kept),
        quotas=quotas,
        finer=[row for row in short.to_dicts() if row["quota"] != "domain"],
        parts=parts(merged, facts),
        reasons=reasons(merged),
        meaning={reason.value: text for reason, text in MEANING.items()},
        splits=splits(kept),
        lengths=_lengths(kept),
        samples=[_shown(row) for row in samples.iter_rows(named=True)],
    )  # fmt: skip


def _lengths(kept: pl.DataFrame) -> Markup | None:
    """How long replies are, in tokens, on a scale that doubles."""
    if not kept.height:
        return None
    tokens = kept["completion_tokens"].to_numpy()
    top = int(np.ceil(np.log2(max(int(tokens.max()), 2))))
    edges = [2**power for power in range(top + 1)]
    counts, _ = np.histogram(tokens, [0, *edges[1:-1], edges[-1] + 1])
    first = int(np.flatnonzero(counts)[0])
    bars = [
        charts.Bar(f"{below:,}", int(count), f"{int(count):,} replies of fewer than {below:,} tokens", "kept")
        for below, count in zip(edges[1 + first :], counts[first:], strict=True)
    ]
    return charts.bars(bars, label="tokens of the replies")


def _shown(row: dict[str, Any]) -> Shown:
    reply = replies.split(row["messages"][-1]["content"])
    asked = "\n\n".join(turn["content"] for turn in row["messages"][:-1])
    return Shown(
        row["example_id"],
        row["domain"],
        row["part"],
        rendered(asked, LONGEST_QUESTION),
        rendered(reply.reasoning) if reply.reasoning else None,
        rendered(reply.answer or ""),
    )
