"""A job: one recipe at work in one workspace, with everything that the stages share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from r1data import __version__, measures, verifiers
from r1data.model import LoadedModel, load_model
from r1data.progress import Progress
from r1data.prompts import Renderer
from r1data.recipe import Recipe, Runtime, fingerprint
from r1data.sampling import route
from r1data.store import Workspace


@dataclass(frozen=True)
class Job:
    """What to make (`recipe`), where and how fast (`runtime`), for whom (`progress`)."""

    recipe: Recipe
    runtime: Runtime
    workspace: Workspace
    model: LoadedModel
    renderer: Renderer
    progress: Progress

    @cached_property
    def route(self) -> str:
        """Fingerprint of what samples."""
        return route(self.recipe, self.model)

    @cached_property
    def grades(self) -> str:
        """Version of the verdicts and measures: it changes when a verifier or a measure does."""
        return fingerprint(
            {
                "verifiers": verifiers.versions(),
                "measures": measures.VERSION,
                "verification": self.recipe.verification,
            }
        )[:12]

    def recipe_fingerprint(self, prompt_ids: list[str]) -> str:
        """Fingerprint of everything that decides which rows come out; no path and no machine is in it."""
        recipe = self.recipe.model_dump(mode="json", include={"seed", "template", "sampling", "selection"})
        if self.recipe.audit.fill_references is not None:
            recipe["fill_references"] = self.recipe.audit.fill_references.model_dump(mode="json")
        return fingerprint(
            {"recipe": recipe, "prompts": sorted(prompt_ids), "model": self.model.fingerprint, "grades": self.grades}
        )

    def manifest(self, prompt_ids: list[str]) -> dict[str, object]:
        """What the workspace is about, as JSON."""
        return {
            "r1data": __version__,
            "name": self.recipe.name,
            "recipe": self.recipe_fingerprint(prompt_ids),
            "model": self.model.name,
            "model_fingerprint": self.model.fingerprint,
            "route": self.route,
            "grades": self.grades,
            "verifiers": verifiers.versions(),
            "measures": measures.VERSION,
        }

    def recipe_yaml(self) -> str:
        """The recipe with all its defaults written out."""
        text: str = yaml.safe_dump(self.recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
        return text


def open_job(recipe: Recipe, runtime: Runtime, root: Path, progress: Progress) -> Job:
    """Load what a job needs before it starts; nothing is written yet."""
    model = load_model(recipe)
    return Job(recipe, runtime, Workspace(root), model, Renderer(model, recipe.template), progress)
