"""Re-verify: what is stored is measured and verified anew, without sampling, and what that changes is told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import polars as pl

from r1data import measures, verifiers
from r1data.errors import WorkspaceError
from r1data.progress import Progress
from r1data.recipe import Recipe, read_recipe
from r1data.report import Funnel
from r1data.selection import combined
from r1data.stages.assemble import assemble, decided_anew
from r1data.stages.grade import Grader
from r1data.stages.job import grades_of, recipe_fingerprint
from r1data.store import Workspace
from r1data.verifiers import VerifierPool
from schemas import FinishReason

KEPT = "kept"
UNJUDGED = "no verdict"


@dataclass(frozen=True, slots=True)
class StoredModel:
    """The model as the manifest names it."""

    name: str
    fingerprint: str


@dataclass(frozen=True)
class StoredRun:
    """A run as it is in its workspace: nothing of it needs the model's files."""

    recipe: Recipe
    workspace: Workspace
    model: StoredModel

    @cached_property
    def grades(self) -> str:
        """Version of verdicts and measures as they would be made now."""
        return grades_of(self.recipe)


@dataclass(frozen=True, slots=True)
class Change:
    """What verifying anew changes: `verdicts` and `decisions` count (before, after) pairs, `moved` lists the rows."""

    rows: int
    verdicts: pl.DataFrame
    decisions: pl.DataFrame
    moved: pl.DataFrame

    @property
    def comes(self) -> int:
        """Rows that are kept now and were not."""
        return self.moved.filter(pl.col("after") == KEPT).height

    @property
    def goes(self) -> int:
        """Rows that were kept and are not any more."""
        return self.moved.filter(pl.col("before") == KEPT).height


def stored_run(workspace: Workspace) -> StoredRun:
    """Read what a workspace says about itself.

    Raises:
        WorkspaceError: there has been no run in it.
    """
    manifest = workspace.read_manifest()
    path = workspace.root / "recipe.yaml"
    if not manifest or not path.is_file():
        raise WorkspaceError(f"{workspace.root}: holds no run", "name the folder of a run with -w")
    model = StoredModel(manifest["model"], manifest["model_fingerprint"])
    return StoredRun(read_recipe(path), workspace, model)


def reverify(run: StoredRun, pool: VerifierPool, progress: Progress, *, write: bool) -> Change:
    """Grade every stored draw of the recipe anew and compare. With `write`, the new grades, decisions, dataset and
    report take the place of the old ones; without, nothing is written.
    """
    workspace = run.workspace
    before = workspace.tables()
    old_outcomes = combined(before.verdicts, before.policy).select("completion_id", "outcome").collect()
    old_decisions = before.decisions.select("completion_id", "kept", "reason").collect()
    judged, measured = _graded(run, pool, progress)
    verdicts, measures_now = pl.concat(judged), pl.concat(measured)
    everything = pl.concat([verdicts, workspace.said_by_models().collect()])
    now = replace(before, verdicts=everything.lazy(), measures=measures_now.lazy())
    candidates, decisions = decided_anew(run, now)
    outcomes = combined(everything.lazy(), before.policy).select("completion_id", "outcome").collect()
    if write:
        with workspace.grades_replaced(run.grades) as put:
            for one, other in zip(judged, measured, strict=True):
                put(one, other)
        workspace.write_manifest(_manifest(run), (workspace.root / "recipe.yaml").read_text(encoding="utf-8"))
        workspace.write_decisions(decisions, candidates)
        funnel: Funnel = assemble(run, None)
        progress.say(f"{funnel.kept:,} rows are in the dataset now")
    return _change(old_outcomes, outcomes, old_decisions, decisions)


def _graded(run: StoredRun, pool: VerifierPool, progress: Progress) -> tuple[list[pl.DataFrame], list[pl.DataFrame]]:
    """Verdicts and measures of all stored draws, one sealed part at a time."""
    planned = run.workspace.tables().completions.select("completion_id").collect()
    judged, measured = [], []
    done = 0
    for part in run.workspace.parts():
        drawn = run.workspace.read_part(part).filter(pl.col("finish_reason") != FinishReason.ERROR)
        completions = drawn.join(planned, on="completion_id", how="semi")
        if not completions.height:
            continue
        prompts = run.workspace.prompts_of(completions["prompt_id"])
        grader = Grader(prompts, pool, run.recipe.selection, progress)
        grader.take_frame(completions)
        verdicts, measures_of_part = grader.finish()
        judged.append(verdicts)
        measured.append(measures_of_part)
        done += completions.height
        progress.say(f"{done:,} draws verified")
    if not judged:
        raise WorkspaceError(f"{run.workspace.root}: holds no draws", "run its recipe first")
    return judged, measured


def _manifest(run: StoredRun) -> dict[str, object]:
    manifest = dict(run.workspace.read_manifest())
    prompt_ids = run.workspace.read_prompts()["prompt_id"].to_list()
    judging = str(manifest.get("judging", "none"))
    return manifest | {
        "grades": run.grades,
        "verifiers": verifiers.versions(),
        "measures": measures.VERSION,
        "recipe": recipe_fingerprint(
            run.recipe, prompt_ids, run.model, run.grades, judging, str(manifest.get("appraising", ""))
        ),
    }


def _change(
    old_outcomes: pl.DataFrame, outcomes: pl.DataFrame, old_decisions: pl.DataFrame, decisions: pl.DataFrame
) -> Change:
    said = _pairs(old_outcomes, outcomes, pl.col("outcome"), UNJUDGED)
    fate = pl.when(pl.col("kept")).then(pl.lit(KEPT)).otherwise(pl.col("reason"))
    decided = _pairs(old_decisions, decisions, fate, "undecided")
    moved = decided.filter(pl.col("before") != pl.col("after")).sort("completion_id")
    moved = moved.join(said, on="completion_id", how="left", suffix="_verdict").rename(
        {"before_verdict": "verdict_before", "after_verdict": "verdict_after"}
    )
    return Change(decided.height, _counts(said), _counts(decided), moved)


def _pairs(old: pl.DataFrame, new: pl.DataFrame, what: pl.Expr, missing: str) -> pl.DataFrame:
    before = old.select("completion_id", what.alias("before"))
    after = new.select("completion_id", what.alias("after"))
    both = before.join(after, on="completion_id", how="full", coalesce=True)
    return both.with_columns(pl.col("before", "after").cast(pl.String).fill_null(missing))


def _counts(pairs: pl.DataFrame) -> pl.DataFrame:
    return (
        pairs.group_by("before", "after")
        .agg(rows=pl.len())
        .sort("rows", "before", "after", descending=[True, False, False])
    )
