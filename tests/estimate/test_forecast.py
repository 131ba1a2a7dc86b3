"""Estimates: the simulation is the policy, beliefs follow from what was seen, and ranges hold what they promise."""

import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1data.estimate.belief import Amount, PassRates
from r1data.estimate.forecast import Forecast, Group, Machine, forecast
from r1data.estimate.simulation import simulate
from r1data.recipe import AdaptiveDraws, Price
from r1data.sampling.policy import Counts, Wave, next_step

MACHINE = Machine(
    tokens_per_second=Amount(100.0), startup_seconds=36.0, gpus=2, price=Price(gpu_hour=5.0, completion_tokens=10.0),
    token_bytes=2.0, draw_bytes=100.0, basis={},
)  # fmt: skip
GROUP = Group(
    domain="math", prompts=500, draws=AdaptiveDraws(target=2, max=16), told=True, rates=PassRates.assumed(0.5),
    accepted_tokens=Amount(100.0), other_tokens=Amount(200.0), prompt_tokens=Amount(10.0), basis="assumed",
)  # fmt: skip
POLICIES = st.one_of(
    st.integers(1, 20),
    st.builds(
        AdaptiveDraws, target=st.integers(1, 4), max=st.integers(4, 24), growth=st.floats(0, 1),
        give_up_below=st.none() | st.floats(0.05, 0.5),
    ),
)  # fmt: skip


def foresee(*groups: Group, machine: Machine = MACHINE, seed: int = 0) -> Forecast:
    return forecast(groups, machine, recipe="r", asks="a", when="now", draws_there=0, seed=seed)


def play(draws: int | AdaptiveDraws, rate: float, failing: float, dice: random.Random) -> Counts:
    """One prompt, draw by draw, as the sampler would."""
    counts = Counts()
    while isinstance(step := next_step(draws, counts), Wave):
        for _ in range(step.until - counts.drawn):
            failed = dice.random() < failing
            good = not failed and dice.random() < rate
            counts = replace(
                counts, drawn=counts.drawn + 1, accepted=counts.accepted + good, failed=counts.failed + failed
            )
    return counts


@settings(max_examples=12, deadline=None)
@given(POLICIES, st.floats(0.02, 0.98), st.sampled_from([0.0, 0.2]))
def test_the_simulation_draws_as_the_policy_does(draws: int | AdaptiveDraws, rate: float, failing: float) -> None:
    dice = random.Random(1)
    one_by_one = [play(draws, rate, failing, dice) for _ in range(1500)]
    shape = (10, 1000)
    together = simulate(draws, np.full(shape, rate), np.full(shape, failing), np.random.default_rng(1))
    for name in ("drawn", "accepted", "failed"):
        singles = [getattr(counts, name) for counts in one_by_one]
        doubt = 5 * (np.std(singles) + 0.02) / len(singles) ** 0.5
        assert getattr(together, name).mean() == pytest.approx(np.mean(singles), abs=doubt + 0.01)


def test_a_budget_is_spent_on_prompts_that_could_use_more_and_not_exceeded() -> None:
    dice = np.random.default_rng(2)
    rates, none = dice.beta(0.5, 0.5, size=(20, 200)), np.zeros((20, 200))
    without = simulate(AdaptiveDraws(target=2, max=8), rates, none, dice)
    spent = simulate(AdaptiveDraws(target=2, max=8, budget=8), rates, none, dice)
    assert (spent.drawn.mean(axis=1) <= 8).all() and spent.drawn.max() > 8
    assert (spent.accepted >= 2).mean() > (without.accepted >= 2).mean()


@given(st.integers(1, 40), st.integers(1, 5000), st.floats(0, 1))
@settings(max_examples=15, deadline=None)
def test_a_fixed_number_of_draws_is_no_guess(draws: int, prompts: int, rate: float) -> None:
    foreseen = foresee(replace(GROUP, prompts=prompts, draws=draws, rates=PassRates.assumed(rate)))
    span = foreseen.whole.draws
    assert span.mean == span.low == span.high == pytest.approx(draws * prompts)


def test_figures_follow_from_each_other() -> None:
    whole = foresee(replace(GROUP, draws=10)).whole
    assert whole.accepted is not None and whole.solved is not None and whole.gpu_hours is not None and whole.money
    others = whole.draws.mean - whole.accepted.mean
    assert whole.completion_tokens.mean == pytest.approx(100 * whole.accepted.mean + 200 * others)
    assert whole.prompt_tokens.mean == pytest.approx(10 * 5000)
    assert whole.gpu_hours.mean == pytest.approx(2 * (whole.completion_tokens.mean / 100 + 36) / 3600)
    assert whole.money.mean == pytest.approx(5 * whole.gpu_hours.mean + 10 * whole.completion_tokens.mean / 1e6)
    stored = whole.completion_tokens.mean + 100 * whole.accepted.mean
    assert whole.disk.mean == pytest.approx(2 * stored + 100 * whole.draws.mean)
    assert 0 < whole.solved.mean <= 500


def test_domains_add_up_and_the_seed_decides() -> None:
    logic = replace(GROUP, domain="logic", prompts=77, rates=PassRates.assumed(0.1))
    essays = replace(GROUP, domain="essays", prompts=5, draws=4, told=False)
    foreseen = foresee(GROUP, logic, essays)
    for name in ("draws", "completion_tokens", "prompt_tokens", "disk", "gpu_hours", "money"):
        total = sum(getattr(one, name).mean for one in foreseen.domains)
        assert getattr(foreseen.whole, name).mean == pytest.approx(total)
    assert foreseen == foresee(GROUP, logic, essays) != foresee(GROUP, logic, essays, seed=1)
    assert Forecast.model_validate_json(foreseen.model_dump_json()) == foreseen
    by_name = {one.domain: one for one in foreseen.domains}
    assert by_name["essays"].solved is None and by_name["essays"].draws.mean == 20
    per_prompt = {name: one.draws.mean / one.prompts for name, one in by_name.items()}
    assert per_prompt["logic"] > per_prompt["math"]


def test_what_is_not_known_is_none() -> None:
    unpriced = replace(MACHINE, price=Price(), gpus=0)
    whole = foresee(GROUP, machine=unpriced).whole
    assert whole.money is None and whole.gpu_hours is None and whole.hours.mean > 0


@given(st.integers(1, 16), st.integers(0, 16), st.integers(1, 50))
def test_a_belief_lies_between_the_prior_and_what_was_seen(judged: int, accepted: int, prompts: int) -> None:
    accepted = min(accepted, judged)
    mean = PassRates.measured({(judged, accepted): prompts}).mean
    seen = accepted / judged
    assert min(seen, 0.5) - 0.02 <= mean <= max(seen, 0.5) + 0.02


def test_a_pilot_that_was_stopped_by_what_it_saw_misleads_nobody() -> None:
    dice, truth = random.Random(3), np.random.default_rng(3).beta(1.5, 2.5, size=400)
    policy = AdaptiveDraws(target=2, max=16)
    ends = [play(policy, rate, 0.0, dice) for rate in truth]
    share = sum(c.accepted for c in ends) / sum(c.drawn for c in ends)
    believed = PassRates.measured(Counter((c.drawn, c.accepted) for c in ends)).mean
    assert abs(believed - truth.mean()) < 0.05 < abs(share - truth.mean())  # the plain share of good draws would


@pytest.mark.slow
def test_the_range_after_a_pilot_holds_the_truth_as_often_as_it_says() -> None:
    dice, numpy_dice = random.Random(4), np.random.default_rng(4)
    policy = AdaptiveDraws(target=2, max=16)
    held = 0
    for _ in range(60):
        mean, concentration = numpy_dice.uniform(0.1, 0.9), numpy_dice.uniform(0.5, 6)
        truth = numpy_dice.beta(mean * concentration, (1 - mean) * concentration, size=(1, 500))
        pilot = [play(policy, rate, 0.0, dice) for rate in truth[0, :20]]
        rates = PassRates.measured(Counter((c.drawn, c.accepted) for c in pilot))
        span = foresee(replace(GROUP, draws=policy, rates=rates)).whole.draws
        drawn = simulate(policy, truth, np.zeros_like(truth), numpy_dice).drawn.sum()
        held += span.low <= drawn <= span.high
    assert held >= 45
