"""The verifier `code`: programs against tests, in a sandbox.

From the outside in: `judgement` says what a program's runs are worth, `suite` reads a task's tests, `program` finds the
program in an answer, `comparison` compares. `sandbox` starts the runner and opens a `session` for each program;
`bubblewrap` says what is visible there, and the package `inside` is what runs there. `languages` is the table of
programming languages.
"""

from r1data.verifiers.code.judgement import patience, verify
from r1data.verifiers.code.sandbox import run_program
from r1data.verifiers.code.session import Limits, Run, Status

VERSION: int = 1

__all__ = ["VERSION", "Limits", "Run", "Status", "patience", "run_program", "verify"]
