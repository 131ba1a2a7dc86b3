"""Merge: what is kept of the examples that the parts of a mix offer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from r1data.recipe.strict import Strict

Rows = Annotated[int, Field(ge=0)]


class DomainQuota(Strict):
    """How much there may be of one domain: `rows` is what is wanted, and the most that is kept."""

    rows: Rows | None = None
    tokens: Annotated[int, Field(ge=1)] | None = None
    """Most tokens of replies, all examples of the domain together, as their engines counted them."""
    parts: dict[str, Rows] = {}
    """Most rows of the domain that come from these parts."""
    categories: dict[str, Rows] = {}
    """Most rows of the domain that have these categories."""

    def scaled(self, factor: float) -> DomainQuota:
        """The same proportions for a smaller or larger set; what is wanted at all stays at least 1."""
        return DomainQuota(
            rows=None if self.rows is None else _scaled(self.rows, factor),
            tokens=None if self.tokens is None else _scaled(self.tokens, factor),
            parts={name: _scaled(rows, factor) for name, rows in self.parts.items()},
            categories={name: _scaled(rows, factor) for name, rows in self.categories.items()},
        )


class Merge(Strict):
    """How a mix's parts become one set. The order of the parts is that of precedence."""

    quotas: dict[str, DomainQuota] = {}
    """By domain; a number is short for `{rows: NUMBER}`. A domain that is not named has no limit."""
    keep_per_prompt: Annotated[int, Field(ge=1)] | None = None
    """Most examples of one question, those of all parts together; earlier parts' come first."""
    longest: Annotated[int, Field(ge=1)] | None = None
    """Most tokens of a sample, question and reply together: the context of the training that it is for."""
    same_prompt: Literal["first_part", "every_part"] = "first_part"
    """Where several parts ask the same question: only the first of them answers it, or each may."""
    similarity: Annotated[float, Field(gt=0, le=1)] = 0.7
    """From which similarity on a reply is a duplicate of another one."""
    ngram: Annotated[int, Field(ge=1)] = 3
    """Words of the pieces that two replies are compared by."""
    scope: Literal["everywhere", "prompt"] = "everywhere"
    """Whether a reply may repeat one to another question."""
    test_share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of the questions whose examples are held back for tests."""
    validation_share: Annotated[float, Field(ge=0, lt=1)] = 0.0

    @field_validator("quotas", mode="before")
    @classmethod
    def _number_is_rows(cls, given: object) -> object:
        if not isinstance(given, dict):
            return given
        return {domain: {"rows": one} if isinstance(one, int) else one for domain, one in given.items()}

    @model_validator(mode="after")
    def _something_to_train_on(self) -> Merge:
        if self.test_share + self.validation_share >= 1:
            raise ValueError("test_share and validation_share together leave nothing to train on")
        return self

    def scaled(self, factor: float) -> Merge:
        """The same mix in another size: every quota and budget times `factor`, nothing else."""
        return self.model_copy(update={"quotas": {name: one.scaled(factor) for name, one in self.quotas.items()}})


def _scaled(count: int, factor: float) -> int:
    return max(round(count * factor), 1) if count else 0
