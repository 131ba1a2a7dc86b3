"""A verifier process: takes checks from a pipe one at a time, and sends back verdicts. Run by the pool, as a script."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
import warnings
from multiprocessing.connection import Connection

from r1data.verifiers.registry import load, verify

MEMORY_BYTES = 6 << 30
MOST_INT_DIGITS = 10_000
PR_SET_PDEATHSIG = 1


def main(descriptor: int, parent: int) -> None:
    """Serve checks until the other end of the pipe closes."""
    _set_up(parent)
    pipe: Connection = Connection(descriptor)
    while True:
        try:
            message = pipe.recv()
        except EOFError:
            return
        if isinstance(message, str):  # the name of a verifier to load, before any deadline counts
            load(message)
            pipe.send(None)
        else:
            pipe.send(verify(message))


def _set_up(parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before we asked to be told
        os._exit(1)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.set_int_max_str_digits(MOST_INT_DIGITS)
    warnings.simplefilter("ignore")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
