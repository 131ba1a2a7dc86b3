"""Deciding: which completions are kept, and every reason why the others are not.

A query over verdicts, measures and what comparisons have found. It reads no text, so another threshold over a million
rows takes a moment. First comes what a row tells by itself, text and verdict; then whether it holds a benchmark's item,
and whether its prompt is too easy or too hard. Among the rows that are left, those that repeat an earlier one go, and
those of a prompt that nearly repeats one with good rows of its own; then those that their prompt has too many of, and
at last those that a quota has no room for. So no rejected row stands in another one's way, except that a surplus row,
or one above a quota, may be the one that a duplicate repeats.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np
import numpy.typing as npt
import polars as pl

from r1data.recipe import Policy, Selection
from r1data.selection.candidates import candidates, numbered
from r1data.selection.findings import FINDINGS, JUDGED, bit, masks_of, names, reasons
from r1data.selection.keeping import Signatures, over_quota, ranks
from r1data.selection.policy import combined
from schemas import Action, Decisions, Outcome, Reason
from schemas.kinship import Method

Masks = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fates:
    """What is decided of rows, one value for each: the mask of its `findings` (0: it is kept), its `rank` among its
    prompt's good ones (0: it is none), the row that it repeats as `twin` (-1: none), and their `similarity`.
    """

    findings: Masks
    rank: npt.NDArray[np.int32]
    twin: Places
    similarity: Shares

    @property
    def kept(self) -> npt.NDArray[np.bool_]:
        """Which rows are kept."""
        kept: npt.NDArray[np.bool_] = self.findings == 0
        return kept

    def spelt(self) -> pl.DataFrame:
        """kept, reason, reasons, findings, rank, twin and similarity, as `schemas.Decisions` has them."""
        kinds, which = np.unique(self.findings, return_inverse=True)
        lists = pl.List(pl.String)
        why = pl.Series([reasons(int(mask)) for mask in kinds], dtype=lists).gather(which)
        repeats = pl.Series(self.twin >= 0)
        return pl.DataFrame(
            {
                "kept": self.kept,
                "reason": why.list.first(),
                "reasons": why,
                "findings": pl.Series([names(int(mask)) for mask in kinds], dtype=lists).gather(which),
                "rank": pl.Series(self.rank).replace(0, None),
                "twin": pl.Series(self.twin).set(~repeats, None),
                "similarity": pl.Series(self.similarity).set(~repeats, None),
            }
        )


def decide(
    completions: pl.LazyFrame,
    verdicts: pl.LazyFrame,
    measures: pl.LazyFrame,
    selection: Selection,
    policy: Policy = "rule",
    *,
    seed: int = 0,
    prompts: pl.LazyFrame | None = None,
    kinship: pl.DataFrame | None = None,
    contaminations: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """One decision for each completion that is no failed draw, ordered by prompt and draw.

    Of `completions` it reads completion_id, prompt_id, draw, finish_reason and completion_tokens. `policy` says whose
    verdict counts, the rule's or the judge's; `seed` decides where chance does. `prompts` is needed for quotas. The
    result depends on the rows alone, not on their order, and is valid against `schemas.Decisions`.

    Raises ValueError where a completion has not been measured; without a verdict it is `unverified`.
    """
    rows = candidates(completions, combined(verdicts, policy), measures, prompts, kinship, contaminations)
    return decisions(rows, fates(rows, selection, seed, signatures_in(kinship)))


def decide_rows(
    frame: pl.DataFrame,
    selection: Selection,
    seed: int = 0,
    kinship: pl.DataFrame | None = None,
    contaminations: pl.DataFrame | None = None,
    twin_prompts: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Decisions about rows that stand in the order of their precedence: of two alike, the first one stays.

    `frame` has completion_id, prompt_id, finish_reason, completion_tokens, outcome (null for none), asked (whether an
    outcome is wanted of it), the measures, and what quotas are about. One decision a row, in the same order.
    """
    rows = numbered(frame, kinship, contaminations, twin_prompts)
    return decisions(rows, fates(rows, selection, seed, signatures_in(kinship)))


def decisions(rows: pl.DataFrame, decided: Fates) -> pl.DataFrame:
    """What is decided of candidates, as the table of decisions."""
    told = decided.spelt()
    table = told.drop("twin").with_columns(
        rows["completion_id"], rows["prompt_id"], rows["contaminated_by"],
        duplicate_of=rows["completion_id"].gather(told["twin"]),
    )  # fmt: skip
    return Decisions.validate(table.select(Decisions.column_names()))


def signatures_in(kinship: pl.DataFrame | None) -> Signatures | None:
    """The signatures of a table of kinship."""
    if kinship is None or not kinship.height:
        return None
    from r1data.duplicates import signatures_of  # its kernels take a while to load

    return signatures_of(kinship)


def fates(
    rows: pl.DataFrame,
    selection: Selection,
    seed: int = 0,
    signatures: Signatures | None = None,
    known: tuple[Selection, Fates] | None = None,
) -> Fates:
    """Decide over candidates (`numbered` rows, in drawn order), whose `kin` counts the `signatures`.

    `known` is what another selection decides of the same rows, which saves some time.
    """
    masks = masks_of(rows, selection, None if known is None else (known[0], known[1].findings))
    _mark_reviews(rows, selection, masks)
    _mark_contaminated(rows, masks)
    _mark_prompts(rows, selection, masks)
    twin, similarity = _mark_repeats(rows, masks, signatures, selection.similarity)
    if "repeats" in rows.columns:
        _mark_twin_prompts(rows, masks, twin, similarity)
    rank = ranks(rows, masks == 0, selection, seed, signatures)
    if selection.keep_per_prompt is not None:
        masks[rank > selection.keep_per_prompt] |= np.uint64(bit("surplus/rank"))
    masks[over_quota(rows, masks == 0, selection.quotas, seed)] |= np.uint64(bit("quota/full"))
    _mark_unread(rows, selection, masks)
    return Fates(masks, rank, twin, similarity)


def accepted(frame: pl.DataFrame, selection: Selection) -> pl.Series:
    """Whether each row is correct and readable, as `decide` sees it before it looks at other replies.

    Takes `outcome` (null for none yet), `finish_reason` and the columns of `schemas.Measures`.
    """
    if "asked" not in frame.columns:
        frame = frame.with_columns(asked=pl.lit(True))
    return pl.Series("accepted", masks_of(frame, selection) == 0)


def readable(completions: pl.DataFrame, measures: pl.DataFrame, selection: Selection) -> pl.Series:
    """Whether each completion would be kept if its answer were correct, in the order of `completions`.

    Takes completion_id and finish_reason, and the measures of those completions.
    """
    frame = completions.join(measures, on="completion_id", how="left", maintain_order="left", validate="m:1")
    return accepted(frame.with_columns(outcome=pl.lit(Outcome.CORRECT.value)), selection).alias("readable")


def expressions(selection: Selection) -> dict[Reason, pl.Expr]:
    """When each reason that text and verdict of a row give holds, in the order of the reasons. A measure that is null,
    or at its threshold, is no reason. Rows have the measures, `finish_reason` and the prompt's `thinking`.
    """
    by_reason: dict[Reason, list[pl.Expr]] = {}
    for finding in FINDINGS:
        if finding.reason is Reason.STYLE:
            continue  # told by the table of rewritten texts
        by_reason.setdefault(finding.reason, []).append(finding.holds(selection).fill_null(False))
    return {reason: pl.any_horizontal(held) for reason in Reason if (held := by_reason.get(reason))}


def _mark_reviews(rows: pl.DataFrame, selection: Selection, masks: Masks) -> None:
    """Follow what people decided. An edit that holds makes up for what was wrong with the text before it."""
    if selection.review == "ignore":
        return
    told = rows["review"] if "review" in rows.columns else pl.Series([None] * rows.height, dtype=pl.String)
    masks[(told == Action.EDITED).fill_null(False).to_numpy()] = 0
    for standing in ("rejected", "unsound"):
        masks[(told == standing).fill_null(False).to_numpy()] |= np.uint64(bit(f"review/{standing}"))


def _mark_unread(rows: pl.DataFrame, selection: Selection, masks: Masks) -> None:
    """Of what would be kept, what no person has read. It is asked last, so that nobody reads what is not wanted."""
    if selection.review == "required":
        told = rows["review"] if "review" in rows.columns else pl.Series([None] * rows.height, dtype=pl.String)
        masks[told.is_null().to_numpy() & (masks == 0)] |= np.uint64(bit("review/pending"))


def _mark_contaminated(rows: pl.DataFrame, masks: Masks) -> None:
    if rows["contamination"].null_count() < rows.height:
        for method in get_args(Method):
            held = (rows["contamination"] == method).fill_null(False).to_numpy()
            masks[held] |= np.uint64(bit(f"contaminated/{method}"))


def _mark_prompts(rows: pl.DataFrame, selection: Selection, masks: Masks) -> None:
    """Mark rows whose prompt is outside the window of pass rates; all its draws count that could be judged."""
    lowest, highest = selection.pass_rate
    if (lowest <= 0 and highest >= 1) or not rows.height:
        return
    prompt = rows["prompt"].to_numpy()
    judged = rows["outcome"].is_in([outcome.value for outcome in JUDGED]).fill_null(False).to_numpy()
    correct = (rows["outcome"] == Outcome.CORRECT).fill_null(False).to_numpy()
    of, right = np.bincount(prompt, judged), np.bincount(prompt, correct)
    rate = np.divide(right, of, out=np.full(len(of), np.nan), where=of > 0)[prompt]
    masks[rate < lowest] |= np.uint64(bit("pass_rate/low"))
    masks[rate > highest] |= np.uint64(bit("pass_rate/high"))


def _mark_repeats(
    rows: pl.DataFrame, masks: Masks, signatures: Signatures | None, threshold: float
) -> tuple[Places, Shares]:
    """Mark good rows that say what an earlier good row says; returns its place (-1 for none) and how alike they are.

    The same text is a duplicate within its prompt even where nothing was compared; elsewhere kinship counts.
    """
    twin, similarity = np.full(rows.height, -1, np.int64), np.zeros(rows.height, np.float64)
    related = pl.col("same").is_not_null() | pl.col("group").is_not_null()
    which = np.flatnonzero((masks == 0) & rows.select(related).to_series().to_numpy())
    good = rows.select("same", "folded", "group", "kin")[which].with_columns(place=pl.int_range(len(which)))
    first = good.select(
        pl.when(pl.col("same").is_null()).then("place").otherwise(pl.col("place").first().over("same"))
    ).to_series().to_numpy()  # fmt: skip
    place = np.where(first != np.arange(len(which)), first, -1)
    how = np.ones(len(which), np.float64)
    if signatures is not None:
        from r1data.duplicates import find_twins  # its kernels take a while to load

        group, kin = good["group"].fill_null(-1).to_numpy(), good["kin"].cast(pl.Int64).fill_null(-1).to_numpy()
        place, how = find_twins(first, group, kin, signatures, threshold)
    again = place >= 0
    text = good["folded"].fill_null(0).to_numpy()
    exact = again & (text[place] == text) & good["folded"].is_not_null().to_numpy()
    masks[which[exact]] |= np.uint64(bit("duplicate/exact"))
    masks[which[again & ~exact]] |= np.uint64(bit("duplicate/near"))
    twin[which[again]] = which[place[again]]
    similarity[which[again]] = np.where(exact, 1.0, how)[again]
    return twin, similarity


def _mark_twin_prompts(rows: pl.DataFrame, masks: Masks, twin: Places, similarity: Shares) -> None:
    """Mark the good rows of a prompt that nearly repeats one with good rows, the first of which is their twin."""
    prompt = rows["prompt"].cast(pl.Int64).to_numpy()
    repeats = rows["repeats"].cast(pl.Int64).fill_null(-1).to_numpy()
    good = np.flatnonzero(masks == 0)
    first = np.full(int(prompt.max(initial=-1)) + 1, -1, np.int64)
    first[prompt[good[::-1]]] = good[::-1]
    which = good[repeats[good] >= 0]
    which = which[first[repeats[which]] >= 0]
    masks[which] |= np.uint64(bit("duplicate/prompt"))
    twin[which], similarity[which] = first[repeats[which]], rows["likeness"].to_numpy()[which]
