"""What work costs, in processor time: the clock on the wall says more about the machine."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def takes_at_most(seconds: float) -> Iterator[None]:
    """Fail where the block takes more processor seconds of this process.

    For texts on which a careless pattern takes minutes, while a careful one takes a fraction of what is allowed: how
    fast the machine is must not matter.
    """
    began = time.process_time()
    yield
    spent = time.process_time() - began
    assert spent < seconds, f"{spent:.1f} s of processor time"
