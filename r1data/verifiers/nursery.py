"""The nursery: a process that has loaded the verifiers' libraries and forks workers from itself. Run by the pool.

Libraries take seconds to load and a fork takes milliseconds, so that killing a worker costs next to nothing. Nothing is
ever computed in the nursery itself: no answer can harm it, and there is no thread that a fork would lose.
"""

from __future__ import annotations

import ctypes
import gc
import os
import pickle
import resource
import signal
import socket
import sys
import warnings
from dataclasses import dataclass

from r1data.verifiers.channel import Channel, Closed
from r1data.verifiers.registry import load
from r1data.verifiers.worker import serve

MEMORY_BYTES = 6 << 30
MOST_INT_DIGITS = 25_000
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Load:
    """Load a verifier; answered by `Loaded`."""

    verifier: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """Whether a verifier could be loaded; `trouble` says why not."""

    verifier: str
    trouble: str | None


@dataclass(frozen=True, slots=True)
class Born:
    """A worker was forked for the descriptor that came with the request."""

    pid: int


def main(descriptor: int, parent: int) -> None:
    """Serve requests until the other end of the connection closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no zombies; the pool hears of a death by its socket
    _die_with(parent)
    _limit(resource.RLIMIT_AS, MEMORY_BYTES)
    _limit(resource.RLIMIT_CORE, 0)
    sys.set_int_max_str_digits(MOST_INT_DIGITS)
    warnings.simplefilter("ignore")
    connection = socket.socket(fileno=descriptor)
    channel = Channel(connection, blocking=True)
    while True:
        body, descriptors, _, _ = socket.recv_fds(connection, 1 << 16, 1)
        if not body:
            return
        if descriptors:
            _fork(channel, descriptors[0])
            continue
        request: Load = pickle.loads(body)
        channel.send(Loaded(request.verifier, _load(request.verifier)))


def _load(verifier: str) -> str | None:
    try:
        load(verifier)
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    gc.collect()
    gc.freeze()  # pages that the collector does not touch stay shared with the workers
    return None


def _fork(channel: Channel, descriptor: int) -> None:
    nursery = os.getpid()
    pid = os.fork()
    if pid:
        os.close(descriptor)
        channel.send(Born(pid))
        return
    try:
        channel.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _die_with(nursery)
        serve(Channel(socket.socket(fileno=descriptor), blocking=True))
    except Closed:
        pass
    finally:
        os._exit(0)


def _die_with(parent: int) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before we asked to be told
        os._exit(1)


def _limit(what: int, most: int) -> None:
    """Lower a limit; one that is lower already stays."""
    hard = resource.getrlimit(what)[1]
    bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (bound, bound))
