"""The verifiers on one screen, and the one function that dataset, reward and evaluation call."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from r1data.verifiers import choice, code, constraints, identity, logic
from r1data.verifiers.check import BadTask, Check, Finding, verdict
from r1data.verifiers.math import judging as math
from schemas import Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Verifier:
    """A pure function from a check to a finding.

    The version is raised whenever the function may say something else. `modules` are what takes longest to import: a
    worker imports them before any deadline counts. `patience` says how many seconds one check may take beyond the
    deadline of the recipe, for verifiers that run programs with limits of their own. `slow` where a check takes so long
    that a worker should have no others ahead.
    """

    version: int
    verify: Callable[[Check], Finding]
    modules: tuple[str, ...] = ()
    patience: Callable[[Check], float] = lambda check: 0.0
    slow: bool = False


VERIFIERS: dict[str, Verifier] = {
    "math": Verifier(math.VERSION, math.verify, ("math_verify",)),
    "code": Verifier(code.VERSION, code.verify, ("r1data.verifiers.code",), code.patience, slow=True),
    "choice": Verifier(choice.VERSION, choice.verify),
    "logic": Verifier(logic.VERSION, logic.verify, ("reasoning_gym",)),
    "constraints": Verifier(constraints.VERSION, constraints.verify, ("fasttext",)),
    "identity": Verifier(identity.VERSION, identity.verify),
}


MEASURING = {"math-checkers": Verifier(math.VERSION, math.both_checkers, ("math_verify",))}
"""What judges nothing: it says what each checker thinks, for the benchmark."""
KNOWN = VERIFIERS | MEASURING


def versions() -> dict[str, int]:
    """The version of each verifier."""
    return {name: verifier.version for name, verifier in VERIFIERS.items()}


def version_of(name: str) -> int:
    """The version of one verifier; 1 for a name that nobody knows, so that its verdict can be written down."""
    return KNOWN[name].version if name in KNOWN else 1


def load(name: str) -> None:
    """Import what a verifier needs, which takes seconds, so that its first check costs no more than the others."""
    if name in KNOWN:
        for module in KNOWN[name].modules:
            importlib.import_module(module)


def verify(check: Check) -> Verdict:
    """Judge one check. Whatever a verifier raises is a fault of ours and never a wrong answer of the model's.

    Takes as long as it takes: for a deadline, use the pool.
    """
    started = time.perf_counter()
    try:
        finding = KNOWN[check.verifier].verify(check)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BadTask as error:
        finding = Finding(Outcome.BAD_REFERENCE, detail=str(error))
    except BaseException as error:  # math-verify's time-out is no Exception
        finding = Finding(Outcome.VERIFIER_ERROR, detail=f"{type(error).__name__}: {error}")
    return verdict(check, version_of(check.verifier), finding, time.perf_counter() - started)
