"""A mix: several parts, each made in a workspace of its own, and how what they keep becomes one dataset."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from r1data.errors import RecipeError
from r1data.recipe.merging import Merge
from r1data.recipe.recipe import GymPrompts, Recipe, Source
from r1data.recipe.replies import Replies
from r1data.recipe.rewriting import Rewrite
from r1data.recipe.strict import Strict

Group = Literal["cold_start", "reasoning", "general"]


class MixPart(Strict):
    """What every part has in common. Where several offer the same, the part that comes first keeps it."""

    name: str
    group: Group
    """Which of R1's three kinds of data it belongs to; `r1data run MIX --only GROUP` makes one of them."""

    @field_validator("name")
    @classmethod
    def _names_a_folder(cls, name: str) -> str:
        if not name or any(not (c.isalnum() or c in "-_") for c in name):
            raise ValueError("use letters, digits, '-' and '_' only: it names the part's folder")
        return name


class RecipePart(MixPart):
    """Prompts sampled and verified, as `r1data run RECIPE` does."""

    kind: Literal["recipe"]
    recipe: str
    """The recipe's file, relative to the mix."""
    changes: dict[str, Any] = Field({}, alias="set")
    """Keys of the recipe that are different here, with dots: `{sampling.draws: 8}`."""


class RewritePart(MixPart, Rewrite):
    """What other parts kept, rewritten by a second model."""

    kind: Literal["rewrite"]
    of: Annotated[tuple[str, ...], Field(min_length=1)]
    """Names of those parts; they come before this one, and offer nothing to the merge themselves."""


class RepliesPart(MixPart, Replies):
    """Conversations that exist already, such as another model's SFT data."""

    kind: Literal["replies"]


Part = Annotated[RecipePart | RewritePart | RepliesPart, Field(discriminator="kind")]


class Mix(Strict):
    """What to make of several parts."""

    name: str
    seed: int = 0
    parts: Annotated[tuple[Part, ...], Field(min_length=1)]
    merge: Merge = Merge()
    folder: Path = Field(default=Path(), exclude=True)
    """Where the mix was read from. Set by the reader, no part of the identity."""

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Mix:
        seen: list[str] = []
        for part in self.parts:
            if part.name in seen:
                raise ValueError(f"two parts are called {part.name}")
            missing = [name for name in part.of if name not in seen] if isinstance(part, RewritePart) else []
            if missing:
                raise ValueError(f"part {part.name} rewrites {missing[0]}, which should be a part before it")
            seen.append(part.name)
        return self

    def part(self, name: str) -> Part:
        """The part of this name."""
        return next(part for part in self.parts if part.name == name)

    @property
    def offering(self) -> tuple[Part, ...]:
        """The parts that the merge takes from: those that no other part rewrites."""
        rewritten = {name for part in self.parts if isinstance(part, RewritePart) for name in part.of}
        return tuple(part for part in self.parts if part.name not in rewritten)

    def chosen(self, only: Iterable[str]) -> tuple[Part, ...]:
        """The parts with these names or of these groups, and those that they rewrite; all where none is named.

        Raises:
            RecipeError: a name is none of either.
        """
        wanted = set(only)
        if not wanted:
            return self.parts
        known = {part.name for part in self.parts} | {part.group for part in self.parts}
        if unknown := sorted(wanted - known):
            raise RecipeError(
                f"--only {unknown[0]}: is no part and no group of {self.name}", f"known: {', '.join(sorted(known))}"
            )
        names = {part.name for part in self.parts if part.name in wanted or part.group in wanted}
        names |= {
            name for part in self.parts if isinstance(part, RewritePart) and part.name in names for name in part.of
        }
        return tuple(part for part in self.parts if part.name in names)


def scaled_recipe(recipe: Recipe, scale: float) -> Recipe:
    """The recipe with so many times as many prompts: sizes of procedural families and limits of sources, at least 1."""

    def sized(source: Source) -> Source:
        if isinstance(source, GymPrompts):
            return source.model_copy(update={"size": _scaled(source.size, scale)})
        if source.limit is None:
            return source
        return source.model_copy(update={"limit": _scaled(source.limit, scale)})

    return recipe.model_copy(update={"prompts": tuple(sized(source) for source in recipe.prompts)})


def scaled_replies(replies: Replies, scale: float) -> Replies:
    """The sets with so many times as many rows, where their number is limited."""
    sources = tuple(
        one if one.limit is None else one.model_copy(update={"limit": _scaled(one.limit, scale)})
        for one in replies.sources
    )
    return replies.model_copy(update={"sources": sources})


def _scaled(count: int, scale: float) -> int:
    return max(1, math.ceil(count * scale))
