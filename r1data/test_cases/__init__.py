"""Tests for code problems, made as DeepSeek-R1's were.

A model writes programs that print inputs (`prompting`); known-correct submissions say what is right, and what they do
not agree on is dropped (`agreement`); of the rest those are kept that catch known-wrong submissions (`choosing`).
`building` does it for one problem, in the sandbox; `problem` is what goes in, `results` the file that comes out, and
`many` builds all problems of a file.
"""

from r1data.test_cases.building import Built, Flag, Settings, build
from r1data.test_cases.many import Summary, build_all, read_problems
from r1data.test_cases.problem import Problem, Submission, Test, UnreadableProblem, read_problem
from r1data.test_cases.prompting import find_generators, generator_prompt

__all__ = [
    "Built",
    "Flag",
    "Problem",
    "Settings",
    "Submission",
    "Summary",
    "Test",
    "UnreadableProblem",
    "build",
    "build_all",
    "find_generators",
    "generator_prompt",
    "read_problem",
    "read_problems",
]
