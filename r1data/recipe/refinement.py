"""Refinement: the part of a recipe that says what is kept of replies that are there already."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from r1data.recipe.recipe import Recipe, Verification
from r1data.recipe.selection import Contamination, Duplicates, Selection
from r1data.recipe.strict import Strict

DECIDED_BY = "r1data.refinement"
"""Key of a refined table's metadata: the settings that it was decided by, as JSON."""


class Refinement(Strict):
    """How replies are checked, compared and chosen. Every recipe holds one; a file may hold nothing else."""

    seed: int = 0
    verification: Verification = Verification()
    duplicates: Duplicates = Duplicates()
    contamination: Contamination = Contamination()
    selection: Selection = Selection()
    folder: Path = Field(default=Path(), exclude=True)
    """Where it was read from: relative paths start here."""

    @classmethod
    def of(cls, recipe: Recipe) -> Refinement:
        """What a whole recipe says of it."""
        return cls(**{name: getattr(recipe, name) for name in cls.model_fields})

    def told(self) -> str:
        """The settings as JSON, without the places of files: a table that holds them may be handed on."""
        return self.model_dump_json(exclude={"contamination": {"benchmarks": {"__all__": {"path"}}}})

    def resolve(self, path: str) -> Path:
        """A path of the recipe as an absolute one."""
        return (self.folder / Path(path).expanduser()).resolve()
