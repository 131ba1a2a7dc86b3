"""Prompts from reasoning-gym: procedural families, each with its own scorer, which becomes the verifier.

A row is taken only when the family's scorer, given what we store and nothing else, accepts the family's own answer.
"""

from __future__ import annotations

import difflib
import json
import random
import warnings
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from r1data.errors import SourceError
from r1data.recipe import GymPrompts
from r1data.sources.rows import Bad, Broken, Defaults, make_prompt, shorten
from schemas import Message, Prompt

VERIFIER = "reasoning_gym"
FULL_SCORE = 0.999


def read_gym(source: GymPrompts) -> Iterator[Prompt | Bad]:
    """The prompts of one family.

    Raises:
        SourceError: the family is unknown, or its settings do not fit.
    """
    dataset = _create(source)
    defaults = Defaults(
        source.name or f"reasoning-gym/{source.family}", source.domain, source.language, VERIFIER, source.licence
    )
    for index in range(source.size):
        place = f"{source.family}[seed={source.seed}]:{index}"
        random.seed(source.seed * 1_000_003 + index)  # some families draw from the global generator
        entry = dataset[index]
        try:
            yield _prompt(entry, dataset, source, place, defaults)
        except Broken as broken:
            yield Bad(defaults.source, place, broken.rule, broken.detail, shorten(entry.get("question", "")))


def _prompt(
    entry: dict[str, Any],
    dataset: Any,  # noqa: ANN401 - reasoning-gym has no types
    source: GymPrompts,
    place: str,
    defaults: Defaults,
) -> Prompt:
    question, answer = entry["question"], entry["answer"]
    reference = None if answer is None else str(answer)
    stored = {"question": question, "answer": answer, "metadata": entry.get("metadata", {})}
    task = json.dumps(
        {"family": source.family, "config": source.config, "entry": stored},
        ensure_ascii=False, sort_keys=True, default=_encode,
    )  # fmt: skip
    if reference is None:
        raise Broken("reference_missing", "the family gives no answer of its own to check the scorer with")
    try:
        score = dataset.score_answer(reference, json.loads(task)["entry"])
    except Exception as error:
        detail = f"its scorer raises {type(error).__name__} on what can be stored: {error}"
        raise Broken("reference_rejected_by_own_scorer", detail) from None
    if score < FULL_SCORE:
        raise Broken("reference_rejected_by_own_scorer", f"score {score} for the family's own answer {shorten(answer)}")
    return make_prompt(
        (Message("user", question.strip()),), reference=reference, task=task, place=place, defaults=defaults
    )


def _create(source: GymPrompts) -> Any:  # noqa: ANN401 - reasoning-gym has no types
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import reasoning_gym
        from reasoning_gym.factory import DATASETS

    if source.family not in DATASETS:
        close = difflib.get_close_matches(source.family, DATASETS, n=3, cutoff=0.4)
        raise SourceError(
            f"prompts: reasoning-gym has no family '{source.family}'",
            f"did you mean {' or '.join(close)}?" if close else f"known: {', '.join(sorted(DATASETS))}",
        )
    try:
        return reasoning_gym.create_dataset(
            source.family, **{**source.config, "size": source.size, "seed": source.seed}
        )
    except (TypeError, ValueError, AssertionError, KeyError) as error:
        settings = [f.name for f in fields(DATASETS[source.family][1]) if f.name not in ("size", "seed")]
        raise SourceError(
            f"prompts: reasoning-gym/{source.family}: its config does not fit: {error}",
            f"its settings: {', '.join(settings)}",
        ) from None


def _encode(value: object) -> object:
    """JSON for what metadata holds beside JSON's own types; whether it is enough, the scorer decides."""
    if isinstance(value, set | frozenset):
        return sorted(value, key=repr)
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(value)
