"""What sampling costs is a sum that can be checked by hand."""

from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from r1data.cost import Usage, gpus_of, money, per
from r1data.recipe import Price, Runtime, read_runtime

AMOUNTS = st.integers(0, 10**12)
PRICES = st.none() | st.floats(0, 1000)
USAGES = st.builds(Usage, AMOUNTS, AMOUNTS, st.floats(0, 1e9))


def test_money_by_hand() -> None:
    price = Price(gpu_hour=2.5, prompt_tokens=0.5, completion_tokens=2.0)
    assert money(price, Usage(4_000_000, 1_000_000, 7200)) == pytest.approx(5 + 2 + 2)
    assert money(Price(), Usage(1, 1, 1)) is None
    assert money(Price(gpu_hour=0), Usage(1, 1, 1)) == 0


@given(PRICES, PRICES, PRICES, USAGES, USAGES)
def test_the_cost_of_two_is_the_sum_of_their_costs(
    hour: float | None, sent: float | None, written: float | None, one: Usage, other: Usage
) -> None:
    price = Price(gpu_hour=hour, prompt_tokens=sent, completion_tokens=written)
    first, second, both = money(price, one), money(price, other), money(price, one + other)
    if first is None or second is None:
        assert both is None and (hour, sent, written) == (None, None, None)
    else:
        assert both == pytest.approx(first + second)
    assert astuple(one + Usage()) == astuple(one)


@given(st.floats(0, 1e9), st.integers(-1, 10**6))
def test_a_share_of_nothing_is_unknown(amount: float, rows: int) -> None:
    share = per(amount, rows)
    assert share is None if rows <= 0 else share is not None and share * rows == pytest.approx(amount)
    assert per(None, rows) is None


@pytest.mark.parametrize(
    ("settings", "gpus"),
    [
        (["engine.kind=server", "engine.endpoints=[http://a/v1, http://b/v1]"], 2),
        (["engine.kind=server", "engine.endpoints=[http://a/v1]", "gpus=8"], 8),
        (["engine.kind=server", "engine.endpoints=[http://a/v1]", "price.completion_tokens=2"], 0),
        (["engine.kind=server", "engine.endpoints=[http://a/v1]", "price.completion_tokens=2", "price.gpu_hour=1"], 1),
        (["engine.kind=scripted"], 0),
        (["engine.device=cpu"], 0),
        (["engine.device=gpu"], 1),
        (["engine.device=gpu", "engine.args=[--tensor-parallel-size, '4', --data-parallel-size=2]"], 8),
    ],
)
def test_gpus_are_counted_where_they_are_ours(settings: list[str], gpus: int) -> None:
    runtime: Runtime = read_runtime(None, settings)
    assert gpus_of(runtime) == gpus
