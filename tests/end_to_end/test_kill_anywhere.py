"""Kill anywhere: whatever is killed, and whenever, the tables end as if nothing had been, and nothing is drawn twice
but what was in flight.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from r1data.progress import Progress, Silence
from r1data.recipe import read_recipe, read_runtime
from r1data.run import run
from r1data.stages import open_job
from r1data.store import Workspace
from tests.end_to_end.chaos import Chaos, Scripted, Toll, cast_of, runtime_of, scripted_server
from tests.end_to_end.rehearsal import assert_same, write_recipe

VICTIMS = ["run"] * 6 + ["everything"] * 3 + ["server"] * 14 + ["worker"] * 10 + ["nursery"] * 4
FEWER = ["run"] * 3 + ["everything"] * 2 + ["server"] * 7 + ["worker"] * 5 + ["nursery"] * 2
"""For each of the two tests: together they kill as often as one round of the soak."""
SLOTS = 16
PACE = 40
SETTINGS = ("verify_workers=2", "shard_prompts=25")
ENGINE = {"accuracy": 0.5, "spread": 0.4, "loops": 0.05, "reply_chars": 1200}
LATENCY = "--latency=0.04"
RECIPES = {
    "fixed": {"prompts": 200, "sampling": {"draws": 6, "max_tokens": 800, "caps": [200]}},
    "adaptive": {
        "prompts": 240,
        "sampling": {
            "draws": {"target": 2, "max": 8, "budget": 6.0, "give_up_below": 0.05},
            "max_tokens": 1600,
            "caps": [250, 400],
        },
    },
}


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", RECIPES)
def test_killed_at_random_moments_it_ends_the_same(tmp_path: Path, tiny: Path, kind: str) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    kill_anywhere(tmp_path, tiny, kind, seed, FEWER)


def kill_anywhere(folder: Path, tiny: Path, kind: str, seed: int, victims: Sequence[str] = VICTIMS) -> Toll:
    """One round: a run that is left in peace, one that is not, and what must be the same of both."""
    recipe = write_recipe(folder, tiny, **RECIPES[kind])
    cast_of(read_recipe(recipe), folder / "cast.json")
    with (
        scripted_server(folder / "peace", folder / "cast.json", LATENCY, **ENGINE) as peaceful,
        scripted_server(folder / "war", folder / "cast.json", LATENCY, **ENGINE) as server,
    ):
        undisturbed(recipe, folder / "undisturbed", peaceful)
        order = random.Random(seed).sample(victims, len(victims))
        chaos = Chaos(recipe, folder / "killed", server, seed, SLOTS, SETTINGS)
        toll = chaos.unleash([*order, "run"], PACE)
        print("\n".join(toll.diary))
        assert toll.kills.total() >= 0.8 * len(victims)

        requests = server.requests()
        repeated = len(requests) - len(set(requests))
        print(f"{len(requests)} requests, {repeated} repeated, {toll.redraws_allowed} were in flight at a kill")
        assert repeated <= toll.redraws_allowed
        assert set(requests) == set(peaceful.requests())
    assert_same(folder / "undisturbed", folder / "killed")
    assert_no_draw_twice(folder / "killed")
    return toll


def undisturbed(recipe: Path, root: Path, server: Scripted) -> None:
    """A run that nobody disturbs. It sends every request once."""
    where = read_runtime(None, runtime_of([server.url], f"concurrency={SLOTS}", *SETTINGS))
    run(open_job(read_recipe(recipe), where, root, Progress(Silence())))
    requests = server.requests()
    assert len(requests) == len(set(requests))


def assert_no_draw_twice(root: Path) -> None:
    """Every row of every sealed part is a draw of its own, and nothing lies about that is not sealed."""
    workspace = Workspace(root)
    ids = [key for part in workspace.parts() for key in workspace.read_part(part)["completion_id"]]
    assert ids and len(ids) == len(set(ids))
    assert not workspace.journals()
    assert not list(root.rglob(".staging-*"))
