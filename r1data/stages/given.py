"""Given: replies that somebody else's sets hold become the draws of a workspace, so that the rest is the same code.

A reply is a completion of the engine `given`. Its route is the fingerprint of all the rows that were taken: another
set, or the same one with other rows, is another route, whose rows are new ones.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property
from itertools import islice
from operator import attrgetter
from pathlib import Path

import polars as pl

from r1data.engines import Standby
from r1data.errors import ModelError
from r1data.model import LoadedModel, require_engine_for
from r1data.progress import Progress
from r1data.prompts import Renderer
from r1data.recipe import Recipe, Replies, Runtime, Template, fingerprint
from r1data.recipe.replies import GIVEN
from r1data.sampling import completion_id, policy_fingerprint
from r1data.sources.conversations import Given, read_conversations
from r1data.sources.ingesting import (
    Ingested,
    SourceRows,
    bad_table,
    checked_prompts,
    nothing_usable,
    require_few_bad,
)
from r1data.sources.rows import Bad, bad_row
from r1data.stages.job import Job
from r1data.stages.opinions import with_opinions
from r1data.stages.plan import audited_prompts
from r1data.standing_in import with_stand_ins
from r1data.store import PLAN_SCHEMA, Workspace
from r1data.thinking import words_in
from r1data.verifiers import VerifierPool
from schemas import Completion, Completions, FinishReason, Message, Prompt, Prompts, StopReason, Stops

PART_ROWS = 5000
TOKENS_PER_WORD = 4 / 3
_row = attrgetter(*(field.name for field in fields(Completion)))


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken over. Rows read = `replies` + `bad` + `duplicates` (the same reply to the same prompt) +
    `set_aside` (replies to prompts that the audit sets aside). `fresh` replies were not there before; `unlicensed` ones
    say nothing of their licence.
    """

    rows: int
    prompts: int
    replies: int
    bad: int
    duplicates: int
    set_aside: int
    unlicensed: int
    fresh: int


@dataclass(frozen=True)
class GivenJob(Job):
    """A job whose replies are there already."""

    settings: Replies

    @cached_property
    def found(self) -> Found:
        """All rows of the sets, read once: prompts, and of each the fingerprints of its replies."""
        return _read(self)

    @cached_property
    def route(self) -> str:
        """Fingerprint of everything that was taken."""
        return self.found.fingerprint


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of all sets. `replies` are, by prompt, the fingerprints of its different replies in their order."""

    ingested: Ingested
    replies: dict[str, list[str]]
    duplicates: int
    unlicensed: Counter[str]

    @property
    def fingerprint(self) -> str:
        """Of all prompts and replies."""
        return fingerprint({"given": {prompt: self.replies[prompt] for prompt in sorted(self.replies)}})


def needs_judge(recipe: Recipe) -> bool:
    """Whether somebody has to judge given replies: not where whatever is given is kept and nobody is named for it."""
    return recipe.asks_judge and (recipe.verification.judge.model is not None or recipe.selection.correctness != "any")


def open_given(
    settings: Replies,
    name: str,
    folder: Path,
    runtime: Runtime,
    root: Path,
    progress: Progress,
    *,
    standby: Standby | None = None,
) -> GivenJob:
    """A job for these sets; nothing is read or written yet. Relative paths start at `folder`.

    Raises:
        ModelError: answers are to be judged, and no model is named for that.
    """
    recipe = with_stand_ins(settings.recipe(name, folder), runtime)
    identity = fingerprint({"given": [source.model_dump(mode="json") for source in settings.sources]})
    model = LoadedModel(GIVEN, GIVEN, None, identity, None, "chat")
    job = GivenJob(
        recipe, runtime, Workspace(root), model, Renderer(model, Template()), progress, settings, standby=standby
    )
    if needs_judge(recipe) and (recipe.verification.quality.reward is None or recipe.verification.policy != "rule"):
        if recipe.verification.judge.model is None:
            raise ModelError(
                f"part {name}: its answers are to be judged, and it has no model that could",
                "name one in verification.judge.model, or set verifier and verification.policy so that rules decide",
            )
        assert job.judge
        require_engine_for(job.judge_model, runtime.judge_engine or runtime.engine)
    return job


def take_over(job: GivenJob, pool: VerifierPool) -> Taken:
    """Write down the prompts of all sets and seal their replies, as far as they are not there.

    Raises:
        SourceError: a set cannot be read, or too many of its rows are unusable.
    """
    found = job.found
    audited = audited_prompts(job, found.ingested, pool, save=True)
    audited = replace(audited, prompts=with_opinions(job, audited.prompts, ask=True))
    job.workspace.write_prompts(audited.prompts, pl.concat([found.ingested.bad, audited.set_aside]))
    plan = _plan(job, audited.prompts, found)
    job.workspace.write_plan(plan)
    job.workspace.write_manifest(job.manifest(audited.prompts["prompt_id"].to_list()), job.recipe_yaml())
    there = set(job.workspace.scan_drawn().select("completion_id").collect()["completion_id"])
    fresh = 0
    for batch in _batches(_completions(job, plan, found), there):
        job.workspace.seal_completions(batch)
        fresh += batch.height
        job.progress.say(f"{fresh:,} replies taken over")
    job.workspace.write_stops(_stops(plan, job.route))
    replies = int(plan["draws"].sum())
    if unlicensed := sum(found.unlicensed.values()):
        where = ", ".join(f"{name} {count:,}" for name, count in found.unlicensed.most_common())
        job.progress.say(f"{unlicensed:,} replies say nothing of their licence: {where}")
    everything = sum(map(len, found.replies.values()))
    return Taken(
        found.ingested.rows, audited.prompts.height, replies, found.ingested.bad.height, found.duplicates,
        everything - replies, unlicensed, fresh,
    )  # fmt: skip


def _read(job: GivenJob) -> Found:
    prompts: dict[str, Prompt] = {}
    replies: dict[str, list[str]] = {}
    bad: list[Bad] = []
    unlicensed: Counter[str] = Counter()
    rows = duplicates = 0
    for source in job.settings.sources:
        read, worse = 0, list[Bad]()
        for row in read_conversations(source, job.recipe, licence=job.settings.licence):
            read += 1
            if isinstance(row, Bad):
                worse.append(row)
                continue
            known = replies.setdefault(row.prompt.prompt_id, [])
            if (text := _text_id(row.text)) in known:
                duplicates += 1
                continue
            known.append(text)
            prompts.setdefault(row.prompt.prompt_id, row.prompt)
            unlicensed.update([] if row.prompt.licence else [row.prompt.source])
        rows += read
        bad += worse
        require_few_bad(SourceRows(Prompts.create_empty(), worse, read), job.recipe.max_bad_prompts, bad)
    if not prompts:
        raise nothing_usable(job.recipe.name, bad)
    table, _ = checked_prompts(list(prompts.values()))
    for one in prompts.keys() - set(table["prompt_id"]):
        why = bad_row(prompts[one].source, prompts[one].source_row, "schema", "the table refuses it", one)
        bad += [why] * len(replies.pop(one))
    sources = tuple(dict.fromkeys(prompt.source for prompt in prompts.values()))
    ingested = Ingested(table.sort("prompt_id"), bad_table(bad), duplicates, rows, sources)
    return Found(ingested, replies, duplicates, unlicensed)


def _plan(job: GivenJob, prompts: pl.DataFrame, found: Found) -> pl.DataFrame:
    """As many draws of each prompt as there are replies to it."""
    rows = []
    for prompt_id, messages, language in prompts.select("prompt_id", "messages", "language").iter_rows():
        rendered = fingerprint(job.renderer.text([Message(m["role"], m["content"]) for m in messages], language))
        draws = len(found.replies[prompt_id])
        rows.append((prompt_id, rendered, policy_fingerprint(draws), draws, True))
    return pl.DataFrame(rows, schema=PLAN_SCHEMA, orient="row")


def _completions(job: GivenJob, plan: pl.DataFrame, found: Found) -> Iterator[Completion]:
    """The replies to the prompts of the plan, in the order of the sets."""
    rendered = dict(plan.select("prompt_id", "rendered").iter_rows())
    seen: set[tuple[str, int]] = set()
    for source in job.settings.sources:
        for row in read_conversations(source, job.recipe, licence=job.settings.licence):
            if isinstance(row, Bad) or row.prompt.prompt_id not in rendered:
                continue
            prompt_id = row.prompt.prompt_id
            draw = found.replies[prompt_id].index(_text_id(row.text))
            if (prompt_id, draw) not in seen:
                seen.add((prompt_id, draw))
                yield _completion(row, rendered[prompt_id], job.route, draw)


def _completion(row: Given, rendered: str, route: str, draw: int) -> Completion:
    """A reply as a draw. How it was sampled nobody knows: temperature 0, no seed, lengths reckoned from the words."""
    asked = sum(words_in(message.content) for message in row.prompt.messages)
    tokens = max(1, round(words_in(row.text) * TOKENS_PER_WORD))
    return Completion(
        completion_id=completion_id(row.prompt.prompt_id, rendered, route, draw), prompt_id=row.prompt.prompt_id,
        route=route, draw=draw, seed=0, model=row.model, model_fingerprint=fingerprint({"given": row.model}),
        rendered=rendered, temperature=0.0, top_p=1.0, max_tokens=tokens, engine=GIVEN, text=row.text,
        finish_reason=FinishReason.STOP, prompt_tokens=round(asked * TOKENS_PER_WORD), completion_tokens=tokens,
        stages=0, seconds=0.0, error=None,
    )  # fmt: skip


def _batches(completions: Iterator[Completion], there: set[str]) -> Iterator[pl.DataFrame]:
    schema = {name: column.dtype for name, column in Completions.columns().items()}
    missing = (_row(one) for one in completions if one.completion_id not in there)
    while batch := list(islice(missing, PART_ROWS)):
        yield pl.DataFrame(batch, schema=schema, orient="row")


def _stops(plan: pl.DataFrame, route: str) -> pl.DataFrame:
    """Every prompt has all the replies that it will get."""
    reason, none = pl.lit(StopReason.LIMIT.value), pl.lit(0, pl.Int32)
    rows = plan.with_columns(route=pl.lit(route), reason=reason, accepted=none, failed=none)
    return rows.select(list(Stops.columns()))


def _text_id(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
