"""Draws: what a recipe asks a model for, named by content. The same draw has the same id, whatever else is sampled."""

from __future__ import annotations

import hashlib

import polars as pl

from r1data.model import LoadedModel
from r1data.recipe import AdaptiveDraws, Loops, Recipe, fingerprint

DRAWS_SCHEMA = pl.Schema({"completion_id": pl.String, "prompt_id": pl.String, "draw": pl.Int32, "seed": pl.Int64})


def route(recipe: Recipe, model: LoadedModel) -> str:
    """Fingerprint of what samples: model, sampling parameters (not how many draws) and the recipe's seed."""
    sampling = recipe.sampling.model_dump(mode="json", exclude={"draws"})
    for name, default in (("caps", []), ("loops", Loops().model_dump(mode="json"))):
        if sampling[name] == default:  # what was drawn before there was such a key is still what it would be
            del sampling[name]
    return fingerprint({"model": model.fingerprint, "sampling": sampling, "seed": recipe.seed})


def policy_fingerprint(draws: int | AdaptiveDraws) -> str:
    """Fingerprint of how many draws are made, and when they stop."""
    return fingerprint({"draws": draws if isinstance(draws, int) else draws.model_dump(mode="json")})[:12]


def completion_id(prompt_id: str, rendered: str, route: str, draw: int) -> str:
    """The draw's id: a hash of the prompt, the fingerprint of its rendered text, the route and the index."""
    return _hash(prompt_id, rendered, route, str(draw)).hex()


def seed_of(recipe_seed: int, prompt_id: str, draw: int) -> int:
    """The draw's own seed, 31 bits: it belongs to prompt and index, so drawing more or fewer changes no draw."""
    return int.from_bytes(_hash(str(recipe_seed), prompt_id, str(draw))[:4], "big") >> 1


def expanded(limits: pl.DataFrame, route: str, recipe_seed: int) -> pl.DataFrame:
    """The single draws of a plan: `completion_id`, `prompt_id`, `draw`, `seed`, prompt by prompt."""
    rows = [
        (completion_id(prompt_id, rendered, route, draw), prompt_id, draw, seed_of(recipe_seed, prompt_id, draw))
        for prompt_id, rendered, draws in limits.select("prompt_id", "rendered", "draws").iter_rows()
        for draw in range(draws)
    ]
    return pl.DataFrame(rows, schema=DRAWS_SCHEMA, orient="row")


def _hash(*parts: str) -> bytes:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).digest()
