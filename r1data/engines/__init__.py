"""Engines: what writes text. One small protocol; a server of somebody's, a local vLLM of ours, a scripted one."""

from r1data.engines.opening import Service, connected, serving
from r1data.engines.protocol import Engine, Failure, Load, Reply, Request
from r1data.engines.standby import Standby

__all__ = ["Engine", "Failure", "Load", "Reply", "Request", "Service", "Standby", "connected", "serving"]
