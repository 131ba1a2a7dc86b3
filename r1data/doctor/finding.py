"""One finding of the doctor's, and how it asks another Python process."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How it stands. Only `FAIL` keeps a run from working; `WARN` costs something else."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it stands, what was seen, and what to do about it (a command or a sentence)."""

    name: str
    status: Status
    detail: str
    fix: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What another process printed. Where it did not work, `trouble` is one line that says why."""

    output: str
    trouble: str | None = None


def ask(command: list[str], seconds: float) -> Answer:
    """Run a command with a time limit, so that whatever hangs or crashes does not take the doctor with it."""
    try:
        process = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=seconds
        )
    except FileNotFoundError:
        return Answer("", f"{command[0]}: no such program")
    except OSError as error:
        return Answer("", f"{command[0]}: {error.strerror}")
    except subprocess.TimeoutExpired:
        return Answer("", f"no answer within {seconds:.0f} s")
    if process.returncode == 0:
        return Answer(process.stdout.strip())
    return Answer(process.stdout.strip(), _last_line(process.stderr) or f"exit status {process.returncode}")


def ask_python(code: str, seconds: float) -> Answer:
    """Run code in a fresh interpreter of this environment."""
    return ask([sys.executable, "-W", "ignore", "-c", code], seconds)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""
