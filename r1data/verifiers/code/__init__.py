"""Programs against tests, in a sandbox."""

from r1data.verifiers.code.sandbox import Limits, Run, Status, run_program

VERSION: int = 1
__all__ = ["VERSION", "Limits", "Run", "Status", "run_program"]
