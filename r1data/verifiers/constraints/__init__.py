"""Constraints: instructions that a program can check, in English and Chinese, all of which a reply must follow.

A spec is a list of `{"kind": "words", "min": 100}` (kinds and arguments: `table.CONSTRAINTS`), or what IFEval writes:
`{"instruction_id_list": [...], "kwargs": [...]}`, or a list of `{"id": ..., "kwargs": {...}}`. It stands in the task's
`constraints`, else in the reference.
"""

from __future__ import annotations

from r1data.verifiers.check import Check, Finding, read_task
from r1data.verifiers.constraints.spec import Constraint, read_spec
from r1data.verifiers.constraints.table import CONSTRAINTS, Reply
from schemas import Outcome

__all__ = ["CONSTRAINTS", "VERSION", "Constraint", "read_spec", "verify"]

VERSION = 1


def verify(check: Check) -> Finding:
    """Judge one answer: correct only if every constraint holds; `extracted` names those that do not.

    Raises:
        BadTask: the spec is empty, has a kind that nobody knows, or arguments that do not fit.
    """
    spec = read_spec(read_task(check.task).get("constraints"), check.reference)
    tests = [(constraint, constraint.prepare(check.question)) for constraint in spec]
    if check.answer is None or not check.answer.strip():
        return Finding(Outcome.NO_ANSWER, None, "there is no answer")
    reply = Reply(check.answer.strip(), check.language)
    results = [(constraint.label, test(reply)) for constraint, test in tests]
    failed = [label for label, holds in results if not holds]
    detail = "; ".join(f"{'pass' if holds else 'FAIL'} {label}" for label, holds in results)
    outcome = Outcome.INCORRECT if failed else Outcome.CORRECT
    return Finding(outcome, "; ".join(failed) or None, detail)
