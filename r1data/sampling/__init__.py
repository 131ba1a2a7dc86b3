"""Sampling: which draws a recipe asks for, and getting them without losing or repeating one."""

from r1data.sampling.draws import Draw, draws_of, plan_of, route
from r1data.sampling.sampler import Sampler

__all__ = ["Draw", "Sampler", "draws_of", "plan_of", "route"]
