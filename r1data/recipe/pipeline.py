"""A pipeline: models and datasets made from each other, stage after stage, and every model measured on the same
held-out prompts. The whole of R1 is one (R1 paper, Fig. 2).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from r1data.errors import RecipeError
from r1data.recipe.merging import Merge
from r1data.recipe.mix import Part
from r1data.recipe.recipe import Model, Source, Template
from r1data.recipe.strict import Strict
from r1data.recipe.training import Grpo, RewardModelling, Sft


class HeldOut(Strict):
    """How every model is measured. No stage may ask these questions."""

    prompts: Annotated[tuple[Source, ...], Field(min_length=1)]
    draws: Annotated[int, Field(ge=1)] = 4
    """Completions of each prompt."""
    temperature: Annotated[float, Field(gt=0)] = 0.6
    top_p: Annotated[float, Field(gt=0, le=1)] = 0.95
    max_tokens: Annotated[int, Field(ge=1)] = 32768
    template: Template = Template()


class Data(Strict):
    """A stage that makes a dataset: a mix, whose recipes may name models and stages of the pipeline."""

    kind: Literal["data"]
    name: str
    parts: Annotated[tuple[Part, ...], Field(min_length=1)]
    merge: Merge = Merge()


Stage = Annotated[Data | Sft | Grpo | RewardModelling, Field(discriminator="kind")]


class Pipeline(Strict):
    """What to make of which models, in which order."""

    name: str
    seeds: Annotated[tuple[int, ...], Field(min_length=1)] = (0,)
    """The whole is made once for each."""
    models: Annotated[dict[str, Model], Field(min_length=1)]
    """The models that there are at first, by the names that stages know them by."""
    held_out: HeldOut
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]
    """In their order. `model` of a training and of a part's recipe, `data` of an SFT, and the reward models of a GRPO
    may name a stage before it."""
    labels: dict[str, str] = {}
    """What models are called in the table, by their names; by default the names themselves."""
    folder: Path = Field(default=Path(), exclude=True)
    """Where the pipeline was read from. Set by the reader, no part of the identity."""

    @field_validator("models", mode="before")
    @classmethod
    def _models_by_name(cls, given: object) -> object:
        if not isinstance(given, dict):
            return given
        return {name: {"id": one} if isinstance(one, str) else one for name, one in given.items()}

    @model_validator(mode="after")
    def _stages_fit_together(self) -> Pipeline:
        seen = set(self.models)
        for stage in self.stages:
            if not stage.name or any(not (c.isalnum() or c in "-_") for c in stage.name):
                raise ValueError(
                    f"stage {stage.name!r}: a name of letters, digits, '-' and '_' is needed: it names a folder"
                )
            if stage.name in seen:
                raise ValueError(f"two models or stages are called {stage.name}")
            for name in needed(stage):
                if name not in seen:
                    raise ValueError(f"stage {stage.name} needs {name}, which is no model and no stage before it")
            seen.add(stage.name)
        return self

    @property
    def measured(self) -> tuple[str, ...]:
        """Names of the models that are measured: those that write, each of the beginning before what is made of it."""
        order: dict[str, None] = {}
        for stage in self.stages:
            if isinstance(stage, Sft | Grpo):
                first = [stage.model.id] if stage.model.id in self.models else []
                order |= dict.fromkeys([*first, str(stage.name)])
        return tuple(order | dict.fromkeys(self.models))

    def stage(self, name: str) -> Data | Sft | Grpo | RewardModelling:
        """The stage of this name.

        Raises:
            RecipeError: there is none.
        """
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise RecipeError(
            f"{self.name}: there is no stage {name}", f"known: {', '.join(str(s.name) for s in self.stages)}"
        )


def needed(stage: Data | Sft | Grpo | RewardModelling) -> Iterator[str]:
    """Names that a stage's own settings refer to. (Recipes of a data stage's parts are read later.)"""
    if isinstance(stage, Data):
        return
    yield stage.model.id
    if isinstance(stage, Sft):
        yield from (name for name in stage.data if not _is_path(name))
    if isinstance(stage, Grpo) and stage.general is not None:
        raters = (stage.general.helpfulness, stage.general.safety)
        yield from (name for name in raters if name is not None and not _is_path(name))


def _is_path(name: str) -> bool:
    return name.startswith((".", "/", "~"))
