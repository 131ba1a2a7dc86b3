"""Standing in: recipes with other models in the place of those that they name, as a runtime says."""

from __future__ import annotations

import os
from pathlib import Path

from r1data.recipe import Model, Recipe, Rewrite, Runtime, StandIn


def stand_in_for(runtime: Runtime, model: Model, part: str | None, folder: Path) -> StandIn | None:
    """What stands in for a model, its place told from `folder`; what the part of this name says comes first."""
    one = runtime.stand_ins.get(part or "") or runtime.stand_ins.get(model.id)
    if one is None or not one.model.is_folder:
        return one
    # Recipes go into cards: where things lie on this machine is nobody's business there.
    place = Path(os.path.relpath(one.model.id, folder.resolve())).as_posix()
    place = place if place.startswith(".") else f"./{place}"
    return one.model_copy(update={"model": one.model.model_copy(update={"id": place})})


def with_stand_ins(recipe: Recipe, runtime: Runtime, part: str | None = None) -> Recipe:
    """The recipe as it is sampled and judged where this runtime is."""
    changes: dict[str, object] = {}
    if one := stand_in_for(runtime, recipe.model, part, recipe.folder):
        changes["model"] = one.model
        if one.template is not None:
            changes["template"] = one.template
        if one.max_tokens is not None:
            short = min(one.max_tokens, recipe.sampling.max_tokens)
            caps = tuple(cap for cap in recipe.sampling.caps if cap < short)
            changes["sampling"] = recipe.sampling.model_copy(update={"max_tokens": short, "caps": caps})
    judge = recipe.verification.judge
    if judge.model is not None and (one := stand_in_for(runtime, judge.model, None, recipe.folder)):
        heard = recipe.verification.model_copy(update={"judge": judge.model_copy(update={"model": one.model})})
        changes["verification"] = heard
    return recipe.model_copy(update=changes) if changes else recipe


def rewriting_stand_in(settings: Rewrite, runtime: Runtime, part: str, folder: Path) -> Rewrite:
    """The same for a part that rewrites, whose paths start at `folder`."""
    one = stand_in_for(runtime, settings.model, part, folder)
    if one is None:
        return settings
    return settings.model_copy(
        update={"model": one.model, "max_tokens": min(one.max_tokens or settings.max_tokens, settings.max_tokens)}
    )
