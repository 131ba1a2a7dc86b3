"""Replies: conversations that exist already, such as another model's SFT data, taken over as draws."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from r1data.recipe.recipe import Audit, Columns, FilePrompts, HubPrompts, Model, Recipe, Sampling, Verification
from r1data.recipe.recipe import VerifierName as VerifierName
from r1data.recipe.selection import Contamination, Duplicates, Selection
from r1data.recipe.strict import Strict

GIVEN = "given"
"""The name of the model that replies come from as far as the recipe knows, and of the engine that wrote them."""


class ReplyColumns(Columns):
    """Which column holds what of a conversation. One of `messages`, `conversations` or `response` must be filled; the
    columns of prompts (question, answer, category, licence and so on) mean what they mean there.
    """

    conversations: str = "conversations"
    """A conversation as a list of {from, value}, in the place of `messages`."""
    prompt: str = "prompt"
    """What was asked, beside `response`: text, or a list of turns; `question` and `instruction` serve as well."""
    response: str = "response"
    """The reply, where it does not stand in the conversation; `completion` and `output` serve as well."""
    reasoning: str = "reasoning"
    """The thought before the reply, where it has a column of its own."""
    system: str = "system"
    """A system message, where the conversation has none."""
    model: str = "model"
    """Who wrote the reply; `unknown` where nobody says."""


class FileReplies(FilePrompts):
    """Conversations in JSONL, JSON, Parquet or CSV files."""

    domain: str = "general"
    verifier: VerifierName = "quality"
    columns: ReplyColumns = ReplyColumns()


class HubReplies(HubPrompts):
    """Conversations of a dataset on the Hub, or of a folder saved by `datasets`."""

    domain: str = "general"
    verifier: VerifierName = "quality"
    columns: ReplyColumns = ReplyColumns()


ReplySource = Annotated[FileReplies | HubReplies, Field(discriminator="kind")]


class Replies(Strict):
    """Sets of conversations, and what is kept of them. Nothing is sampled; the rest is as in a recipe."""

    sources: Annotated[tuple[ReplySource, ...], Field(min_length=1)]
    seed: int = 0
    licence: bool = False
    """Whether a row must say under which licence it stands; by default those without are counted and taken."""
    max_bad_prompts: Annotated[float, Field(ge=0, le=1)] = 0.01
    """Largest share of a source's rows that may be unusable before the run stops."""
    audit: Audit = Audit()
    verification: Verification = Verification()
    duplicates: Duplicates = Duplicates()
    contamination: Contamination = Contamination()
    selection: Selection = Selection(reasoning="optional")

    def recipe(self, name: str, folder: Path) -> Recipe:
        """The recipe that the workspace of these replies holds."""
        return Recipe(
            name=name, seed=self.seed, model=Model(id=GIVEN, api="chat"), prompts=self.sources,
            max_bad_prompts=self.max_bad_prompts, audit=self.audit, sampling=Sampling(draws=1),
            verification=self.verification, duplicates=self.duplicates, contamination=self.contamination,
            selection=self.selection, folder=folder,
        )  # fmt: skip
