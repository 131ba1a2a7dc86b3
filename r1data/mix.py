"""A mix, top to bottom: each part in a workspace of its own, then what they keep as one dataset."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml

from r1data import __version__
from r1data.engines import Standby
from r1data.errors import WorkspaceError
from r1data.given_run import run_given
from r1data.progress import Progress
from r1data.recipe import (
    Mix,
    Part,
    Recipe,
    RecipePart,
    RepliesPart,
    RewritePart,
    Runtime,
    fingerprint,
    read_mix,
    read_recipe,
    scaled_recipe,
    scaled_replies,
)
from r1data.report import Funnel
from r1data.report.mix_card import MixFacts
from r1data.rewrite_run import run_rewrite
from r1data.run import run
from r1data.stages import Origin, open_given, open_job, open_rewrite
from r1data.stages.merge import Merging, merge
from r1data.standing_in import rewriting_stand_in, with_stand_ins
from r1data.store import Workspace
from r1data.store.files import write_text
from r1data.store.mix_folder import KIND, part_folder


@dataclass(frozen=True, slots=True)
class MixJob:
    """What to make, where, for whom; `scale` is how large it is in comparison with what the mix's file says."""

    mix: Mix
    runtime: Runtime
    root: Path
    progress: Progress
    scale: float = 1.0

    def workspace(self, name: str) -> Workspace:
        """Where a part is made."""
        return Workspace(part_folder(self.root, name))

    @property
    def fingerprint(self) -> str:
        """Fingerprint of what the mix asks for."""
        return fingerprint({"mix": self.mix.model_dump(mode="json", by_alias=True), "scale": self.scale})


@dataclass(frozen=True, slots=True)
class MixResult:
    """How a mix came out: the funnel of every part that was made, and the merge (None where it was left out)."""

    funnels: dict[str, Funnel]
    merging: Merging | None
    seconds: float


def open_mix(path: Path, runtime: Runtime, root: Path, progress: Progress, scale: float = 1.0) -> MixJob:
    """Read a mix. Nothing is written yet.

    Raises:
        RecipeError: the file, or that of a part's recipe, does not fit.
    """
    job = MixJob(read_mix(path, scale=scale), runtime, root, progress, scale)
    for part in job.mix.parts:
        if isinstance(part, RecipePart):
            recipe_of(job, part)  # a mistake in the last part shows before the first one is sampled
    return job


def recipe_of(job: MixJob, part: RecipePart) -> Recipe:
    """The recipe of a part as it is run here: in its size, with its changes and with what stands in for its model."""
    changes = [f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in part.changes.items()]
    recipe = scaled_recipe(read_recipe(job.mix.folder / part.recipe, changes), job.scale)
    return with_stand_ins(recipe.model_copy(update={"name": part.name}), job.runtime, part.name)


def run_mix(
    job: MixJob, only: Iterable[str] = (), *, merging: bool = True, retry_failed: bool = False, top_up: bool = False
) -> MixResult:
    """Make the parts with these names or of these groups (all by default), then merge what all parts keep.

    A run that was stopped at any point is finished by calling this again: parts go on where they stopped.
    """
    started = time.monotonic()
    begin_mix(job)
    made: dict[str, Funnel] = {}
    with Standby() as standby:
        for part in in_turn(job, job.mix.chosen(only)):
            made[part.name] = make_part(job, part.name, retry_failed=retry_failed, top_up=top_up, standby=standby)
    funnels = {part.name: made[part.name] for part in job.mix.parts if part.name in made}
    merged = merge_parts(job) if merging else None
    return MixResult(funnels, merged, time.monotonic() - started)


def begin_mix(job: MixJob) -> None:
    """Say in its folder what is being made, before the first part is there; what is known of a merge stays."""
    with Workspace(job.root).locked():
        known = Workspace(job.root).read_manifest().get("parts", [])
        _write_manifest(job, [name for name in known if any(part.name == name for part in job.mix.parts)])


def _write_manifest(job: MixJob, merged: Iterable[str]) -> None:
    """`recipe` is the fingerprint of what the mix asks for and of what made each part that is merged."""
    merged = list(merged)
    parts = {name: job.workspace(name).read_manifest().get("recipe") for name in merged}
    manifest = {
        "r1data": __version__, "kind": KIND, "name": job.mix.name,
        "recipe": fingerprint({"mix": job.fingerprint, "parts": parts}), "seed": job.mix.seed, "scale": job.scale,
        "all_parts": [part.name for part in job.mix.parts], "parts": merged,
    }  # fmt: skip
    write_text(job.root / "mix.yaml", _yaml(job))
    write_text(job.root / "manifest.json", json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")


def _yaml(job: MixJob) -> str:
    text: str = yaml.safe_dump(job.mix.model_dump(mode="json", by_alias=True), sort_keys=False, allow_unicode=True)
    return text


def in_turn(job: MixJob, parts: Sequence[Part]) -> Iterator[Part]:
    """The order in which parts are made: what is rewritten before its rewriting, and else those of one model together,
    so that its engine is started once. What comes out does not hang on it.

    Where the engine changes, a model comes first whose parts need nothing that another has still to make.
    """
    writers = {part.name: _writer(job, part) for part in parts}
    waiting, model = list(parts), ""
    while waiting:
        names = {part.name for part in waiting}
        needs = {part.name: names & set(part.of) if isinstance(part, RewritePart) else set() for part in waiting}
        held_up = {writers[name] for name, of in needs.items() if any(writers[one] != writers[name] for one in of)}
        ready = [part for part in waiting if not needs[part.name]]
        same = (part for part in ready if writers[part.name] == model)
        free = (part for part in ready if writers[part.name] not in held_up)
        part = next(same, None) or next(free, ready[0])
        model = writers[part.name]
        waiting.remove(part)
        yield part


def _writer(job: MixJob, part: Part) -> str:
    """The model that a part keeps busy."""
    match part:
        case RecipePart():
            recipe = recipe_of(job, part)
            return recipe.model.placed(recipe.folder)
        case RewritePart():
            return rewriting_stand_in(part, job.runtime, part.name, job.mix.folder).model.placed(job.mix.folder)
        case RepliesPart():
            recipe = with_stand_ins(part.recipe(part.name, job.mix.folder), job.runtime)
            judge = recipe.verification.judge.model
            return judge.placed(recipe.folder) if judge else ""


def make_part(
    job: MixJob, name: str, *, retry_failed: bool = False, top_up: bool = False, standby: Standby | None = None
) -> Funnel:
    """Make one part in its workspace; what it rewrites has been made before. With `standby` its engine stays on."""
    part = job.mix.part(name)
    job.progress.say(f"part {name} ({part.group})")
    workspace = job.workspace(name)
    match part:
        case RecipePart():
            whole = open_job(recipe_of(job, part), job.runtime, workspace.root, job.progress, standby=standby)
            return run(whole, retry_failed=retry_failed, top_up=top_up).funnel
        case RewritePart():
            settings = rewriting_stand_in(part, job.runtime, name, job.mix.folder)
            origins = [Origin(one, Workspace.existing(job.workspace(one).root)) for one in part.of]
            rewriting = open_rewrite(
                settings, name, part.of, job.mix.folder, job.runtime, workspace.root, job.progress, standby=standby
            )  # fmt: skip
            return run_rewrite(rewriting, origins, retry_failed=retry_failed).funnel
        case RepliesPart():
            replies, folder = scaled_replies(part, job.scale), job.mix.folder
            given = open_given(replies, name, folder, job.runtime, workspace.root, job.progress, standby=standby)
            return run_given(given, retry_failed=retry_failed).funnel


def merge_parts(job: MixJob) -> Merging:
    """Merge what the parts keep that have been made so far.

    Raises:
        WorkspaceError: none has been made.
    """
    offering = {part.name: job.workspace(part.name).root for part in job.mix.offering}
    made = {name: root for name, root in offering.items() if (root / "dataset" / "data").is_dir()}
    if not made:
        raise WorkspaceError(f"{job.root}: no part of the mix has been made", "run it without --only, or name a part")
    for name in offering.keys() - made.keys():
        job.progress.say(f"part {name} has not been made: the merge goes on without it")
    own = Workspace(job.root)
    with own.locked():
        _write_manifest(job, made)
        return merge(made, job.mix.merge, job.mix.seed, job.root, job.progress, _facts(job))


def _facts(job: MixJob) -> MixFacts:
    scale = "" if job.scale == 1 else f" --scale {job.scale:g}"
    return MixFacts(
        name=job.mix.name,
        mix_yaml=_yaml(job),
        command=f"r1data run {job.mix.name}.yaml{scale}",
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
        seed=job.mix.seed,
        groups={part.name: part.group for part in job.mix.parts},
    )
