"""Checks for the tests of the verifier `code`, and what of its sandbox can be seen from outside."""

import contextlib
import json
import os
import shutil
import time

import psutil
import pytest

from r1data.verifiers import Check
from r1data.verifiers.check import Finding
from r1data.verifiers.code import verify
from r1data.verifiers.code.bubblewrap import find_bwrap
from r1data.verifiers.code.sandbox import Sandbox, sandbox
from r1data.verifiers.code.session import SandboxUnavailable
from schemas import Outcome

DOUBLE = {"inputs": ["1\n", "2\n", "21\n"], "outputs": ["2\n", "4\n", "42\n"], "time_limit": 1}
GOOD = "print(2 * int(input()))"


def _works() -> bool:
    if find_bwrap() is None:
        return False
    try:
        Sandbox(weak=False).close()
    except SandboxUnavailable:
        return False
    return True


needs_sandbox = pytest.mark.skipif(not _works(), reason="bubblewrap does not start here: see `r1data doctor`")
needs_gxx = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")


def fenced(program: str, tag: str = "python") -> str:
    return f"This doubles the number:\n\n```{tag}\n{program}\n```\n\nIt reads one line."


def check(answer: str | None, tests: object, *, of_check: str = "en", **task: object) -> Check:
    return Check("0" * 32, "code", None, json.dumps({"tests": tests, **task}), of_check, answer)


def judge(program: str, tests: object = DOUBLE, **task: object) -> Finding:
    return verify(check(fenced(program), tests, **task))


def processes() -> list[psutil.Process]:
    """What lives in or around the sandboxes of this process; not what other tests keep running for the next one."""
    found = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            if "inside.zygote" in " ".join(child.cmdline()):
                found += [child, *child.children(recursive=True)]
    return found


def is_as_before(before: list[psutil.Process]) -> bool:
    """Whether the same processes live as before, those of a session being gone; it takes them a moment."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if set(processes()) == set(before):
            return True
        time.sleep(0.01)
    return False


class Watched:
    """The warm sandbox before and after an attack: the same one, with the same processes, and in good order."""

    def __enter__(self) -> "Watched":
        assert judge(GOOD).outcome is Outcome.CORRECT
        self._sandbox = sandbox()
        self._alone = self._settled()
        return self

    def _settled(self) -> list[psutil.Process]:
        previous: list[psutil.Process] = []
        while len(current := processes()) != len(previous) or not current:
            previous = current
            time.sleep(0.02)
        return current

    def __exit__(self, *unused: object) -> None:
        if unused[0] is not None:
            return
        assert sandbox() is self._sandbox and self._sandbox.usable
        assert is_as_before(self._alone), processes()
        assert judge(GOOD).outcome is Outcome.CORRECT
        assert os.getpid() == psutil.Process().pid
