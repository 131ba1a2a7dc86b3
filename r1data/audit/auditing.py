"""Auditing: which prompts of a recipe are fit to be sampled, and why the others are not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from r1data.audit.code_tests import tests_wanting
from r1data.audit.references import UNREADABLE, audit_references, checkable, current, placeholder
from r1data.audit.rules import broken
from r1data.audit.twins import near_twins, twins
from r1data.recipe import Audit
from r1data.verifiers import VerifierPool
from schemas import Audits, BadPrompts

BATCH = 5000
"""So many references are with the verifiers at once, and are stored before the next."""
CONTENT_CHARS = 300
TESTS_MISSING, DUPLICATE, NEAR_DUPLICATE = "tests_missing", "duplicate", "near_duplicate"
SET_ASIDE = {"prompt_id": pl.String, "rule": pl.String, "detail": pl.String}


@dataclass(frozen=True, slots=True)
class Audited:
    """Every prompt is in one place: those that went in are `prompts` and `set_aside` (rows of BadPrompts)."""

    prompts: pl.DataFrame
    set_aside: pl.DataFrame

    @property
    def counts(self) -> dict[str, int]:
        """How many prompts each rule has set aside, the most frequent first."""
        return dict(self.set_aside.group_by("rule").len().sort("len", "rule", descending=[True, False]).iter_rows())


def audit(
    prompts: pl.DataFrame,
    settings: Audit,
    pool: VerifierPool,
    *,
    sources: Sequence[str],
    known: pl.DataFrame,
    near: bool = True,
    save: Callable[[pl.DataFrame], None] = lambda audits: None,
    say: Callable[[str], None] = lambda line: None,
) -> Audited:
    """Audit the prompts: rules over the question first, then the references, then twins among what is left.

    `known` (Audits) is what verifiers have said before and is not asked again; `save` gets it with what is new, now and
    then. `near` has the rule `duplicate` extend to questions that are nearly the same. `sources` are the names of the
    sources in the order of the recipe. The result depends on no order of rows.
    """
    flagged = _flagged(prompts, settings)
    left = _without(prompts, flagged)
    if settings.reference:
        refused = _refused(left, pool, known, save, say)
        flagged, left = pl.concat([flagged, refused]), _without(left, refused)
    if DUPLICATE in settings.rules:
        repeated = _repeated(left, sources)
        flagged, left = pl.concat([flagged, repeated]), _without(left, repeated)
    if near and DUPLICATE in settings.rules:
        alike = _nearly_repeated(left, sources)
        flagged, left = pl.concat([flagged, alike]), _without(left, alike)
    return Audited(left, _bad_rows(prompts, flagged))


def _flagged(prompts: pl.DataFrame, settings: Audit) -> pl.DataFrame:
    rows = prompts.select("prompt_id", "verifier", "reference", "task", "messages").iter_rows()
    found = (
        (prompt_id, *what)
        for prompt_id, verifier, reference, task, messages in rows
        if (what := _wrong(messages, verifier, reference, task, settings))
    )
    return pl.DataFrame(list(found), schema=SET_ASIDE, orient="row")


def _wrong(
    messages: list[dict[str, str]], verifier: str, reference: str | None, task: str | None, settings: Audit
) -> tuple[str, str] | None:
    """What is wrong with one prompt that can be told without a verifier."""
    if rule := broken(messages[-1]["content"], verifier, settings.rules):
        name, words = rule
        return name, f"the question says: {words[:CONTENT_CHARS]}"
    if not settings.reference:
        return None
    if verifier == "code" and (wanting := tests_wanting(task)):
        return TESTS_MISSING, wanting
    if reference is not None and placeholder(verifier, reference):
        return UNREADABLE, f"the reference is no answer: {reference[:CONTENT_CHARS]}"
    return None


def _refused(
    prompts: pl.DataFrame,
    pool: VerifierPool,
    known: pl.DataFrame,
    save: Callable[[pl.DataFrame], None],
    say: Callable[[str], None],
) -> pl.DataFrame:
    fit = checkable(prompts)
    audits = current(known)
    todo = fit.join(audits, on=["prompt_id", "verifier"], how="anti", maintain_order="left")
    faults = [no_audits()]
    for number, batch in enumerate(_batches(todo)):
        if todo.height > BATCH:
            say(f"auditing references: {number * BATCH:,} of {todo.height:,}")
        found, settled = audit_references(batch, pool)
        audits = pl.concat([audits, found.join(settled, on="prompt_id", how="semi")])
        faults.append(found.join(settled, on="prompt_id", how="anti"))
        save(audits)
    refused = pl.concat([audits, *faults]).filter(pl.col("rule").is_not_null())
    mine = fit.select("prompt_id", "verifier")
    return mine.join(refused, on=["prompt_id", "verifier"]).select("prompt_id", "rule", "detail")


def _batches(prompts: pl.DataFrame) -> Iterator[pl.DataFrame]:
    return (prompts.slice(start, BATCH) for start in range(0, prompts.height, BATCH))


def _repeated(prompts: pl.DataFrame, sources: Sequence[str]) -> pl.DataFrame:
    twin_of = twins(prompts, sources)
    about = prompts.select(twin="prompt_id", twin_source="source", twin_reference="reference")
    pairs = twin_of.join(about, on="twin").join(prompts.select("prompt_id", "reference"), on="prompt_id")
    same = pl.col("reference").eq_missing(pl.col("twin_reference"))
    differs = pl.format(", whose reference is {}", pl.col("twin_reference").fill_null("missing").str.slice(0, 100))
    addition = pl.when(same).then(pl.lit("")).otherwise(differs)
    detail = pl.concat_str(pl.format("the same question as {} of {}", "twin", "twin_source"), addition)
    return pairs.select("prompt_id", rule=pl.lit(DUPLICATE), detail=detail)


def _nearly_repeated(prompts: pl.DataFrame, sources: Sequence[str]) -> pl.DataFrame:
    about = prompts.select(twin="prompt_id", twin_source="source")
    pairs = near_twins(prompts, sources).join(about, on="twin")
    detail = pl.format(
        "nearly the question of {} of {}: similarity {}", "twin", "twin_source", pl.col("similarity").round(3)
    )
    return pairs.select("prompt_id", rule=pl.lit(NEAR_DUPLICATE), detail=detail)


def _without(prompts: pl.DataFrame, flagged: pl.DataFrame) -> pl.DataFrame:
    return prompts.join(flagged, on="prompt_id", how="anti", maintain_order="left")


def _bad_rows(prompts: pl.DataFrame, flagged: pl.DataFrame) -> pl.DataFrame:
    question = pl.col("messages").list.last().struct.field("content")
    short = pl.when(question.str.len_chars() > CONTENT_CHARS)
    rows = prompts.join(flagged, on="prompt_id").sort("source", "rule", "prompt_id")
    content = short.then(question.str.slice(0, CONTENT_CHARS) + "…").otherwise(question)
    return BadPrompts.validate(
        rows.select("source", row="source_row", rule="rule", detail="detail", content=content), cast=True
    )


def no_audits() -> pl.DataFrame:
    """Audits of nothing, for whoever begins without any."""
    empty: pl.DataFrame = Audits.create_empty()
    return empty
