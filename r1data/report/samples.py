"""Samples: rejected completions that one can read, with what they were rejected for marked, and one that was kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl
from markupsafe import Markup

from r1data import replies
from r1data.recipe import Selection
from r1data.report.excerpts import excerpt
from r1data.report.offences import offences
from r1data.report.safety import rendered
from r1data.report.why import why
from r1data.selection import combined
from r1data.store import Tables
from r1data.visible import visible
from schemas import Reason

PER_REASON = 3
LONGEST_QUESTION, LONGEST_FACT = 600, 200
ORIGIN = ("completion_id", "prompt_id", "source", "source_row", "domain", "language", "draw", "seed", "route", "model",
          "model_fingerprint", "engine", "temperature", "top_p")  # fmt: skip
CHECKED = ("verifier", "outcome", "extracted", "reference", "prompt_tokens", "completion_tokens")
MEASURED = ("language_share", "answer_language_share", "detected_language", "reasoning_chars", "answer_chars",
            "paragraphs", "longest_paragraph", "code_fences",
            "repeated_lines", "repeated_ngrams", "foreign_words")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sample:
    """One completion as the page shows it; `text` has the offending part marked, `why` says it in numbers. `beside` is
    a kept reply to the same prompt, or else to another one of its domain.
    """

    completion_id: str
    question: Markup
    text: Markup
    why: str
    facts: dict[str, str]
    beside: Beside | None = None


@dataclass(frozen=True, slots=True)
class Beside:
    """A kept completion to hold a rejected one against; it has a question where that is another one."""

    completion_id: str
    question: Markup | None
    text: Markup
    tokens: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept example, rendered, with everything that leads back."""

    question: Markup
    reasoning: Markup
    answer: Markup
    provenance: dict[str, dict[str, str]]


def rejected_samples(tables: Tables, drawn: pl.DataFrame, selection: Selection) -> dict[str, list[Sample]]:
    """For each first reason a few completions, chosen by their ids, so that every report shows the same ones.

    Ones that have no other reason come first: they show best what the filter is about.
    """
    places = pl.struct("other_reasons", "completion_id").rank("ordinal").over("reason")
    rejected = drawn.drop_nulls("reason").filter(places <= PER_REASON)
    partners = _partners(drawn, rejected)
    chosen = _in_full(tables, rejected)
    kept = {row["completion_id"]: row for row in _in_full(tables, _rows_of(drawn, partners)).iter_rows(named=True)}
    samples: dict[str, list[Sample]] = {}
    for reason in Reason:
        rows = chosen.filter(pl.col("reason") == reason).sort("other_reasons", "completion_id")
        if rows.height:
            samples[reason.value] = [
                _sample(row, selection, kept.get(partners.get(row["completion_id"], "")))
                for row in rows.iter_rows(named=True)
            ]
    return samples


def _partners(drawn: pl.DataFrame, rejected: pl.DataFrame) -> dict[str, str]:
    """For each rejected completion the id of a kept one: to its prompt, else of its domain, always the same one."""
    kept = drawn.filter(pl.col("kept")).select("completion_id", "prompt_id", "domain")
    found: dict[str, str] = {}
    for column in ("domain", "prompt_id"):  # the nearer one overwrites
        first = kept.group_by(column).agg(partner=pl.col("completion_id").min())
        pairs = rejected.join(first, on=column, how="inner").select("completion_id", "partner")
        found |= dict(pairs.iter_rows())
    return found


def _rows_of(drawn: pl.DataFrame, partners: dict[str, str]) -> pl.DataFrame:
    return drawn.filter(pl.col("completion_id").is_in(list(set(partners.values()))))


def _beside(row: dict[str, Any], kept: dict[str, Any] | None) -> Beside | None:
    if kept is None:
        return None
    same = kept["prompt_id"] == row["prompt_id"]
    question = None if same else rendered(_question(kept), LONGEST_QUESTION)
    return Beside(kept["completion_id"], question, excerpt(kept["text"], []), f"{kept['completion_tokens']:,}")


def kept_sample(tables: Tables, drawn: pl.DataFrame) -> Kept | None:
    """One kept completion of about the middle length."""
    kept = drawn.filter(pl.col("kept")).sort("completion_tokens", "completion_id")
    if not kept.height:
        return None
    row = _in_full(tables, kept.slice(kept.height // 2, 1)).row(0, named=True)
    reply = replies.split(row["text"])
    return Kept(
        question=rendered(_question(row)),
        reasoning=rendered(reply.reasoning or ""),
        answer=rendered(reply.answer or ""),
        provenance={
            title: {name.replace("_", " "): _fact(row[name]) for name in names}
            for title, names in (("where it comes from", ORIGIN), ("how it was checked", CHECKED),
                                 ("what was measured", MEASURED))
        },
    )  # fmt: skip


def _in_full(tables: Tables, rows: pl.DataFrame) -> pl.DataFrame:
    """The same few rows with everything that the tables know of them, the texts included."""
    ids, prompt_ids = rows.lazy().select("completion_id"), rows.lazy().select("prompt_id").unique()
    of_completions = (
        tables.completions.join(ids, on="completion_id", how="semi").drop("prompt_id", "completion_tokens"),
        combined(tables.verdicts.join(ids, on="completion_id", how="semi"), tables.policy).drop("outcome", "version"),
        tables.measures.join(ids, on="completion_id", how="semi").drop("version"),
        tables.decisions.join(ids, on="completion_id", how="semi").select(
            "completion_id", "reasons", "findings", "duplicate_of", "similarity", "contaminated_by"
        ),
    )
    prompts = tables.prompts.join(prompt_ids, on="prompt_id", how="semi")
    full = rows.lazy()
    for table in of_completions:
        full = full.join(table, on="completion_id", how="left")
    return full.join(
        prompts.select("prompt_id", "messages", "reference", "source_row"), on="prompt_id", how="left"
    ).collect()


def _sample(row: dict[str, Any], selection: Selection, kept: dict[str, Any] | None) -> Sample:
    findings = row["findings"] or []
    marks = offences(row["reason"], row["text"], row["language"] or "en", selection.longest_paragraph, findings)
    others = ", ".join(row["reasons"][1:]).replace("_", " ")
    facts = {
        "expected": _fact(row["reference"]),
        "found": _fact(row["extracted"]),
        "verdict": _fact(row["outcome"]).replace("_", " "),
        "tokens": f"{row['completion_tokens']:,}",
    }
    return Sample(
        completion_id=row["completion_id"],
        question=rendered(_question(row), LONGEST_QUESTION),
        text=excerpt(row["text"], marks),
        why=why(row, selection),
        facts=facts | ({"also": others} if others else {}),
        beside=_beside(row, kept),
    )


def _question(row: dict[str, Any]) -> str:
    return str(row["messages"][-1]["content"]) if row["messages"] else "[the prompt is no longer there]"


def _fact(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else visible(str(value), LONGEST_FACT)
