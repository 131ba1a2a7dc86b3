"""Verifiers: one function for dataset, reward and evaluation; seven outcomes; workers that can be killed."""

from r1data.verifiers.check import Check, Finding, verdict
from r1data.verifiers.pool import VerifierPool
from r1data.verifiers.registry import VERIFIERS, verify, version_of, versions
from r1data.verifiers.rows import BadRow, check_of, checks, task_of

__all__ = [
    "VERIFIERS",
    "BadRow",
    "Check",
    "Finding",
    "VerifierPool",
    "check_of",
    "checks",
    "task_of",
    "verdict",
    "verify",
    "version_of",
    "versions",
]
