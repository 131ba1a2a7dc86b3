"""Training of the tiny model: a fixed number of steps, so that the same seed gives the same model anywhere.

The batches of a step are shuffled as they come, then sorted by length and cut into pieces of similar length: hardly
any padding, and no attention across conversations.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random

import torch
from tokenizers import Tokenizer
from torch.nn.functional import cross_entropy
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

from training.tiny.corpus import Example, examples
from training.tiny.tokenizer import ASSISTANT, BOS, END, PAD, for_transformers, from_corpus, prompt_text, token_id

IGNORED = -100
WIDTH_STEP = 32
"""Widths come in steps: the CPU kernels are compiled once for every shape they meet."""


@dataclass(frozen=True)
class Budget:
    """How long to train, and how fast. A step sees ``batch`` conversations.

    ``learning_rate`` is Muon's for the matrices of the layers; embeddings and norms learn with AdamW at a fraction.
    """

    steps: int = 2_400
    batch: int = 20
    learning_rate: float = 0.02
    embedding_rate: float = 4e-3
    warmup: int = 60
    piece_tokens: int = 10_000
    threads: int = 2
    bfloat16: bool = True


@dataclass(frozen=True)
class Shape:
    """How large the network is. Wide and shallow, because that is the faster shape on a CPU."""

    hidden: int = 160
    intermediate: int = 448
    layers: int = 4
    heads: int = 5


SMALLER = Shape(hidden=96, intermediate=288, layers=4, heads=3)
"""Two fifths of the parameters: what the R1 flow distils into."""


@dataclass(frozen=True)
class Encoded:
    """A conversation as token ids; the loss is on what comes after ``prompt_length``."""

    ids: list[int]
    prompt_length: int


def architecture(tokenizer: Tokenizer, shape: Shape) -> LlamaConfig:
    """The configuration of a network of this shape."""
    return LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=shape.hidden,
        intermediate_size=shape.intermediate,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        head_dim=32,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        bos_token_id=token_id(tokenizer, BOS),
        eos_token_id=token_id(tokenizer, END),
        pad_token_id=token_id(tokenizer, PAD),
        attn_implementation="eager",  # type: ignore[call-arg] # at this size faster on a CPU than the fused kernels
    )


def encode(example: Example, tokenizer: Tokenizer, rng: Random) -> Encoded:
    """Token ids of a conversation. A reply that never ends is cut at a random length and gets no end token."""
    ids: list[int] = tokenizer.encode(prompt_text(example.system, example.user) + example.reply.text).ids
    prompt_length = ids.index(token_id(tokenizer, ASSISTANT)) + 1
    if example.reply.ends:
        return Encoded([*ids, token_id(tokenizer, END)][:1024], prompt_length)
    return Encoded(ids[: prompt_length + rng.randint(240, 440)], prompt_length)


def pieces(batch: list[Encoded], limit: int) -> Iterator[list[Encoded]]:
    """The batch cut into pieces of similar length with at most ``limit`` tokens, padding included."""
    piece: list[Encoded] = []
    for one in sorted(batch, key=lambda item: len(item.ids)):
        if piece and (len(one.ids) * (len(piece) + 1) > limit or len(one.ids) > 1.35 * len(piece[0].ids)):
            yield piece
            piece = []
        piece.append(one)
    yield piece


def tensors(piece: list[Encoded], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Input ids and next-token targets, padded on the right: a causal model never looks there, so no mask is needed."""
    width = -(-max(len(one.ids) for one in piece) // WIDTH_STEP) * WIDTH_STEP
    ids = torch.full((len(piece), width), pad)
    targets = torch.full((len(piece), width), IGNORED)
    for row, one in enumerate(piece):
        ids[row, : len(one.ids)] = torch.tensor(one.ids)
        targets[row, one.prompt_length - 1 : len(one.ids) - 1] = torch.tensor(one.ids[one.prompt_length :])
    return ids, targets


def rate(step: int, budget: Budget) -> float:
    """Share of the full learning rate: linear warm-up, then a cosine down to a fiftieth."""
    if step < budget.warmup:
        return (step + 1) / budget.warmup
    progress = (step - budget.warmup) / max(1, budget.steps - budget.warmup)
    return 0.02 + 0.98 * (1 + math.cos(math.pi * progress)) / 2


def optimizers(model: LlamaForCausalLM, budget: Budget) -> list[torch.optim.Optimizer]:
    """Muon learns the layers' matrices from about half the text that AdamW needs; it suits nothing but matrices."""
    matrices = [p for p in model.model.layers.parameters() if p.dim() == 2]
    known = {id(p) for p in matrices}
    others = [p for p in model.parameters() if id(p) not in known]
    return [
        torch.optim.Muon(matrices, lr=budget.learning_rate, weight_decay=0.02),
        torch.optim.AdamW(others, lr=budget.embedding_rate, betas=(0.9, 0.98), weight_decay=0.0),
    ]


def _learn(model: LlamaForCausalLM, batch: list[Encoded], pad: int, budget: Budget) -> float:
    """Gradients of one step, summed over its pieces; the mean loss per reply token."""
    counted = sum(len(one.ids) - one.prompt_length for one in batch)
    summed = 0.0
    for piece in pieces(batch, budget.piece_tokens):
        ids, targets = tensors(piece, pad)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=budget.bfloat16):
            hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state
            wanted = targets != IGNORED
            logits = model.lm_head(hidden[wanted])
        loss = cross_entropy(logits.float(), targets[wanted], reduction="sum") / counted
        loss.backward()
        summed += loss.item()
    return summed


def fit(model: LlamaForCausalLM, tokenizer: Tokenizer, seed: int, budget: Budget) -> None:
    """Train in place and print progress."""
    learners = optimizers(model, budget)
    schedules = [torch.optim.lr_scheduler.LambdaLR(one, lambda step: rate(step, budget)) for one in learners]
    stream, rng, pad = examples(seed), Random(seed), token_id(tokenizer, PAD)
    started, seen, mean = time.monotonic(), 0, 0.0
    for step in range(budget.steps):
        batch = [encode(example, tokenizer, rng) for example in islice(stream, budget.batch)]
        loss = _learn(model, batch, pad, budget)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for learner, schedule in zip(learners, schedules, strict=True):
            learner.step()
            learner.zero_grad(set_to_none=True)
            schedule.step()
        seen += sum(len(one.ids) for one in batch)
        mean = loss if step == 0 else 0.95 * mean + 0.05 * loss
        if step % 100 == 0 or step == budget.steps - 1:
            spent = time.monotonic() - started
            print(
                f"step {step:5d}/{budget.steps}  loss {mean:.4f}  {seen / spent:,.0f} tokens/s  {spent:.0f} s",
                flush=True,
            )


def make(out: Path, seed: int, budget: Budget, shape: Shape = Shape()) -> None:
    """Tokenizer, model and all that a server needs, in the folder ``out``."""
    torch.manual_seed(seed)
    torch.set_num_threads(budget.threads)
    tokenizer = from_corpus(seed)
    model = LlamaForCausalLM(architecture(tokenizer, shape))
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters, {tokenizer.get_vocab_size()} tokens", flush=True)
    fit(model, tokenizer, seed, budget)
    ends = {name: getattr(model.config, name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    model.generation_config = GenerationConfig(**ends)
    model.bfloat16().save_pretrained(out)
    for_transformers(tokenizer).save_pretrained(out)
