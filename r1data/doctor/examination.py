"""All checks on one screen, and the run over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from r1data.doctor import machine, software
from r1data.doctor.finding import Finding, Status
from r1data.doctor.tiny import tiny_model
from r1data.verifiers.code.bubblewrap import find_bwrap

CHECKS: Mapping[str, Callable[[], Finding]] = {
    "python": software.python,
    "engine": software.engine,
    "torch": software.torch,
    "gpu": machine.gpu,
    "math verifier": software.verifier,
    "language model": software.languages,
    "reasoning-gym": software.gym,
    "sandbox": lambda: machine.sandbox(find_bwrap()),
    "disk": lambda: machine.disk(Path.cwd()),
    "memory": machine.memory,
    "loopback": machine.loopback,
    "prefect": software.prefect,
    "tiny model": tiny_model,
}


def examine(checks: Mapping[str, Callable[[], Finding]] = CHECKS) -> list[Finding]:
    """The findings, in the order of the checks. They run side by side: most of the time is other processes' imports."""
    with ThreadPoolExecutor(max_workers=4) as pool:
        return list(pool.map(_carefully, checks, checks.values()))


def _carefully(name: str, check: Callable[[], Finding]) -> Finding:
    """A check that breaks is a finding too: one broken part must not hide the others."""
    try:
        return check()
    except Exception as error:
        return Finding(name, Status.FAIL, f"the check itself broke: {type(error).__name__}: {error}", "report this")
