"""Rollouts without vLLM: completions from the very network that is trained, for machines without a GPU.

A completion that has ended leaves the batch, and with it the key-value cache; the general-purpose `generate` goes on
computing all of them until the longest one ends, which for a few endless ones among many short ones is several times
the work. Who asked for them hears of completions as they end, so that verification goes on beside the writing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import DynamicCache

Written = Callable[[Sequence[int], Sequence[list[int]]], None]
"""Hears of completions that have ended: their places among the prompts, and their ids."""
SHRINK = 0.85
"""The batch is cut down when no more than this share of it is still being written: to copy the cache costs, too."""


@dataclass(frozen=True, slots=True)
class Rollouts:
    """How completions are written: they end with one of `end_ids`, or after `max_tokens`."""

    end_ids: Sequence[int]
    temperature: float
    max_tokens: int
    batch: int

    def write(self, model: Any, prompts: Sequence[list[int]], written: Written) -> list[list[int]]:  # noqa: ANN401
        """A completion for each prompt, its end token included."""
        completions: list[list[int]] = [[] for _ in prompts]
        # Those of similar length side by side: little padding, and groups of one prompt stay together.
        order = sorted(range(len(prompts)), key=lambda place: len(prompts[place]))
        was_training = model.training
        model.eval()
        try:
            with torch.no_grad():
                for first in range(0, len(order), self.batch):
                    self._write_batch(model, prompts, order[first : first + self.batch], completions, written)
        finally:
            model.train(was_training)
        return completions

    def _write_batch(
        self,
        model: Any,  # noqa: ANN401
        prompts: Sequence[list[int]],
        places: list[int],
        completions: list[list[int]],
        written: Written,
    ) -> None:
        device = model.device
        ends = torch.tensor(list(self.end_ids), device=device)
        ids, mask = _padded([prompts[place] for place in places], device)
        positions = (mask.cumsum(dim=1) - 1).clamp(min=0)
        cache = DynamicCache(config=model.config)
        drawn = torch.empty((len(places), 0), dtype=torch.long, device=device)
        live = torch.ones(len(places), dtype=torch.bool, device=device)
        for length in range(1, self.max_tokens + 1):
            logits = model(
                input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True,
                logits_to_keep=1,
            ).logits[:, -1].float()  # fmt: skip
            ids = torch.multinomial(torch.softmax(logits / self.temperature, dim=-1), 1)
            drawn = torch.cat((drawn, ids), dim=1)
            live &= ~torch.isin(ids[:, 0], ends)
            left = int(live.sum())
            if length == self.max_tokens or left <= SHRINK * len(places):
                stay = live if length < self.max_tokens else torch.zeros_like(live)
                gone = [place for place, stays in zip(places, stay.tolist(), strict=True) if not stays]
                for place, row in zip(gone, drawn[~stay].tolist(), strict=True):
                    completions[place] = _ended(row, self.end_ids)
                written(gone, [completions[place] for place in gone])
                if not stay.any():
                    return
                kept = stay.nonzero()[:, 0]
                places = [places[place] for place in kept.tolist()]
                cache.batch_select_indices(kept)
                ids, mask, drawn, live, positions = ids[kept], mask[kept], drawn[kept], live[kept], positions[kept]
            mask = torch.cat((mask, torch.ones_like(ids)), dim=1)
            positions = positions[:, -1:] + 1


def _padded(prompts: Sequence[list[int]], device: Any) -> tuple[torch.Tensor, torch.Tensor]:  # noqa: ANN401
    """Ids and mask, padded on the left. Which token pads is no matter: nothing attends to it."""
    width = max(map(len, prompts))
    ids = torch.zeros((len(prompts), width), dtype=torch.long, device=device)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt) :] = torch.tensor(prompt)
        mask[row, width - len(prompt) :] = 1
    return ids, mask


def _ended(row: list[int], end_ids: Sequence[int]) -> list[int]:
    """As far as the first end token; what was drawn behind it, while others went on, is none of the reply's."""
    for place, token in enumerate(row):
        if token in end_ids:
            return row[: place + 1]
    return row
