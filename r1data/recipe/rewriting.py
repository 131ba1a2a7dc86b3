"""Rewriting: what a second model makes of replies that are right: readable thoughts, and summaries of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from r1data.recipe.recipe import FilePrompts, Model, Recipe, Sampling, Template, Verification
from r1data.recipe.selection import Contamination, Duplicates, Selection
from r1data.recipe.strict import Strict

Step = Literal["translate", "thought", "summary"]
Mendable = Literal["mixed_language", "long_paragraph", "messy_code", "repetition", "format"]


class Easy(Strict):
    """When a question is so easy that its thought should be short: all of these must hold."""

    pass_rate: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Least share of correct ones among the question's judged draws."""
    draws: Annotated[int, Field(ge=1)] = 2
    """Least number of judged draws: one lucky draw says little."""
    question: Annotated[int, Field(ge=1)] = 80
    """Most columns of the question; a Chinese, Japanese or Korean character takes two."""


class Style(Strict):
    """Where the checks of style (`r1data.style`) draw their lines."""

    longest_paragraph: Annotated[int, Field(ge=1)] = 600
    """Most columns of one line of the thought; a Chinese, Japanese or Korean character takes two."""
    brief_sentences: Annotated[int, Field(ge=1)] = 3
    """Most sentences of the thought about a very easy question (R1 paper, Listing 3)."""


class Rewrite(Strict):
    """Replies that are right, rewritten by a second model (R1 paper, B.3.2). Changing who rewrites or how makes new
    rewrites; changing thresholds does not.
    """

    model: Model
    """Who rewrites: an instruct model, since it must follow a request."""
    seed: int = 0
    steps: tuple[Step, ...] = ("translate", "thought", "summary")
    """In this order. `translate` the thought where it is not in the question's language, write the `thought` anew,
    write the `summary` from the thought alone."""
    easy: Easy | None = Easy()
    """Very easy questions get a short thought and solution in place of these steps; null for none."""
    only_where_needed: bool = False
    """Leave a thought as it is where it passes the checks of style already; the summary is written all the same."""
    mends: tuple[Mendable, ...] = ("mixed_language", "long_paragraph")
    """Correct replies that were rejected for these reasons alone are rewritten beside the kept ones."""
    tries: Annotated[int, Field(ge=1)] = 3
    """Most attempts at one step; the last one counts, whatever it is like."""
    on_failure: Literal["drop", "keep_original"] = "drop"
    """What becomes of a reply whose last attempt has lost the answer or fails the checks: its row holds that attempt,
    which selection then rejects, or the original, which is decided like any other."""
    examples: Annotated[int, Field(ge=0)] = 2
    """Most worked examples that are shown before each request."""
    temperature: Annotated[float, Field(ge=0)] = 0.7
    top_p: Annotated[float, Field(gt=0, le=1)] = 0.95
    max_tokens: Annotated[int, Field(ge=1)] = 8192
    """Of one step."""
    style: Style = Style()
    verification: Verification = Verification()
    duplicates: Duplicates = Duplicates()
    contamination: Contamination = Contamination()
    selection: Selection = Selection()

    @field_validator("model", mode="before")
    @classmethod
    def _model_by_name(cls, model: object) -> object:
        return {"id": model} if isinstance(model, str) else model

    @field_validator("steps")
    @classmethod
    def _ends_with_a_summary(cls, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        order = ("translate", "thought", "summary")
        if not steps or list(steps) != [step for step in order if step in steps]:
            raise ValueError(f"name some of {', '.join(order)}, each once and in this order")
        return steps

    def recipe(self, name: str, origins: tuple[str, ...], folder: Path) -> Recipe:
        """The recipe that the workspace of the rewrites holds: its prompts are those of the parts `origins`, beside it,
        and each of their replies is drawn once.
        """
        return Recipe(
            name=name, seed=self.seed, model=self.model,
            prompts=tuple(FilePrompts(kind="file", name=one, path=f"../{one}/prompts.parquet") for one in origins),
            template=Template(),
            sampling=Sampling(draws=1, temperature=self.temperature, top_p=self.top_p, max_tokens=self.max_tokens),
            verification=self.verification, duplicates=self.duplicates, contamination=self.contamination,
            selection=self.selection, folder=folder,
        )  # fmt: skip
