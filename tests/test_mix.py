"""In which order the parts of a mix are made."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from r1data.mix import MixJob, in_turn
from r1data.progress import Progress, Silence
from r1data.recipe import Mix, RewritePart, Runtime


def job_of(models: list[tuple[str, list[int]]]) -> MixJob:
    """A mix of parts that rewrite with these models what these parts before them have made; the first is given."""
    given: dict[str, object] = {
        "name": "p0", "group": "general", "kind": "replies", "sources": [{"kind": "file", "path": "x.jsonl"}],
    }  # fmt: skip
    parts = [given]
    for number, (model, origins) in enumerate(models, start=1):
        of = [f"p{one % number}" for one in origins]
        parts.append({"name": f"p{number}", "group": "cold_start", "kind": "rewrite", "model": model, "of": of})
    mix = Mix.model_validate({"name": "m", "parts": parts})
    return MixJob(mix, Runtime(), Path("nowhere"), Progress(Silence()))


parts = st.lists(st.tuples(st.sampled_from("abc"), st.lists(st.integers(0, 9), min_size=1, max_size=3)), max_size=9)


@given(parts)
def test_every_part_comes_once_and_after_what_it_rewrites(models: list[tuple[str, list[int]]]) -> None:
    job = job_of(models)
    order = [part.name for part in in_turn(job, job.mix.parts)]
    assert sorted(order) == sorted(part.name for part in job.mix.parts)
    for part in job.mix.parts:
        if isinstance(part, RewritePart):
            assert all(order.index(one) < order.index(part.name) for one in part.of)


def test_parts_of_one_model_come_together_where_nothing_hinders() -> None:
    job = job_of([("a", [0]), ("b", [0]), ("a", [0]), ("b", [1]), ("a", [2])])
    order = [part.name for part in in_turn(job, job.mix.parts)]
    assert order == ["p0", "p1", "p3", "p2", "p4", "p5"]


def test_a_model_that_must_wait_for_another_comes_after_it() -> None:
    job = job_of([("a", [0]), ("b", [0]), ("a", [1, 2]), ("b", [0])])
    order = [part.name for part in in_turn(job, job.mix.parts)]
    assert order == ["p0", "p2", "p4", "p1", "p3"]
