"""Completions written in a batch that shrinks are those that each prompt would have alone."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from training.rollouts import Rollouts

REPOSITORY = Path(__file__).parents[2]
TINY = REPOSITORY / "data" / "models" / "tiny"
SURE = 1e-5
"""A temperature at which the likeliest token is always drawn."""


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return AutoTokenizer.from_pretrained(TINY)


@pytest.fixture(scope="module")
def model() -> Any:
    return AutoModelForCausalLM.from_pretrained(TINY, dtype=torch.float32)


@pytest.fixture(scope="module")
def prompts(tokenizer: Any) -> list[list[int]]:
    """Long and short ones, and two that are the same."""
    lines = (REPOSITORY / "data" / "prompts" / "arithmetic-en.jsonl").read_text(encoding="utf-8").splitlines()[:11]
    questions = [json.loads(line)["question"] for line in lines]
    return [
        tokenizer.encode(
            tokenizer.apply_chat_template(
                [{"role": "user", "content": question}], add_generation_prompt=True, tokenize=False
            ),
            add_special_tokens=False,
        )
        for question in [*questions, questions[0]]
    ]


@pytest.mark.parametrize("batch", [1, 5, 64])
@pytest.mark.parametrize("limit", [1, 20, 150])
def test_a_shrinking_batch_writes_what_each_prompt_would_have_alone(
    batch: int, limit: int, model: Any, tokenizer: Any, prompts: list[list[int]]
) -> None:
    heard: dict[int, list[int]] = {}

    def written(places: Any, ids: Any) -> None:
        for place, one in zip(places, ids, strict=True):
            assert place not in heard, "nobody is told twice"
            heard[place] = one

    model.train()
    got = Rollouts([tokenizer.eos_token_id], SURE, limit, batch).write(model, prompts, written)
    assert model.training
    assert heard == dict(enumerate(got))
    for ids, one in zip(prompts, got, strict=True):
        alone = (
            model.eval().generate(torch.tensor([ids]), do_sample=False, max_new_tokens=limit)[0, len(ids) :].tolist()
        )
        assert one == alone
        assert len(one) == limit or one[-1] == tokenizer.eos_token_id
    assert got[0] == got[-1]


def test_draws_follow_the_models_probabilities(model: Any, tokenizer: Any, prompts: list[list[int]]) -> None:
    torch.manual_seed(1)
    draws = 4000
    got = Rollouts([tokenizer.eos_token_id], 2.0, 2, draws).write(model, [prompts[0]] * draws, lambda places, ids: None)
    with torch.no_grad():
        first = torch.softmax(model(torch.tensor([prompts[0]])).logits[0, -1] / 2.0, dim=-1)
    counted = torch.bincount(torch.tensor([ids[0] for ids in got]), minlength=len(first)) / draws
    assert (counted - first).abs().max() < 4 * (0.25 / draws) ** 0.5
