"""A job: one recipe at work in one workspace, with everything that the stages share."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

import yaml

from r1data import __version__, measures, verifiers
from r1data.engines import Standby
from r1data.judging import Judge, judge_fingerprint, open_judge, quality_fingerprint
from r1data.model import LoadedModel, load_model, model_fingerprint, require_engine_for
from r1data.progress import Progress
from r1data.prompts import Renderer
from r1data.recipe import Model, Recipe, Runtime, fingerprint
from r1data.sampling import policy_fingerprint, route
from r1data.sources.benchmarks import Loaded
from r1data.stages.screen import load_items
from r1data.store import Workspace


class Named(Protocol):
    """What a model is called."""

    @property
    def name(self) -> str:
        """For people."""
        ...

    @property
    def fingerprint(self) -> str:
        """For identity."""
        ...


class Made(Protocol):
    """What deciding and assembling need of a job; a stored run has it too, without its model's files."""

    @property
    def recipe(self) -> Recipe:
        """What is made."""
        ...

    @property
    def workspace(self) -> Workspace:
        """Where it is."""
        ...

    @property
    def model(self) -> Named:
        """Who wrote it."""
        ...

    @property
    def grades(self) -> str:
        """Version of the verdicts and measures that count."""
        ...


def grades_of(recipe: Recipe) -> str:
    """Version of the verdicts and measures of a recipe: it changes when a verifier or a measure does."""
    return fingerprint(
        {
            "verifiers": verifiers.versions(),
            "measures": measures.VERSION,
            "verification": recipe.verification.model_dump(
                mode="json", exclude={"policy", "judge", "quality", "identity"}
            ),
        }
    )[:12]


def recipe_fingerprint(
    recipe: Recipe, prompt_ids: list[str], model: Named, grades: str, judging: str, appraising: str = ""
) -> str:
    """Fingerprint of everything that decides which rows come out; no path and no machine is in it."""
    what = recipe.model_dump(mode="json", include={"seed", "template", "sampling", "selection"})
    if recipe.audit.fill_references is not None:
        what["fill_references"] = recipe.audit.fill_references.model_dump(mode="json")
    checks = {"grades": grades, "judging": judging, "policy": recipe.verification.policy}
    if recipe.asks_quality:
        what["quality"] = recipe.verification.quality.model_dump(mode="json", exclude={"reward": {"id", "revision"}})
        checks["appraising"] = appraising
    return fingerprint({"recipe": what, "prompts": sorted(prompt_ids), "model": model.fingerprint, **checks})


@dataclass(frozen=True)
class Job:
    """What to make (`recipe`), where and how fast (`runtime`), for whom (`progress`)."""

    recipe: Recipe
    runtime: Runtime
    workspace: Workspace
    model: LoadedModel
    renderer: Renderer
    progress: Progress
    standby: Standby | None = field(default=None, kw_only=True)
    """Where the engine stays on between jobs."""

    @cached_property
    def benchmarks(self) -> Loaded:
        """The items that prompts and replies may not hold, loaded once for both."""
        return load_items(self.recipe, self.progress.say)

    @cached_property
    def route(self) -> str:
        """Fingerprint of what samples."""
        return route(self.recipe, self.model)

    @cached_property
    def draws(self) -> str:
        """Fingerprint of the policy: how many draws a prompt gets."""
        return policy_fingerprint(self.recipe.sampling.draws)

    @cached_property
    def grades(self) -> str:
        """Version of the verdicts and measures: it changes when a verifier or a measure does."""
        return grades_of(self.recipe)

    @cached_property
    def judge_model(self) -> LoadedModel:
        """The model that judges: the recipe's own where it names no other."""
        named = self.recipe.verification.judge.model
        same = named is None or named == self.recipe.model
        return self.model if same else load_model(self.recipe.model_copy(update={"model": named}))

    @cached_property
    def judge(self) -> Judge:
        """The judge of what rules cannot check."""
        return open_judge(self.judge_model, self.recipe.verification.judge)

    @cached_property
    def judging(self) -> str:
        """Version of the judge's verdicts: it changes when another model, template or setting may say otherwise."""
        return judge_fingerprint(self.judge_model, self.recipe.verification.judge)

    @cached_property
    def appraising(self) -> str:
        """Version of the points that answers without a reference get: of the judge, or of the reward model."""
        reward = self.recipe.verification.quality.reward
        if reward is None:
            return quality_fingerprint(self.judge_model, self.recipe.verification.judge)
        model = model_fingerprint(Model(id=reward.id, revision=reward.revision), self.recipe.resolve)
        return fingerprint({"reward": model, "api": reward.api})[:12]

    def recipe_fingerprint(self, prompt_ids: list[str]) -> str:
        """Fingerprint of everything that decides which rows come out; no path and no machine is in it."""
        return recipe_fingerprint(self.recipe, prompt_ids, self.model, self.grades, self.judging, self.appraising)

    def manifest(self, prompt_ids: list[str]) -> dict[str, object]:
        """What the workspace is about, as JSON."""
        return {
            "r1data": __version__,
            "name": self.recipe.name,
            "recipe": self.recipe_fingerprint(prompt_ids),
            "model": self.model.name,
            "model_fingerprint": self.model.fingerprint,
            "route": self.route,
            "draws": self.draws,
            "seed": self.recipe.seed,
            "grades": self.grades,
            "judging": self.judging,
            "appraising": self.appraising,
            "policy": self.recipe.verification.policy,
            "verifiers": verifiers.versions(),
            "measures": measures.VERSION,
        }

    def recipe_yaml(self) -> str:
        """The recipe with all its defaults written out."""
        text: str = yaml.safe_dump(self.recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
        return text


def open_job(
    recipe: Recipe, runtime: Runtime, root: Path, progress: Progress, *, standby: Standby | None = None
) -> Job:
    """Load what a job needs before it starts; nothing is written yet."""
    model = load_model(recipe)
    require_engine_for(model, runtime.engine)
    job = Job(recipe, runtime, Workspace(root), model, Renderer(model, recipe.template), progress, standby=standby)
    if recipe.asks_judge:
        assert job.judge  # so that a judge that cannot be one is refused now, and not after the sampling
        require_engine_for(job.judge_model, runtime.judge_engine or runtime.engine)
    return job
