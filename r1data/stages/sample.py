"""Sample: get the draws that prompts still need, judging them while the engine is busy; seal them shard by shard."""

from __future__ import annotations

import asyncio
import gc
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from r1data.engines import Service, connected
from r1data.measures import warm_up
from r1data.recipe import AdaptiveDraws
from r1data.sampling import (
    SET_ASIDE,
    Candidate,
    Counts,
    Cut,
    End,
    Heard,
    Pursuit,
    Sampler,
    completion_id,
    share_out,
)
from r1data.selection import accepted, combined
from r1data.stages.grade import Grader, grade_missing
from r1data.stages.job import Job
from r1data.stages.plan import waiting_prompts
from r1data.store import Journal, unpacked
from r1data.verifiers import VerifierPool
from schemas import Completion, FinishReason, Message, StopReason, Stops

STOPPED_SCHEMA = pl.Schema({
    "prompt_id": pl.String, "reason": pl.String, "draws": pl.Int32, "accepted": pl.Int32, "failed": pl.Int32,
    "adaptive": pl.Boolean,
})  # fmt: skip


def salvage(job: Job) -> int:
    """Seal what a killed run left in its journals. Returns how many draws that saved."""
    saved = 0
    for path in job.workspace.journals():
        journal = job.workspace.open_journal(path.stem)
        completions, cuts = journal.read(), journal.read_cuts()
        if completions.height:
            job.workspace.seal_completions(completions)
        if cuts.height:
            job.workspace.write_cuts(cuts)
        journal.remove()
        saved += completions.height + cuts.height
    return saved


def sample(
    job: Job,
    service: Service,
    pool: VerifierPool,
    *,
    retry_failed: bool = False,
    top_up: bool = False,
    only: pl.Series | None = None,
) -> int:
    """Sample every prompt that has not stopped, until it stops; returns how many draws were made.

    With `only`, just those prompts are sampled, and no budget is shared out: a pilot, whose draws and stops the run
    that follows will find.
    """
    grade_missing(job, pool)  # what is drawn next depends on how good the draws are that are there
    job.workspace.fold_stops()
    waiting = waiting_prompts(job, job.workspace.scan_plan(), retry_failed=retry_failed, top_up=top_up)
    if only is not None:
        waiting = waiting.filter(pl.col("prompt_id").is_in(only.implode()))
    if not waiting.height:
        return 0
    waiting = waiting.drop("rendered")  # of a million prompts it would be 30 MB for nothing until the end
    known = _known_ends(job, waiting, retry_failed=retry_failed)
    session = _Session(job, pool, waiting, known)
    warm_up()  # rather now than when the first replies are there and the engine waits for more to do
    with _garbage_set_aside():
        stops = asyncio.run(_sample(job, service, session, spend=only is None))
    if only is None:
        _write_stops(job, stops)
        job.workspace.drop_cuts()
    return session.made


@contextmanager
def _garbage_set_aside() -> Iterator[None]:
    """Take what is there now out of the collector's sight: a full collection over the libraries stops all for 0.3 s."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


async def _sample(job: Job, service: Service, session: _Session, *, spend: bool) -> pl.DataFrame:
    """First all prompts up to their own limit, then what is left of the budget on those that could use more."""
    async with connected(service, session.answers) as engine:
        sampler = Sampler(job.recipe, job.model, job.route, engine, service.slots, job.progress)
        await sampler.run(session.shards(session.waiting["prompt_id"], {}))
        draws = job.recipe.sampling.draws
        while spend and isinstance(draws, AdaptiveDraws) and draws.budget is not None:
            limits = _limits_from(job, draws, session)
            if not limits:
                break
            more = sum(limits.values()) - session.drawn(limits)
            job.progress.say(f"{more:,} draws are left of the budget: {len(limits):,} prompts may go on")
            job.progress.reopen(StopReason.LIMIT, len(limits), more)
            await sampler.run(session.shards(pl.Series(sorted(limits)), limits))
    return session.stops


def _limits_from(job: Job, draws: AdaptiveDraws, session: _Session) -> dict[str, int]:
    """New limits for prompts that have reached theirs, as far as the budget has something left."""
    assert draws.budget is not None
    stops = session.stops
    may_go_on = job.workspace.scan_plan().filter(~pl.col("fixed"))
    before = job.workspace.read_stops().join(may_go_on, on="prompt_id", how="semi")
    earlier = before.join(stops.lazy(), on="prompt_id", how="anti").select("draws").collect()
    prompts, spent = stops.height + earlier.height, int(stops["draws"].sum()) + int(earlier["draws"].sum())
    columns = stops.select("prompt_id", "draws", "accepted", "failed").iter_rows()
    candidates = [Candidate(prompt_id, Counts(*counts)) for prompt_id, *counts in columns]
    return share_out(draws, candidates, math.floor(draws.budget * prompts) - spent)


def _known_ends(job: Job, waiting: pl.DataFrame, *, retry_failed: bool) -> pl.DataFrame:
    """How the draws of these prompts ended that are there already, in the order of their prompts."""
    verdicts, measures = job.workspace.scan_grades(job.grades)
    drawn = job.workspace.scan_drawn().join(waiting.lazy(), on="prompt_id", how="semi")
    drawn = drawn.select("completion_id", "prompt_id", "draw", "finish_reason", "error", "stages")
    outcomes = combined(verdicts, "rule").select("completion_id", "outcome")
    graded = (
        drawn.join(outcomes, on="completion_id", how="left")
        .join(measures, on="completion_id", how="left")
        .join(job.workspace.scan_thinking(), on="prompt_id", how="left")
        .collect()
    )
    failed = pl.col("finish_reason") == FinishReason.ERROR
    good = accepted(graded, job.recipe.selection) if graded.height else pl.Series("accepted", [], pl.Boolean)
    ends = graded.with_columns(good.fill_null(False)).select(
        "prompt_id", "draw", failed=failed, hopeless=pl.col("error").str.starts_with(SET_ASIDE).fill_null(False),
        accepted=pl.when(~failed & pl.col("accepted")).then("folded"), stages="stages",
    )  # fmt: skip
    return (ends.filter(~pl.col("failed")) if retry_failed else ends).sort("prompt_id", "draw")


def _write_stops(job: Job, stops: pl.DataFrame) -> None:
    """Put the table of stops together: what is written already, and why those did not go on that could have."""
    earlier = job.workspace.read_stops().join(stops.lazy(), on="prompt_id", how="anti").collect()
    draws = job.recipe.sampling.draws
    named = _named(job, stops)
    if isinstance(draws, AdaptiveDraws) and draws.budget is not None:
        could = (pl.col("reason") == StopReason.LIMIT) & pl.col("adaptive") & (pl.col("draws") < draws.most)
        named = named.with_columns(reason=pl.when(could).then(pl.lit(StopReason.BUDGET.value)).otherwise("reason"))
    columns = list(Stops.columns())
    job.workspace.write_stops(pl.concat([earlier.select(columns), named.select(columns)]).sort("prompt_id"))


def _named(job: Job, stops: pl.DataFrame) -> pl.DataFrame:
    """Stops in the shape of their table, with what they are about; `adaptive` stays beside it."""
    near = pl.col("prompt_id").is_between(pl.lit(stops["prompt_id"].min()), pl.lit(stops["prompt_id"].max()))
    plan = job.workspace.scan_plan().filter(near).select("prompt_id", "rendered", "policy").collect()
    return stops.join(plan, on="prompt_id").with_columns(route=pl.lit(job.route))


@dataclass(eq=False)
class _Session:
    """What the shards of one run of `sample` share."""

    job: Job
    pool: VerifierPool
    waiting: pl.DataFrame
    known: pl.DataFrame
    answers: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    made: int = 0
    stops: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=STOPPED_SCHEMA))
    """The prompts that have stopped and could go on, if something is left of the budget."""
    _ends: dict[str, dict[int, End]] = field(default_factory=dict)
    _shards: int = 0

    @property
    def spends(self) -> bool:
        """Whether there is a budget, so that prompts that have reached their limit may go on."""
        draws = self.job.recipe.sampling.draws
        return isinstance(draws, AdaptiveDraws) and draws.budget is not None

    def shards(self, prompt_ids: pl.Series, limits: dict[str, int]) -> Iterator[_PromptShard]:
        """Open the shards of these prompts one after another, as they are asked for."""
        size = self.job.runtime.shard_prompts
        for start in range(0, len(prompt_ids), size):
            prompts = self.job.workspace.prompts_of(prompt_ids[start : start + size]).sort("prompt_id")
            name = f"shard-{self._shards:05d}"
            self._shards += 1
            yield _PromptShard(self, name, prompts, self._pursuits(prompts, limits))

    def close(self, pursuits: list[Pursuit], made: int) -> None:
        """A shard is sealed. How the draws of a prompt ended is kept where it may go on."""
        stops = _stops_of(pursuits)
        self.made += made
        may_go_on = pl.col("adaptive") & (pl.col("reason") == StopReason.LIMIT) & self.spends
        if self.spends:
            others = self.stops.join(stops, on="prompt_id", how="anti")
            self.stops = pl.concat([others, stops.filter(may_go_on)])
        final = stops.filter(~may_go_on)
        if final.height:  # from here on, no changed threshold makes these prompts go on
            self.job.workspace.add_stops(_named(self.job, final).select(list(Stops.columns())))
        if self.spends:
            self._ends |= {p.prompt_id: p.ends for p in pursuits if p.stop is StopReason.LIMIT}

    def drawn(self, prompt_ids: dict[str, int]) -> int:
        """How many draws these prompts have."""
        return int(self.stops.filter(pl.col("prompt_id").is_in(list(prompt_ids)))["draws"].sum())

    def _pursuits(self, prompts: pl.DataFrame, limits: dict[str, int]) -> list[Pursuit]:
        ids = prompts["prompt_id"]
        ends: dict[str, dict[int, End]] = {}
        known = self.known.filter(pl.col("prompt_id").is_between(pl.lit(ids.min()), pl.lit(ids.max())))
        for prompt_id, draw, failed, hopeless, good, stages in known.iter_rows():
            ends.setdefault(prompt_id, {})[draw] = End(good, failed, hopeless, stages)
        cuts = {
            key: Cut(stages, text, unpacked(token_ids), *numbers)
            for key, _, _, stages, text, token_ids, *numbers in self.job.workspace.read_cuts(ids).iter_rows()
        }
        pursuits = []
        about = ("prompt_id", "messages", "language", "domain", "thinking")
        asked = prompts.select(about).join(self.waiting, on="prompt_id").sort("prompt_id")
        for prompt_id, messages, language, domain, thinking, most, fixed in asked.select(
            *about, "draws", "fixed"
        ).iter_rows():
            turns = [Message(m["role"], m["content"]) for m in messages]
            rendered = self.job.renderer.render(turns, language, domain=domain, thinking=thinking)
            draws = most if fixed else self.job.recipe.sampling.draws
            known_ends = self._ends.pop(prompt_id, {}) or ends.get(prompt_id, {})
            pursuit = Pursuit(prompt_id, rendered, draws, limits.get(prompt_id), known_ends)
            if cuts:  # by their ids: a cut of another rendering or route is no part of this draw
                named = {
                    completion_id(prompt_id, rendered.fingerprint, self.job.route, n): n for n in range(pursuit.most)
                }
                pursuit.cuts = {
                    named[key]: cut
                    for key, cut in cuts.items()
                    if named.get(key, 0) not in pursuit.ends and key in named
                }
            pursuits.append(pursuit)
        return pursuits


class _PromptShard:
    """Prompts that are sampled and sealed together; see `sampling.Shard`."""

    def __init__(self, session: _Session, name: str, prompts: pl.DataFrame, pursuits: list[Pursuit]) -> None:
        self.pursuits = pursuits
        self._session = session
        self._name = name
        self._prompts = prompts
        columns = prompts.select("prompt_id", "language", "reference").iter_rows()
        session.answers |= {prompt_id: (language, reference) for prompt_id, language, reference in columns}

    @cached_property
    def journal(self) -> Journal:
        """Made when the first draw has finished."""
        return self._session.job.workspace.open_journal(self._name)

    @cached_property
    def _grader(self) -> Grader:
        job = self._session.job
        return Grader(self._prompts, self._session.pool, job.recipe.selection, job.progress)

    def grade(self, completions: list[Completion], heard: Heard) -> None:
        """Measure and verify; `heard` is told of each."""
        self._grader.take(completions, heard)

    def seal(self) -> None:
        """Turn the journal into a part, and store the grades beside it."""
        job = self._session.job
        made = 0
        if "journal" in self.__dict__:
            completions = self.journal.read()
            if completions.height:
                job.workspace.seal_completions(completions)
                job.workspace.write_grades(job.grades, *self._grader.finish())
            self.journal.remove()
            made = completions.height
        for prompt_id in self._prompts["prompt_id"]:
            self._session.answers.pop(prompt_id, None)
        self._session.close(self.pursuits, made)


def _stops_of(pursuits: list[Pursuit]) -> pl.DataFrame:
    rows = []
    for pursuit in pursuits:
        assert pursuit.stop is not None
        counts = pursuit.counts()
        adaptive = isinstance(pursuit.draws, AdaptiveDraws)
        rows.append((pursuit.prompt_id, pursuit.stop, counts.drawn, counts.accepted, counts.failed, adaptive))
    return pl.DataFrame(rows, schema=STOPPED_SCHEMA, orient="row")
