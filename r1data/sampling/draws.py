"""Draws: what a recipe asks a model for, named by content. The same draw has the same id, whatever else is sampled."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import polars as pl

from r1data.model import LoadedModel
from r1data.prompts import Rendered, Renderer
from r1data.recipe import Recipe, fingerprint
from schemas import Message


@dataclass(frozen=True, slots=True)
class Draw:
    """One completion to ask for. `completion_id` hashes prompt, rendered text, route and index."""

    completion_id: str
    prompt_id: str
    index: int
    seed: int
    rendered: Rendered


def route(recipe: Recipe, model: LoadedModel) -> str:
    """Fingerprint of what samples: model, sampling parameters (not how many draws) and the recipe's seed."""
    sampling = recipe.sampling.model_dump(mode="json", exclude={"draws"})
    return fingerprint({"model": model.fingerprint, "sampling": sampling, "seed": recipe.seed})


def draws_of(prompts: pl.DataFrame, renderer: Renderer, route: str, recipe: Recipe) -> Iterator[Draw]:
    """All draws of these prompts, prompt by prompt."""
    for prompt_id, messages, language in prompts.select("prompt_id", "messages", "language").iter_rows():
        turns = [Message(m["role"], m["content"]) for m in messages]
        rendered = renderer.render(turns, language)
        for index in range(recipe.sampling.most_draws):
            completion_id = _hash(prompt_id, rendered.fingerprint, route, str(index)).hex()
            yield Draw(completion_id, prompt_id, index, seed_of(recipe.seed, prompt_id, index), rendered)


def seed_of(recipe_seed: int, prompt_id: str, index: int) -> int:
    """The draw's own seed, 31 bits: it belongs to prompt and index, so drawing more or fewer changes no draw."""
    return int.from_bytes(_hash(str(recipe_seed), prompt_id, str(index))[:4], "big") >> 1


def plan_of(draws: Iterable[Draw]) -> pl.DataFrame:
    """The draws as the plan's table."""
    rows = [(d.completion_id, d.prompt_id, d.index, d.seed) for d in draws]
    schema = {"completion_id": pl.String, "prompt_id": pl.String, "draw": pl.Int32, "seed": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _hash(*parts: str) -> bytes:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).digest()
