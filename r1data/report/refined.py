"""Refined: the page about a file of replies that was measured and decided on; no workspace stands behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
import yaml
from markupsafe import Markup

from r1data.recipe import Refinement
from r1data.report import breakdowns, panel
from r1data.report.excerpts import excerpt
from r1data.report.hits import hits
from r1data.report.html import environment
from r1data.report.offences import offences
from r1data.report.safety import rendered
from r1data.report.steps import MEANING
from r1data.report.twins import Texts, twins
from r1data.report.why import why
from r1data.store import Checked
from r1data.visible import visible
from schemas import Contaminations, Reason

PER_REASON = 3
LONGEST_QUESTION = 600
GROUPED = ("domain", "language", "source")


@dataclass(frozen=True, slots=True)
class RefinedFacts:
    """What the rows do not tell: the file's name, when it was read, how long that took, and by which version."""

    name: str
    when: str
    version: str
    seconds: float | None = None
    checked: tuple[Checked, ...] = ()
    command: str | None = None
    """What `--set` is put behind to see other thresholds, such as `r1data whatif OUT.parquet`."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A rejected row beside a kept one."""

    row: str
    why: str
    question: Markup | None
    text: Markup
    kept: str | None
    kept_question: Markup | None
    kept_text: Markup | None


def render_refined(
    rows: pl.DataFrame,
    settings: Refinement,
    facts: RefinedFacts,
    texts: Texts,
    prompts: Texts | None = None,
    contaminations: pl.DataFrame | None = None,
) -> str:
    """The page about decided rows: `completion_id`, the measures, `kept`, `reason`, `reasons`, `findings`,
    `duplicate_of` and `similarity`, and where known `id` (what the file calls a row), `prompt_id`, `domain`,
    `language`, `source`, `outcome` and `finish_reason`.

    `texts` and `prompts` give the replies and questions of some completion ids; only a few dozen are asked for.
    `contaminations` are the hits (`schemas.Contaminations`).
    """
    known = {"domain", "language", "source", "prompt_id", "id"} - set(rows.columns)
    slim = rows.with_columns(pl.lit(None, pl.String).alias(name) for name in sorted(known))
    found = contaminations if contaminations is not None else Contaminations.create_empty()
    kept = int(rows["kept"].sum())
    firsts = dict(rows.filter(~pl.col("kept")).group_by("reason").len().iter_rows())
    return environment().get_template("refined.html.jinja").render(
        facts=facts,
        kept=kept,
        total=rows.height,
        firsts={reason.value: firsts[reason.value] for reason in Reason if reason.value in firsts},
        findings=_findings(rows),
        meaning={reason.value: text for reason, text in MEANING.items()},
        panel=panel.panel(rows.select(panel.columns(set(rows.columns))), settings.selection, facts.command),
        script_source=panel.script_source(),
        groups={name: _yields(slim, name) for name in GROUPED if slim[name].n_unique() > 1},
        rejected=_rejected(slim, settings, texts, prompts),
        twins=twins(slim.select("completion_id", "prompt_id", "source", "duplicate_of", "similarity"), texts),
        hits=hits(found, facts.checked),
        similarity=settings.selection.similarity,
        settings_yaml=yaml.safe_dump(settings.model_dump(mode="json", exclude={"folder"}), sort_keys=False,
                                     allow_unicode=True),
    )  # fmt: skip


def _findings(rows: pl.DataFrame) -> list[tuple[str, int]]:
    """How many rows have each finding, the most frequent first."""
    counted = rows.select(pl.col("findings").explode().drop_nulls()).group_by("findings").len()
    return list(counted.sort("len", "findings", descending=[True, False]).iter_rows())


def _yields(rows: pl.DataFrame, column: str) -> list[dict[str, Any]]:
    name = pl.col(column).cast(pl.String).fill_null("not stated").alias("name")
    counted = rows.group_by(name).agg(rows=pl.len(), kept=pl.col("kept").sum())
    ordered = counted.with_columns(share=pl.col("kept") / pl.col("rows")).sort("rows", "name", descending=[True, False])
    return ordered.head(breakdowns.GROUPS_SHOWN).to_dicts()


def _rejected(
    rows: pl.DataFrame, settings: Refinement, texts: Texts, prompts: Texts | None
) -> dict[str, list[Rejected]]:
    """For each first reason a few rows, those with the fewest other reasons first, each beside a kept one."""
    number = pl.struct(pl.col("findings").list.len(), "completion_id").rank("ordinal").over("reason")
    wanted = rows.filter(~pl.col("kept")).filter(number <= PER_REASON)
    partners = _partners(rows, wanted)
    ids = [*wanted["completion_id"], *partners.values()]
    replies, questions = texts(ids), prompts(ids) if prompts is not None else {}
    named: dict[str, str] = dict(
        rows.filter(pl.col("completion_id").is_in(ids))
        .select("completion_id", pl.coalesce("id", "completion_id"))
        .iter_rows()
    )
    found: dict[str, list[Rejected]] = {}
    for reason in Reason:
        chosen = wanted.filter(pl.col("reason") == reason.value).sort("completion_id")
        samples = [
            _beside(row, settings, partners.get(row["completion_id"]), replies, questions, named)
            for row in chosen.iter_rows(named=True)
            if row["completion_id"] in replies
        ]
        if samples:
            found[reason.value] = samples
    return found


def _partners(rows: pl.DataFrame, wanted: pl.DataFrame) -> dict[str, str]:
    """A kept row for each: to the same prompt, else of its domain and language, else any."""
    kept = rows.filter(pl.col("kept"))
    found: dict[str, str] = {}
    for keys in (["everything"], ["domain", "language"], ["prompt_id"]):  # the nearer one overwrites
        ours, theirs = (frame.with_columns(everything=pl.lit(1)) for frame in (wanted, kept))
        if keys == ["prompt_id"]:
            ours = ours.drop_nulls(keys)
        first = theirs.group_by(keys).agg(partner=pl.col("completion_id").min())
        found |= dict(
            ours.join(first, on=keys, how="inner", nulls_equal=True).select("completion_id", "partner").iter_rows()
        )
    return found


def _beside(
    row: dict[str, Any],
    settings: Refinement,
    partner: str | None,
    replies: Mapping[str, str],
    questions: Mapping[str, str],
    named: Mapping[str, str],
) -> Rejected:
    findings: Sequence[str] = row["findings"] or []
    text = replies[row["completion_id"]]
    marks = offences(row["reason"], text, row["language"] or "en", settings.selection.longest_paragraph, findings)
    other = replies.get(partner) if partner is not None else None

    def question(of: str | None) -> Markup | None:
        asked = questions.get(of or "")
        return rendered(asked, LONGEST_QUESTION) if asked else None

    return Rejected(
        visible(named[row["completion_id"]], 200),
        why(row, settings.selection),
        question(row["completion_id"]),
        excerpt(text, marks),
        visible(named[partner], 200) if partner is not None and other is not None else None,
        question(partner),
        excerpt(other, []) if other is not None else None,
    )
