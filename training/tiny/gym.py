"""Reasoning-gym families in their own wording, worked out in our manner.

The configurations are fixed: the demo's recipe draws from the same ones. Answers have the form that each family's own
scorer accepts when it is given the text inside the box.
"""

import re
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

import reasoning_gym  # type: ignore[import-untyped, unused-ignore]

from training.tiny import columns
from training.tiny.tasks import Line, Pen, Solution, Task

CONFIGURATIONS: dict[str, dict[str, int]] = {
    "chain_sum": {"min_terms": 2, "max_terms": 3, "min_digits": 2, "max_digits": 2},
    "gcd": {"min_numbers": 2, "max_numbers": 2, "min_value": 2, "max_value": 60},
    "simple_equations": {"min_terms": 2, "max_terms": 2, "min_value": 1, "max_value": 9},
}  # fmt: skip


class Reserved(NamedTuple):
    """The dataset of every family that training never sees: the demo and the evaluation draw from it."""

    seed: int
    size: int


RESERVED = Reserved(seed=0, size=600)


def entries(family: str, seed: int, size: int) -> Any:  # noqa: ANN401 - reasoning-gym has no types
    """A reasoning-gym dataset. Its entry i is made from seed + i, so seeds that lie close together share entries."""
    return reasoning_gym.create_dataset(family, seed=seed, size=size, **CONFIGURATIONS[family])


def reserved_questions() -> frozenset[str]:
    """Every question that training must skip."""
    return frozenset(entry["question"] for name in CONFIGURATIONS for entry in entries(name, *RESERVED))


def _chain_sum(entry: dict[str, Any], pen: Pen) -> Solution:
    expression = entry["metadata"]["expression"]
    first, *rest = [int(term) for term in re.sub(r"([+-]) ", r"\1", expression).split()]
    running, paragraphs = first, []
    for term in rest:
        worked = columns.combine(running, term, pen)
        paragraphs.append(worked.lines)
        running = worked.result
    return Solution(
        Line(f"I need to compute {expression}.", f"我需要计算 {expression}。"), tuple(paragraphs), str(running)
    )


def _gcd(entry: dict[str, Any], pen: Pen) -> Solution:
    small, large = sorted(entry["metadata"]["numbers"])
    opening = Line(f"I use Euclid's way on {large} and {small}.", f"我对 {large} 和 {small} 用辗转相除法。")
    lines = []
    while small:
        rest = min(pen.note(large % small), small - 1)
        step = f"{large} = {small} × {large // small} + {rest}"
        lines.append(Line(f"{step}, remainder {rest}.", f"{step}，余数 {rest}。"))
        large, small = small, rest
    lines.append(Line(f"The last divisor is {large}.", f"最后的除数是 {large}。"))
    return Solution(opening, (tuple(lines),), str(large))


def _simple_equations(entry: dict[str, Any], pen: Pen) -> Solution:
    """Bring every form that the family has to ``factor*name = value``, then divide."""
    name, text = entry["metadata"]["variable"], entry["metadata"]["equation"]
    left, right = text.split(" = ")
    terms = re.sub(r"([+-]) ", r"\1", left).split()
    constant = sum(int(term) for term in terms if name not in term)
    (unknown,) = [term.lstrip("+") for term in terms if name in term]
    factor = int(unknown.replace(f"*{name}", "").replace(name, "1"))
    paragraphs, value = [], int(right)
    opening = Line(f"I need to find {name} in {text}.", f"我需要在 {text} 中求 {name}。")
    if constant:
        moved = columns.combine(value, -constant, pen)
        paragraphs.append(moved.lines)
        value = moved.result
    root = pen.note(round(abs(value / factor)))
    paragraphs.append(
        (
            Line(f"Now {unknown} = {value}.", f"现在 {unknown} = {value}。"),
            Line(f"Since {factor} × {root} = {value}, {name} = {root}.",
                 f"因为 {factor} × {root} = {value}，所以 {name} = {root}。"),
        )
    )  # fmt: skip
    return Solution(opening, tuple(paragraphs), str(root))


_SOLVERS: dict[str, Callable[[dict[str, Any], Pen], Solution]] = {
    "chain_sum": _chain_sum,
    "gcd": _gcd,
    "simple_equations": _simple_equations,
}


def _code(family: str, entry: dict[str, Any]) -> str:
    """A Python expression for the answer, in the family's own numbers."""
    metadata = entry["metadata"]
    match family:
        case "chain_sum":
            return str(metadata["expression"])
        case "gcd":
            return f"gcd({', '.join(map(str, metadata['numbers']))})"
        case _:
            name = metadata["variable"]
            return f"next({name} for {name} in range(99) if {metadata['equation'].replace('=', '==')})"


def task(family: str, entry: dict[str, Any]) -> Task:
    """A reasoning-gym entry as one of our tasks. The families are in English only."""
    solver = _SOLVERS[family]
    return Task(family, "en", entry["question"], entry["answer"], _code(family, entry), lambda pen: solver(entry, pen))


def draws(family: str, rng: Random, size: int) -> Callable[[], Task]:
    """A function that returns another random task of the family at each call, far from the reserved seeds."""
    dataset = entries(family, seed=rng.randrange(10**6, 10**8), size=size)
    return lambda: task(family, dataset[rng.randrange(size)])
