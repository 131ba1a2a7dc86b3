"""The endless training text: which tasks, asked how, answered how, and what is never shown.

Two sets of prompts are held out. Of our own families every prompt whose hash falls into one eighth of all hashes:
``prompts.py`` draws only from that eighth. Of the reasoning-gym families every question of the
dataset with seed and size ``gym.RESERVED``: the demo draws from that one.
"""

from collections.abc import Callable, Iterator
from hashlib import sha256
from random import Random
from typing import NamedTuple

from training.tiny import flaws, gym
from training.tiny.families import FAMILIES
from training.tiny.flaws import Flaw
from training.tiny.tasks import Language, Pen, Task

DEFAULT_SLIP_RATE = 0.01
SLIP_RATES: dict[str, float] = {}
"""Per step. Families that the network learns well slip more, so that no family is always right."""

GYM_POOL = 20_000
SUFFIXES: dict[Language, tuple[str, ...]] = {
    "en": (
        "\nPlease reason step by step, and put your final answer within \\boxed{}.",
        "\n\nPlease reason step by step, and put your final answer within \\boxed{}.",
        " Think step by step and put the final answer in \\boxed{}.",
        "\nGive the final answer in \\boxed{}.",
    ),
    "zh": (
        "\n请逐步推理，并将最终答案放在 \\boxed{} 中。",
        "\n\n请逐步推理，并将最终答案放在 \\boxed{} 中。",
        "请一步一步思考，最后把答案写在 \\boxed{} 里。",
        "\n最终答案写在 \\boxed{} 中。",
    ),
}
SYSTEMS: dict[Language, tuple[str, ...]] = {
    "en": (
        "Think first, then give the final answer in \\boxed{}.",
        "You are a helpful assistant.",
        "You are a careful assistant. Reason between <think> and </think>, then answer in \\boxed{}.",
    ),
    "zh": (
        "先思考，再把最终答案写在 \\boxed{} 中。",
        "你是一个有用的助手。",
        "你是一个细心的助手。先在 <think> 和 </think> 之间推理，再把答案写在 \\boxed{} 里。",
    ),
}
SUFFIX_SHARE, SYSTEM_SHARE = 0.35, 0.15


class Example(NamedTuple):
    """One conversation to learn from; ``reply.ends`` says whether an end token follows."""

    task: Task
    system: str | None
    user: str
    reply: flaws.Reply
    flaw: Flaw


def held_out(question: str) -> bool:
    """Whether a prompt of our own families belongs to the eighth that training never sees."""
    return sha256(question.encode()).digest()[0] < 32


def sources(rng: Random) -> dict[str, Callable[[], Task]]:
    """One endless source of random tasks per family, all of equal weight in the mix."""
    own = {name: _own(family, rng) for name, family in FAMILIES.items()}
    return own | {name: gym.draws(name, rng, GYM_POOL) for name in gym.CONFIGURATIONS}


def _own(family: Callable[[Random, Language], Task], rng: Random) -> Callable[[], Task]:
    return lambda: family(rng, rng.choice(("en", "zh")))


def examples(seed: int) -> Iterator[Example]:
    """The training text, one conversation after the other, the same for the same seed."""
    rng = Random(seed)
    tasks, reserved = sources(rng), gym.reserved_questions()
    names = list(tasks)
    while True:
        task = tasks[rng.choice(names)]()
        if task.question in reserved or held_out(task.question):
            continue
        yield _example(task, rng)


def _example(task: Task, rng: Random) -> Example:
    pen = Pen(rng, SLIP_RATES.get(task.family, DEFAULT_SLIP_RATE))
    draft = flaws.draft(task.solve(pen), task.language, task.code, rng)
    flaw = flaws.choose(rng)
    suffix = rng.choice(SUFFIXES[task.language]) if rng.random() < SUFFIX_SHARE else ""
    system = rng.choice(SYSTEMS[task.language]) if rng.random() < SYSTEM_SHARE else None
    return Example(task, system, task.question + suffix, flaws.WRITERS[flaw](draft, rng), flaw)
