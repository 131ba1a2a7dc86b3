"""Quality: how good an answer must be that nothing can be compared with, and whom general prompts may expect."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from r1data.recipe.strict import Strict

ASKS_A_MODEL = ("judge", "quality")
"""Verifiers that are a model: no rule speaks of their prompts."""


class RewardModel(Strict):
    """A reward model that gives each answer a number, in the place of the judge's points."""

    id: str
    """A folder (beginning with `.`, `/` or `~`), a name on the Hub, or what its server calls it."""
    revision: str | None = None
    api: Literal["classify", "pooling", "score"] = "classify"
    """What its server is asked: `classify` and `pooling` are vLLM's (a conversation in, a number out), `score` is the
    common form of rerankers (question and answer in, a number out).
    """
    threshold: float = 0.0
    """Least number of an answer that is good enough, on the scale of this model."""


class Quality(Strict):
    """From which number of points on an answer is good enough; the judge of `verification.judge` gives 1 to 10.

    Changing a threshold asks nobody anything again.
    """

    threshold: Annotated[float, Field(ge=1, le=10)] = 7.0
    by_category: dict[str, Annotated[float, Field(ge=1, le=10)]] = {}
    """Thresholds of single categories."""
    reward: RewardModel | None = None

    def threshold_of(self, category: str | None) -> float:
        """The threshold for a prompt of this category; a reward model has one for all."""
        if self.reward is not None:
            return self.reward.threshold
        return self.by_category.get(category or "", self.threshold)


class Identity(Strict):
    """Who the assistant says it is. A prompt that asks for it is checked by rule (verifier `identity`)."""

    name: Annotated[str, Field(min_length=1)]
    maker: Annotated[str, Field(min_length=1)]
    also: tuple[str, ...] = ()
    """Other spellings of either, such as the Chinese ones."""
