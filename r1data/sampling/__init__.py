"""Sampling: which draws a recipe asks for, and getting them without losing or repeating one."""

from r1data.sampling.completer import SET_ASIDE
from r1data.sampling.draws import completion_id, expanded, policy_fingerprint, route, seed_of
from r1data.sampling.policy import Candidate, Counts, Wave, draws_for, next_step, share_out
from r1data.sampling.pursuit import Ask, Cut, End, Pursuit
from r1data.sampling.sampler import Heard, Sampler, Shard

__all__ = [
    "SET_ASIDE",
    "Ask",
    "Candidate",
    "Counts",
    "Cut",
    "End",
    "Heard",
    "Pursuit",
    "Sampler",
    "Shard",
    "Wave",
    "completion_id",
    "draws_for",
    "expanded",
    "next_step",
    "policy_fingerprint",
    "route",
    "seed_of",
    "share_out",
]
