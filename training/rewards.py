"""Rewards: what the factory's verifiers and measures say of completions, as numbers for the optimiser.

The same functions as in the dataset and in evaluation: `verifiers.checks` makes the checks, the pool judges them under
the same deadline, `measures.measure` counts. Verification of one batch of completions goes on in the pool's processes
while the next batch is being written.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

import polars as pl

from r1data.measures import measure
from r1data.recipe import Rewards
from r1data.verifiers import VerifierPool, checks
from schemas import Outcome, Verdict
from training.reward_model import RewardModel

LOG = logging.getLogger(__name__)
FAULT = float("inf")
"""Stands for a reward that nobody could tell: the completion then teaches nothing. (None stands for a reward that does
not apply, which is another thing.)"""
POINTS = {Outcome.CORRECT: 1.0, Outcome.INCORRECT: 0.0, Outcome.NO_ANSWER: 0.0}
"""What a verdict is worth. Every other outcome is a fault: of the reference, of the verifier, or of its time."""
UNRULED = ("quality", "judge")
"""Verifiers that are no rule: a reward model speaks in their place."""
NAMES = ("accuracy", "format", "language", "model")
ALWAYS = ("format", "language")
"""Told at every step even where they weigh nothing: a policy that nobody rewards for them is the one to watch."""

Row = Mapping[str, Any]
Score = float | None


class Scorer:
    """Scores the completions of one generation. `begin` with what is asked, `take` what has been written as it comes,
    then ask for the `scores`.

    A row holds `messages`, `verifier`, `reference`, `task`, `language`, `question`, `category` and `thinking` of its
    prompt.
    """

    def __init__(self, pool: VerifierPool, weights: Rewards, models: Mapping[str, RewardModel]) -> None:
        self._pool = pool
        self._models = models
        self.begin(())
        wanted = [name for name in NAMES if getattr(weights, name) or name in ALWAYS]
        self.names = tuple(name for name in wanted if name != "model" or models)
        self.weights = [float(getattr(weights, name)) for name in self.names]

    def begin(self, rows: Sequence[Row]) -> None:
        """A new generation: a row for each completion that will be written."""
        self._rows = list(rows)
        self._texts = [""] * len(rows)
        self._verdicts: dict[int, Future[Verdict]] = {}
        self._scored: dict[str, list[Score]] | None = None

    def take(self, places: Sequence[int], texts: Sequence[str]) -> None:
        """Completions have been written for these rows: have them verified. Returns at once."""
        for place, text in zip(places, texts, strict=True):
            self._texts[place] = text
        ruled = [place for place in places if self._rows[place]["verifier"] not in UNRULED]
        frame = self._frame(ruled)
        for place, check in zip(ruled, checks(frame), strict=True):
            self._verdicts[place] = self._pool.submit(check)

    def scores(self) -> dict[str, list[Score]]:
        """By reward, a score for each row. Waits for the last verdict."""
        if self._scored is None:
            self._scored = self._score()
        return self._scored

    def _score(self) -> dict[str, list[Score]]:
        measured = measure(self._frame(range(len(self._rows))))
        every: dict[str, list[Score]] = {
            "format": [float(well) for well in _well_formed(measured, self._rows)],
            "language": _consistent(measured, self._rows).to_list(),
            "model": self._rated(),
            "accuracy": [self._judged(place) for place in range(len(self._rows))],
        }
        self._tell_faults()
        return {name: every[name] for name in self.names}

    def _tell_faults(self) -> None:
        """Into the training's log: which verdicts were none, and what their verifiers said."""
        for place, verdict in self._verdicts.items():
            found = verdict.result()
            if points(found.outcome) == FAULT:
                asked = self._rows[place]
                LOG.warning(
                    "no reward: %s by %s: %r; of %r", found.outcome, found.verifier, found.detail, asked["question"]
                )

    def _judged(self, place: int) -> Score:
        verdict = self._verdicts.get(place)
        return None if verdict is None else points(verdict.result().outcome)

    def _rated(self) -> list[Score]:
        rated: list[Score] = [None] * len(self._rows)
        for name, model in self._models.items():
            places = [place for place, row in enumerate(self._rows) if rater(row, self._models) == name]
            conversations = [self._rows[place]["messages"] for place in places]
            scores = model.rate(conversations, [self._texts[place] for place in places])
            for place, score in zip(places, scores, strict=True):
                rated[place] = score
        return rated

    def _frame(self, places: Sequence[int]) -> pl.DataFrame:
        columns = ("verifier", "reference", "task", "language", "question")
        return pl.DataFrame(
            {
                "completion_id": [f"{place:032x}" for place in places],
                "text": [self._texts[place] for place in places],
                **{name: [self._rows[place][name] for place in places] for name in columns},
            },
            schema_overrides={"completion_id": pl.String, "text": pl.String, **dict.fromkeys(columns, pl.String)},
        )


def _well_formed(measured: pl.DataFrame, rows: Sequence[Row]) -> pl.Series:
    """One thought in its tags with an answer behind it, or no thought where a prompt wants none."""
    unwanted = pl.Series([row["thinking"] is False for row in rows], dtype=pl.Boolean)
    bare = (pl.col("think_opens") == 0) & (pl.col("think_closes") == 0)
    return measured.select(pl.when(unwanted).then(bare).otherwise("think_in_order").alias("well"))["well"]


def _consistent(measured: pl.DataFrame, rows: Sequence[Row]) -> pl.Series:
    """Language consistency of the thought (Eq. 7), of the answer where no thought is wanted; 0 without a word."""
    unwanted = pl.Series([row["thinking"] is False for row in rows], dtype=pl.Boolean)
    share = pl.when(unwanted).then("answer_language_share").otherwise("language_share")
    return measured.select(share.fill_null(0.0).alias("share"))["share"]


def points(outcome: Outcome) -> float:
    """What a verdict is worth, `FAULT` where it says nothing of the completion."""
    return POINTS.get(Outcome(outcome), FAULT)


def rater(row: Row, models: Mapping[str, object]) -> str | None:
    """Which reward model rates a completion (3.2.2: each general prompt belongs to one of the two)."""
    if row["verifier"] not in UNRULED:
        return None
    wanted = "safety" if row["category"] == "safety" else "helpfulness"
    return wanted if wanted in models else None
