"""A pipeline, top to bottom: each stage in a folder of its own, each model measured when it is there.

A run that was stopped goes on where it was: stages that are done are found done, a training goes on from its last
checkpoint, a dataset with the draws that it has.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from r1data import __version__
from r1data.engines import Standby
from r1data.held_out import require_unseen
from r1data.mix import MixJob, begin_mix, in_turn, make_part, merge_parts, recipe_of
from r1data.model import model_fingerprint
from r1data.progress import Progress
from r1data.recipe import (
    Data,
    FilePrompts,
    Grpo,
    Mix,
    Model,
    Pipeline,
    Recipe,
    RecipePart,
    RepliesPart,
    RewardModelling,
    Runtime,
    Sampling,
    Sft,
    StandIn,
    fingerprint,
    fingerprint_file,
    read_pipeline,
)
from r1data.report.model_table import markdown
from r1data.report.pipeline_page import pictures, render_pipeline_page
from r1data.report.training_page import write_training_page
from r1data.run import run
from r1data.scores import Scores, scores
from r1data.sources.finding import find_files
from r1data.stages import open_job
from r1data.store import Workspace
from r1data.store.files import write_parquet, write_text
from r1data.train import open_training, train
from r1data.train_inputs import data_files
from r1data.trained import TrainingFolder


@dataclass(frozen=True, slots=True)
class PipelineJob:
    """What to make, where, for whom."""

    pipeline: Pipeline
    runtime: Runtime
    root: Path
    progress: Progress

    def model(self, seed: int, name: str) -> Path | str:
        """Where the model of this name is, for one seed: a folder, or for one of the first models a name on the Hub."""
        if name in self.pipeline.models:
            one = self.pipeline.models[name]
            return Path(one.placed(self.pipeline.folder)) if one.is_folder else one.id
        return TrainingFolder(self.training(seed, name)).model

    def training(self, seed: int, name: str) -> Path:
        """The folder of a training."""
        return self._of(seed) / "models" / name

    def data(self, seed: int, name: str) -> Path:
        """The folder of a dataset."""
        return self._of(seed) / "data" / name

    def held_out(self, seed: int, name: str) -> Path:
        """The workspace of a model's measurement."""
        return self._of(self.measured_with(seed, name)) / "held-out" / name

    def measured_with(self, seed: int, name: str) -> int:
        """The seed that a model is sampled with. One that the pipeline begins with is the same for all, so it is
        measured once.
        """
        return self.pipeline.seeds[0] if name in self.pipeline.models else seed

    def _of(self, seed: int) -> Path:
        return self.root / f"seed-{seed}"


@dataclass(frozen=True, slots=True)
class PipelineResult:
    """How a pipeline came out: the scores of every model by seed, and the seconds of this run."""

    scores: dict[int, dict[str, Scores]]
    seconds: float


def open_pipeline(path: Path, runtime: Runtime, root: Path, progress: Progress, changes: list[str]) -> PipelineJob:
    """Read a pipeline and everything that it names. Nothing is written yet.

    Raises:
        RecipeError: a file does not fit, or a stage asks what is held out.
    """
    job = PipelineJob(read_pipeline(path, changes), runtime, root.resolve(), progress)
    _require_held_out(job)
    return job


def run_pipeline(job: PipelineJob) -> PipelineResult:
    """Make every stage, for every seed, and the page that compares the models."""
    started = time.monotonic()
    begin_pipeline(job)
    for seed in job.pipeline.seeds:
        with Standby() as standby:
            for name in job.pipeline.models:
                measure(job, seed, name, standby)
            for stage in job.pipeline.stages:
                make_stage(job, seed, str(stage.name), standby)
        write_page(job)
    return PipelineResult(all_scores(job), time.monotonic() - started)


def begin_pipeline(job: PipelineJob) -> None:
    """Say in its folder what is being made."""
    with Workspace(job.root).locked():
        what = {"r1data": __version__, "kind": "pipeline", "name": job.pipeline.name}
        write_text(job.root / "manifest.json", json.dumps(what, indent=2) + "\n")
        text: str = yaml.safe_dump(
            job.pipeline.model_dump(mode="json", by_alias=True), sort_keys=False, allow_unicode=True
        )
        write_text(job.root / "pipeline.yaml", text)


def make_stage(job: PipelineJob, seed: int, name: str, standby: Standby | None = None) -> None:
    """Make one stage; what it needs has been made before. A model that writes is measured at once, while its engine is
    there for the stages that sample from it.
    """
    stage = job.pipeline.stage(name)
    job.progress.say(f"stage {name} ({stage.kind}), seed {seed}")
    match stage:
        case Data():
            _make_data(job, seed, stage, standby)
        case Sft() | Grpo() | RewardModelling():
            if standby is not None and not TrainingFolder(job.training(seed, name)).is_done:
                standby.stop()  # an engine and a training would take the machine from each other
            train(
                open_training(_placed(job, seed, stage), job.runtime.training, job.training(seed, name), job.progress)
            )
            write_training_page(job.training(seed, name))
            if not isinstance(stage, RewardModelling):
                measure(job, seed, name, standby)


def measure(job: PipelineJob, seed: int, name: str, standby: Standby | None = None) -> Scores:
    """Sample a model on the held-out prompts, as any dataset is sampled, and say how it did."""
    root, seed = job.held_out(seed, name), job.measured_with(seed, name)
    recipe = held_out_recipe(job, seed, name)
    identity = fingerprint(
        {
            "recipe": _content(recipe), "model": model_fingerprint(recipe.model, recipe.resolve),
            "files": list(_files(recipe)),
        }
    )  # fmt: skip
    by_prompt = root / "scores.parquet"
    if _read(root / "scores.json").get("made_of") != identity or not by_prompt.exists():
        job.progress.say(f"{name} on the held-out prompts, seed {seed}")
        run(open_job(recipe, job.runtime, root, job.progress, standby=standby))
        found = scores(Workspace.existing(root))
        write_parquet(by_prompt, found.by_prompt)
        write_text(root / "scores.json", json.dumps({"made_of": identity, **found.as_dict()}, indent=2) + "\n")
    return Scores(pl.read_parquet(by_prompt))


def held_out_recipe(job: PipelineJob, seed: int, name: str) -> Recipe:
    """The recipe by which a model is measured. Every prompt stays, whatever an audit would say of it."""
    asked, place = job.pipeline.held_out, job.model(seed, name)
    sampling = Sampling(
        draws=asked.draws, temperature=asked.temperature, top_p=asked.top_p, max_tokens=asked.max_tokens
    )
    return Recipe(
        name=f"{job.pipeline.name}-{name}", seed=seed, model=Model(id=str(place)), prompts=asked.prompts,
        template=asked.template, sampling=sampling, folder=job.pipeline.folder,
        audit={"rules": (), "reference": False}, duplicates={"prompts": "keep"},  # type: ignore[arg-type]
    )  # fmt: skip


def all_scores(job: PipelineJob) -> dict[int, dict[str, Scores]]:
    """The scores that there are, by seed and model."""
    found: dict[int, dict[str, Scores]] = {}
    for seed in job.pipeline.seeds:
        for name in job.pipeline.measured:
            by_prompt = job.held_out(seed, name) / "scores.parquet"
            if by_prompt.exists():
                found.setdefault(seed, {})[name] = Scores(pl.read_parquet(by_prompt))
    return found


def write_page(job: PipelineJob) -> Path:
    """Write the page, the table as JSON and as Markdown, and the pictures; returns the page's path."""
    found = all_scores(job)
    table = {str(seed): {name: one.as_dict() for name, one in of.items()} for seed, of in found.items()}
    write_text(job.root / "scores.json", json.dumps(table, indent=2) + "\n")
    trainings = {
        (seed, str(stage.name)): TrainingFolder(job.training(seed, str(stage.name)))
        for seed in job.pipeline.seeds
        for stage in job.pipeline.stages
        if not isinstance(stage, Data)
    }
    write_text(job.root / "models.md", markdown(job.pipeline, found))
    for name, picture in pictures(job.pipeline, found, trainings):
        write_text(job.root / "pictures" / f"{name}.svg", picture)
    page = job.root / "report.html"
    write_text(page, render_pipeline_page(job.pipeline, found, trainings, list(_datasets(job))))
    return page


def _datasets(job: PipelineJob) -> Iterator[tuple[int, str, int, int]]:
    """Seed, name, offered and kept examples of each dataset that there is."""
    for seed in job.pipeline.seeds:
        for stage in job.pipeline.stages:
            merged = job.data(seed, str(stage.name)) / "merged.parquet"
            if isinstance(stage, Data) and merged.exists():
                counts = pl.scan_parquet(merged).select(offered=pl.len(), kept=pl.col("kept").sum()).collect()
                yield seed, stage.name, counts["offered"][0], counts["kept"][0]


def _make_data(job: PipelineJob, seed: int, stage: Data, standby: Standby | None) -> None:
    mixing = data_job(job, seed, stage)
    identity = _identity(mixing)
    if _read(mixing.root / "made.json").get("made_of") == identity:
        job.progress.say(f"{mixing.root} is made already")
        return
    begin_mix(mixing)
    for part in in_turn(mixing, mixing.mix.parts):
        make_part(mixing, part.name, standby=standby)
    merge_parts(mixing)
    write_text(mixing.root / "made.json", json.dumps({"made_of": identity}) + "\n")


def _identity(mixing: MixJob) -> str:
    """Fingerprint of what a dataset is made of: the mix, its recipes, their files, and the models that write."""
    parts = mixing.mix.parts
    recipes = [recipe_of(mixing, part) for part in parts if isinstance(part, RecipePart)]
    given = [part.recipe(part.name, mixing.mix.folder) for part in parts if isinstance(part, RepliesPart)]
    return fingerprint(
        {
            "mix": mixing.fingerprint,
            "recipes": [_content(recipe) for recipe in recipes],
            "models": [model_fingerprint(recipe.model, recipe.resolve) for recipe in recipes],
            "files": [digest for recipe in (*recipes, *given) for digest in _files(recipe)],
        }
    )


def _files(recipe: Recipe) -> Iterator[str]:
    """Digests of the files that a recipe reads, so that an edited one is noticed."""
    for source in recipe.prompts:
        if isinstance(source, FilePrompts):
            for _, path in find_files(source.path, recipe):
                yield fingerprint_file(path)


def _content(recipe: Recipe) -> dict[str, Any]:
    """A recipe without the place of its model, which says nothing of what the model is."""
    return recipe.model_dump(mode="json", exclude={"model"})


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def data_job(job: PipelineJob, seed: int, stage: Data) -> MixJob:
    """The mix that a stage asks for. Models of the pipeline stand in for their names in its recipes."""
    standing = {
        name: StandIn(model=Model(id=str(job.model(seed, name))))
        for name in (*job.pipeline.models, *(str(one.name) for one in job.pipeline.stages if not isinstance(one, Data)))
    }
    runtime = job.runtime.model_copy(update={"stand_ins": {**standing, **job.runtime.stand_ins}})
    parts = tuple(
        part.model_copy(update={"changes": {**part.changes, "seed": seed}}) if isinstance(part, RecipePart)
        else part.model_copy(update={"seed": seed})
        for part in stage.parts
    )  # fmt: skip
    mix = Mix(name=stage.name, seed=seed, parts=parts, merge=stage.merge, folder=job.pipeline.folder)
    return MixJob(mix, runtime, job.data(seed, stage.name), job.progress)


def _placed(job: PipelineJob, seed: int, stage: Sft | Grpo | RewardModelling) -> Sft | Grpo | RewardModelling:
    """A training with the places of what it names."""
    update: dict[str, object] = {
        "model": Model(id=str(job.model(seed, stage.model.id))), "seed": seed, "folder": job.pipeline.folder,
    }  # fmt: skip
    if isinstance(stage, Sft):
        named = {str(one.name) for one in job.pipeline.stages if isinstance(one, Data)}
        update["data"] = tuple(str(job.data(seed, name)) if name in named else name for name in stage.data)
    if isinstance(stage, Grpo) and stage.general is not None:
        rated = {
            key: str(job.model(seed, name))
            for key in ("helpfulness", "safety")
            if (name := getattr(stage.general, key)) is not None and not name.startswith((".", "/", "~"))
        }
        update["general"] = stage.general.model_copy(update=rated)
    return stage.model_copy(update=update)


# --- what no stage may see --------------------------------------------------------------------------------------


def _require_held_out(job: PipelineJob) -> None:
    """Refuse a stage that learns from a question that models are measured by.

    Raises:
        RecipeError: one does.
    """
    stages, seed = job.pipeline.stages, job.pipeline.seeds[0]
    held = held_out_recipe(job, seed, next(iter(job.pipeline.models)))
    asked = [one for stage in stages for one in _asked(job, seed, stage)]
    require_unseen(held, asked, [one for stage in stages for one in _shown(job, stage)])


def _asked(job: PipelineJob, seed: int, stage: Data | Sft | Grpo | RewardModelling) -> Iterator[tuple[str, Recipe]]:
    """The prompts of a stage."""
    if isinstance(stage, Grpo):
        prompts = (*stage.prompts, *(stage.general.prompts if stage.general is not None else ()))
        yield f"stage {stage.name}", Recipe(name="grpo", model=stage.model, prompts=prompts, folder=job.pipeline.folder)
    if isinstance(stage, Data):
        mixing = data_job(job, seed, stage)
        for part in mixing.mix.parts:
            if isinstance(part, RecipePart):
                yield f"stage {stage.name}, part {part.name}", recipe_of(mixing, part)
            elif isinstance(part, RepliesPart):
                yield f"stage {stage.name}, part {part.name}", part.recipe(part.name, mixing.mix.folder)


def _shown(job: PipelineJob, stage: Data | Sft | Grpo | RewardModelling) -> Iterator[tuple[str, Path]]:
    """The files of conversations that a stage learns from. Datasets of the pipeline ask what their recipes ask."""
    if not isinstance(stage, Sft | RewardModelling):
        return
    made = {str(one.name) for one in job.pipeline.stages if isinstance(one, Data)}
    given = stage.model_copy(update={"folder": job.pipeline.folder})
    for name in stage.data:
        if name not in made:
            yield from ((f"stage {stage.name}, {file}", file) for file in data_files(given.resolve(name), stage.kind))
