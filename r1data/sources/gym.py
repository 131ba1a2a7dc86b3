"""Prompts from reasoning-gym: procedural families, each with its own scorer, which becomes the verifier.

A row is taken only when the family's scorer, given what we store and nothing else, accepts the family's own answer.
The rows are made by `gym_process`; a process that is through with one source is kept for the next, since its start
takes seconds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from r1data.errors import SourceError
from r1data.recipe import GymPrompts
from r1data.sources.hints import did_you_mean
from r1data.sources.rows import Bad, Broken, Defaults, bad_row, make_prompt
from schemas import Message, Prompt

VERIFIER = "logic"
PROGRAM = Path(__file__).with_name("gym_process.py")
STDERR_SHOWN = 500
PATIENCE = 5.0
"""Seconds that a process gets to end once it has closed its output."""


def read_gym(source: GymPrompts) -> Iterator[Prompt | Bad]:
    """The prompts of one family.

    Raises:
        SourceError: the family is unknown, or its settings do not fit.
    """
    defaults = Defaults(
        source.name or f"reasoning-gym/{source.family}", source.domain, source.language, VERIFIER, source.licence
    )
    for record in _records(source):
        place = f"{source.family}[seed={source.seed}]:{record['index']}"
        yield _prompt(record, place, defaults)


def _prompt(record: Mapping[str, Any], place: str, defaults: Defaults) -> Prompt | Bad:
    try:
        if "rule" in record:
            raise Broken(record["rule"], record["detail"])
        messages = (Message("user", record["question"].strip()),)
        return make_prompt(messages, reference=record["answer"], task=record["task"], place=place, defaults=defaults)
    except Broken as broken:
        return bad_row(defaults.source, place, broken.rule, broken.detail, record["question"])


def _records(source: GymPrompts) -> Iterator[Mapping[str, Any]]:
    """What the process answers. One that was not heard to the end is ended, since it would go on answering."""
    place = f"prompts: reasoning-gym/{source.family}"
    chosen = sorted({"size", "seed"} & set(source.config))
    if chosen:
        raise SourceError(f"{place}: its config sets {chosen[0]}", f"set {chosen[0]} beside config, not in it")
    process = _take()
    through = False
    try:
        for record in process.ask(_request(source)):
            through = "problem" in record or "end" in record
            if "problem" in record:
                raise _refusal(source, record, place)
            if through:
                return
            yield record
        raise SourceError(f"{place}: its process ended: {process.last_words()}", "see the message; report it as a bug")
    finally:
        if through:
            IDLE.append(process)
        else:
            process.end()


def _request(source: GymPrompts) -> str:
    request = {"family": source.family, "size": source.size, "seed": source.seed, "config": source.config}
    return json.dumps(request, default=str)


def _refusal(source: GymPrompts, record: Mapping[str, Any], place: str) -> SourceError:
    if record["problem"] == "unknown_family":
        remedy = did_you_mean(source.family, record["known"], "known")
        return SourceError(f"prompts: reasoning-gym has no family '{source.family}'", remedy)
    return SourceError(f"{place}: its config does not fit: {record['problem']}", _settings(source, record["known"]))


def _settings(source: GymPrompts, known: list[str]) -> str:
    unknown = next((name for name in source.config if name not in known), "")
    return did_you_mean(unknown, known, "its settings") if unknown else f"its settings: {', '.join(known)}"


@dataclass(eq=False)
class GymProcess:
    """A running `gym_process`, with hash seed 0, so that sets have the same order everywhere."""

    errors: IO[bytes] = field(default_factory=tempfile.TemporaryFile)
    owner: int = field(default_factory=os.getpid)

    def __post_init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-W", "ignore", str(PROGRAM)],
            env={**os.environ, "PYTHONHASHSEED": "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            encoding="ascii",
            start_new_session=True,
        )

    def ask(self, request: str) -> Iterator[Mapping[str, Any]]:
        """Send one request and hand on the answers as they come; they stop short where the process dies."""
        assert self.process.stdin and self.process.stdout
        try:
            self.process.stdin.write(request + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return
        for line in self.process.stdout:
            if not line.endswith("\n"):
                return
            yield json.loads(line)

    def last_words(self) -> str:
        """The end of what it wrote to its standard error."""
        self.process.wait(PATIENCE)
        self.errors.seek(0)
        return self.errors.read().decode("utf-8", "replace").strip()[-STDERR_SHOWN:] or "it said nothing"

    def end(self) -> None:
        """Stop it, whatever it is doing."""
        self.process.kill()
        self.process.communicate()
        self.errors.close()


IDLE: list[GymProcess] = []
"""Processes that wait for a request; they end by themselves when we do, since nobody writes to them then."""


def _take() -> GymProcess:
    """A process that waits and is ours: one that a parent of a forked process has left behind is the parent's."""
    while IDLE:
        process = IDLE.pop()
        if process.owner == os.getpid() and process.process.poll() is None:
            return process
    return GymProcess()
