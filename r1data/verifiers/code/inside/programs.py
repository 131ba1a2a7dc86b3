"""The Python program itself: run as a script, or one of its functions called. Everything here may be bent by it.

That is why nothing here is believed: what counts is the exit status that the kernel tells, and bytes in files, which
the outside compares with what it alone knows.
"""

from __future__ import annotations

import _sitebuiltins
import _thread
import atexit
import builtins
import json
import os
import sys
import types
from collections.abc import Callable
from typing import Any

PRELUDE = """
import bisect, collections, functools, heapq, itertools, math, random, re, string, threading
from typing import *
from bisect import bisect, bisect_left, bisect_right, insort
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from functools import cache, cmp_to_key, lru_cache, reduce
from heapq import heapify, heappop, heappush, heappushpop, heapreplace, nlargest, nsmallest
from itertools import accumulate, chain, combinations, permutations, product
from math import ceil, comb, factorial, floor, gcd, inf, isqrt, lcm, sqrt
"""
"""What an answer that is one function may use without importing it, as on the site where such tasks come from."""
FUNCTION_RECURSION = 50_000
RESULT = 3
"""The descriptor that takes what a function returned."""


def warm_up() -> dict[str, Any]:
    """Import what programs use most, once for all of them; the prelude's names. Not more: a fork copies all of it.

    Every program begins with the same random state: the same program on the same input gives the same verdict. So what
    `random` and `threading` do in every fork (a third of its time) is left out; nothing here has a second thread.
    """
    register, os.register_at_fork = os.register_at_fork, lambda **hooks: None
    try:
        names: dict[str, Any] = {}
        for name in ("exit", "quit"):  # which a Python without `site` lacks
            setattr(builtins, name, _sitebuiltins.Quitter(name, "the end of the input"))
        exec(PRELUDE, names)
    finally:
        os.register_at_fork = register
    del names["__builtins__"]
    names["random"].seed(0)
    return names


def open_files() -> None:
    """Python's standard files anew, on whatever the descriptors 0 to 2 are when a program first uses them."""
    sys.set_int_max_str_digits(0)
    sys.argv = ["solution.py"]
    sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    sys.stdout = sys.__stdout__ = open(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    sys.stderr = sys.__stderr__ = open(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)  # type: ignore[misc]  # noqa: SIM115


def run_script(code: types.CodeType) -> int:
    """Run a program from standard input to standard output; the exit status."""
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    return _ending(lambda: exec(code, module.__dict__))


def call_function(code: types.CodeType, name: str, prelude: dict[str, Any]) -> int:
    """Call a function, or a method of a class Solution, and write down what it returns as JSON; the exit status.

    Standard input is a JSON list of argument lists, of which the first that fits the function's signature is taken.
    """
    module = sys.modules["solution"] = types.ModuleType("solution")
    module.__dict__.update(prelude)
    sys.setrecursionlimit(FUNCTION_RECURSION)
    readings = json.loads(sys.stdin.buffer.read())

    def call() -> None:
        exec(code, module.__dict__)
        function = _function(module, name)
        content = json.dumps(function(*_fitting(function, readings))).encode()
        while content:
            content = content[os.write(RESULT, content) :]

    return _ending(call)


def _function(module: types.ModuleType, name: str) -> Callable[..., Any]:
    solution = getattr(module, "Solution", None)
    if isinstance(solution, type) and hasattr(solution, name):
        return getattr(solution(), name)  # type: ignore[no-any-return]
    if name not in module.__dict__:
        raise NameError(f"the program defines no function {name!r}, nor a class Solution that has it")
    return module.__dict__[name]  # type: ignore[no-any-return]


def _fitting(function: Callable[..., Any], readings: list[list[Any]]) -> list[Any]:
    import inspect

    for arguments in readings[:-1]:
        try:
            inspect.signature(function).bind(*arguments)
        except (TypeError, ValueError):
            continue
        return arguments
    return readings[-1]


def _ending(action: Callable[[], object]) -> int:
    """Do what the interpreter does around a program: wait for threads, flush, turn an exception into a status."""
    status = 0
    try:
        action()
    except SystemExit as end:
        status = _exit_status(end)
    except BaseException as error:
        _report(error)
        status = 1
    try:
        if _thread._count():
            sys.modules["threading"]._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
    except BaseException as error:
        _report(error)
        status = status or 1
    return status


def _exit_status(end: SystemExit) -> int:
    match end.code:
        case None:
            return 0
        case int():
            return end.code & 0xFF
        case _:
            print(end.code, file=sys.stderr)
            return 1


def _report(error: BaseException) -> None:
    """The traceback on standard error, from the program's own first line on."""
    try:
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
            trace = trace.tb_next
        import traceback

        traceback.print_exception(type(error), error, trace, limit=-5)
        sys.stderr.flush()
    except BaseException:
        os.write(2, f"{type(error).__name__}\n".encode())
