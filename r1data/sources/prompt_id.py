"""The identity of a prompt: what it asks and what it accepts."""

from __future__ import annotations

from r1data.recipe import fingerprint
from schemas import Message


def prompt_id(messages: tuple[Message, ...], verifier: str, reference: str | None, task: str | None) -> str:
    """Hash of what the task is, whatever source, domain or licence it came with."""
    turns = [[m.role, m.content] for m in messages]
    return fingerprint({"messages": turns, "verifier": verifier, "reference": reference, "task": task})
