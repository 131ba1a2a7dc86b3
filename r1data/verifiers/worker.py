"""A verifier process: takes checks from its channel one at a time, and sends back verdicts. Forked by the nursery."""

from __future__ import annotations

from r1data.verifiers.channel import Channel
from r1data.verifiers.registry import verify


def serve(channel: Channel) -> None:
    """Judge until the other end closes, which raises `Closed`."""
    while True:
        for check in channel.receive():
            channel.send(verify(check))
