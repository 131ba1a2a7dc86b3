"""Verifiers: one function for dataset, reward and evaluation; seven outcomes; workers that can be killed."""

from r1data.verifiers.check import Check
from r1data.verifiers.pool import VerifierPool
from r1data.verifiers.registry import VERIFIERS, verify, versions

__all__ = ["VERIFIERS", "Check", "VerifierPool", "verify", "versions"]
