"""Rows that tests begin with."""

from dataclasses import replace

from schemas import Completion

COMPLETION = Completion(
    completion_id="0" * 32,
    prompt_id="f" * 32,
    route="route",
    draw=0,
    seed=1,
    model="model",
    model_fingerprint="m" * 32,
    rendered="r" * 32,
    temperature=1.0,
    top_p=1.0,
    max_tokens=100,
    engine="scripted 1",
    text="<think>\nI add.\n</think>\n\nIt is \\boxed{4}.",
    finish_reason="stop",
    prompt_tokens=5,
    completion_tokens=12,
    stages=1,
    seconds=0.5,
    error=None,
)


def completion(number: int, **changes: object) -> Completion:
    """The sample with its own id."""
    return replace(COMPLETION, completion_id=f"{number:032x}", draw=number, **changes)  # type: ignore[arg-type]
