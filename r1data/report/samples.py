"""Samples: rejected completions that one can read, with what they were rejected for marked, and one that was kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import polars as pl
from markupsafe import Markup

from r1data import replies
from r1data.recipe import Recipe
from r1data.report.safety import marked, rendered, visible
from r1data.store import Tables
from schemas import Reason

PER_REASON = 3
NOT_THE_LANGUAGE = {
    "zh": re.compile(r"[A-Za-z]{2,}(?:[ ,.'-]+[A-Za-z]{2,})*"),
    "": re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0400-\u04ff\u0600-\u06ff，。：、]+"),
}
FENCES, TAGS = re.compile(r"^[ \t]*(?:```|~~~).*$", re.MULTILINE), re.compile(r"</?think>")


@dataclass(frozen=True, slots=True)
class Sample:
    """One completion as the page shows it; `text` has the offending part marked."""

    completion_id: str
    question: Markup
    text: Markup
    reference: str
    extracted: str
    outcome: str
    others: tuple[str, ...]
    tokens: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept example, rendered, with everything that leads back."""

    question: Markup
    reasoning: Markup
    answer: Markup
    provenance: dict[str, str]


def rejected_samples(tables: Tables, rows: pl.DataFrame, recipe: Recipe) -> dict[str, list[Sample]]:
    """For each first reason a few completions, chosen by their ids, so that every report shows the same ones.

    Ones that have no other reason come first: they show best what the filter is about.
    """
    rejected = rows.drop_nulls("reason").sort(pl.col("reasons").list.len(), "completion_id")
    chosen = rejected.group_by("reason", maintain_order=True).head(PER_REASON)
    chosen = _with_texts(tables, chosen)
    return {
        reason.value: [_sample(row, recipe) for row in chosen.filter(pl.col("reason") == reason).to_dicts()]
        for reason in Reason
        if (chosen["reason"] == reason).any()
    }


def kept_sample(tables: Tables, rows: pl.DataFrame) -> Kept | None:
    """One kept completion of about the middle length."""
    kept = rows.filter(pl.col("kept")).sort("completion_tokens", "completion_id")
    if not kept.height:
        return None
    row = _with_texts(tables, kept.slice(kept.height // 2, 1)).to_dicts()[0]
    reply = replies.split(row["text"])
    shown = ("completion_id", "prompt_id", "source", "language", "reference", "outcome", "extracted", "draw", "seed",
             "model", "engine", "temperature", "prompt_tokens", "completion_tokens", "route")  # fmt: skip
    return Kept(
        question=rendered(_question(row)),
        reasoning=rendered(reply.reasoning or ""),
        answer=rendered(reply.answer or ""),
        provenance={name: visible(str(row[name]), 200) for name in shown},
    )


def _with_texts(tables: Tables, rows: pl.DataFrame) -> pl.DataFrame:
    ids, prompt_ids = rows.select("completion_id").lazy(), rows.select("prompt_id").unique().lazy()
    extra = ("completion_id", "text", "seed", "model", "engine", "temperature", "route")
    texts = tables.completions.select(extra).join(ids, on="completion_id", how="semi").collect()
    questions = tables.prompts.select("prompt_id", "messages").join(prompt_ids, on="prompt_id", how="semi").collect()
    return rows.join(texts, on="completion_id", maintain_order="left").join(
        questions, on="prompt_id", maintain_order="left"
    )


def _sample(row: dict[str, Any], recipe: Recipe) -> Sample:
    return Sample(
        completion_id=row["completion_id"],
        question=marked(_question(row), None, 600),
        text=marked(row["text"], _offence(row, recipe)),
        reference=visible(row["reference"] or "", 200),
        extracted=visible(row["extracted"] or "", 200),
        outcome=row["outcome"] or "",
        others=tuple(row["reasons"][1:]),
        tokens=row["completion_tokens"],
    )


def _question(row: dict[str, Any]) -> str:
    return str(row["messages"][-1]["content"])


def _offence(row: dict[str, Any], recipe: Recipe) -> re.Pattern[str] | None:
    """What to mark in the text, by the first reason."""
    text = row["text"]
    match row["reason"]:
        case Reason.MIXED_LANGUAGE:
            return NOT_THE_LANGUAGE.get(row["language"], NOT_THE_LANGUAGE[""])
        case Reason.LONG_PARAGRAPH:
            return re.compile(rf"^.{{{min(recipe.selection.longest_paragraph, 3000)},}}$", re.MULTILINE)
        case Reason.MESSY_CODE:
            return FENCES
        case Reason.FORMAT:
            return TAGS
        case Reason.REPETITION | Reason.TRUNCATED:
            return re.compile(re.escape(text[-24:])) if len(text) >= 24 else None
        case Reason.INCORRECT:
            return re.compile(re.escape("\\boxed{" + (row["extracted"] or "") + "}"))
        case _:
            return None
