"""Beliefs: what is known about pass rates and lengths, and how little that may be.

Prompts differ, so a domain has not one pass rate but a distribution of them: a beta. Which beta is itself uncertain
after a pilot of twenty prompts, and that uncertainty, not the dice of sampling, is most of an estimate's range.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

MEANS = 1 / (1 + np.exp(-np.linspace(-7, 7, 113)))
"""Mean pass rates that are considered, dense near 0 and 1."""
CONCENTRATIONS = np.geomspace(0.1, 100, 41)
"""Sums of the beta's two parameters: below 1 prompts are solved always or never, above 10 they are much alike."""
ASSUMED_DOUBT = 0.75
"""Standard deviation, in logits, of an assumed mean: 0.5 may as well be 0.22 or 0.77."""


@dataclass(frozen=True, slots=True)
class PassRates:
    """A belief about a domain's pass rates: weights over betas, given by their means and concentrations."""

    weights: Array

    @classmethod
    def measured(cls, prompts: Mapping[tuple[int, int], int]) -> PassRates:
        """What draws tell: `prompts` says how many prompts had so many judged draws and so many of them accepted.

        Draws that were stopped by what they showed tell the same as others do: the likelihood does not ask why one
        stopped. The prior takes every mean for equally likely, and a concentration around 2.
        """
        means, sums = np.meshgrid(MEANS, CONCENTRATIONS, indexing="ij")
        ones, zeros = means * sums, (1 - means) * sums
        log = np.log(means * (1 - means)) + _normal(np.log(sums), math.log(2), 1.0)
        for (judged, accepted), count in prompts.items():
            chance = np.zeros_like(log)
            for k in range(judged):
                chance += np.log((ones + k) if k < accepted else (zeros + (k - accepted)))
                chance -= np.log(sums + k)
            log += count * chance
        return cls(_weights(log))

    @classmethod
    def assumed(cls, pass_rate: float) -> PassRates:
        """What somebody says the mean is, taken with a grain of salt."""
        inside = min(max(pass_rate, 0.001), 0.999)
        means, sums = np.meshgrid(MEANS, CONCENTRATIONS, indexing="ij")
        logits = np.log(means / (1 - means))
        centre = math.log(inside / (1 - inside))
        return cls(_weights(_normal(logits, centre, ASSUMED_DOUBT) + _normal(np.log(sums), math.log(2), 0.5)))

    @property
    def mean(self) -> float:
        """The mean pass rate that is expected."""
        return float((self.weights.sum(axis=1) * MEANS).sum())

    def draw(self, dice: np.random.Generator, worlds: int, prompts: int) -> Array:
        """Pass rates of `prompts` prompts in each of `worlds` worlds, which differ in their beta."""
        places = dice.choice(self.weights.size, size=worlds, p=self.weights.ravel())
        rows, columns = np.unravel_index(places, self.weights.shape)
        means, sums = MEANS[rows][:, None], CONCENTRATIONS[columns][:, None]
        rates = dice.beta(means * sums, (1 - means) * sums, size=(worlds, prompts))
        # With both parameters near nothing the quotient inside can be 0/0; such a prompt is solved always or never.
        mended: Array = np.where(np.isnan(rates), dice.random(rates.shape) < means, rates)
        return mended


@dataclass(frozen=True, slots=True)
class Amount:
    """A positive figure and its doubt: the standard deviation of its logarithm."""

    value: float
    doubt: float = 0.0

    def draw(self, dice: np.random.Generator, worlds: int) -> Array:
        """The figure in each of the worlds; its mean over them is `value`."""
        figures: Array = self.value * np.exp(dice.normal(-(self.doubt**2) / 2, self.doubt, worlds))
        return figures


def _normal(values: Array, centre: float, deviation: float) -> Array:
    return -0.5 * ((values - centre) / deviation) ** 2


def _weights(log: Array) -> Array:
    weights: Array = np.exp(log - log.max())
    weights /= weights.sum()
    return weights
