"""Whether a server has died is asked once by all who lost it together, and again by those who lost it later."""

import asyncio

import pytest

from r1data.engines import Request
from r1data.engines.client import upkeep
from r1data.engines.client.completions_api import CompletionsApi
from r1data.engines.client.endpoint import Attempt, Endpoint
from r1data.engines.client.exchange import Exchange
from r1data.engines.client.limit import Limit
from r1data.recipe import ServerEngine as Settings

URL = "http://127.0.0.1:9/v1"


@pytest.mark.timeout(120)
@pytest.mark.parametrize("later", range(6))
def test_who_asks_at_the_moment_of_the_answer_asks_anew(monkeypatch: pytest.MonkeyPatch, later: int) -> None:
    asked = 0

    async def is_dead(exchange: Exchange, url: str, *, vllm: bool) -> bool:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        return False

    async def lose_twice() -> list[bool]:
        attempt = Attempt(Request("p", (1,), seed=1, temperature=1.0, top_p=1.0, max_tokens=1))
        first = asyncio.create_task(keeper.died(endpoint, attempt))
        for _ in range(later):
            await asyncio.sleep(0)
        return [await keeper.died(endpoint, attempt), await first]

    monkeypatch.setattr(upkeep, "is_dead", is_dead)
    endpoint = Endpoint(URL, Limit(4))
    keeper = upkeep.Upkeep(
        Settings(kind="server", endpoints=(URL,)), "tiny", CompletionsApi(), [endpoint], Exchange(None), None,
        notify=print, freed=lambda: None, fail=lambda error: None,
    )  # fmt: skip
    assert asyncio.run(lose_twice()) == [False, False]
    assert asked == 2
