"""What depends on other rows: near-duplicates, contamination, windows of pass rates, rules for keeping, quotas."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1data.recipe import Quota, Selection
from r1data.selection import NotCompared, candidates, combined, decide, fates, signatures_in
from schemas import Contaminations, Kinship
from schemas.kinship import BINS
from tests.selection.rows import completions, id_of, measures, verdicts

PROMPTS = ["a" * 32, "b" * 32, "c" * 32]


def kinship(*changed: int, group: int = 0, first: int = 0) -> pl.DataFrame:
    """Replies in one group; each differs from the first in so many places of its signature."""
    base = np.arange(1, BINS + 1, dtype=np.uint16)
    rows = [np.where(np.arange(BINS) < places, base + 1000 * (n + 1), base) for n, places in enumerate(changed)]
    return Kinship.validate(
        pl.DataFrame(
            {
                "completion_id": [id_of(first + n) for n in range(len(rows))],
                "group": [group] * len(rows),
                "signature": pl.Series(np.array(rows, np.uint16), dtype=pl.Array(pl.UInt16, BINS)),
            }
        )
    )


def decided(changes: list[dict[str, Any]], outcomes: list[str], selection: Selection, **more: Any) -> pl.DataFrame:
    n = len(outcomes)
    tables = completions(*changes), verdicts(*outcomes), measures(*[{}] * n)
    decisions = decide(*(table.lazy() for table in tables), selection, **more)
    return decisions.sort("completion_id")


def prompts(**columns: list[str]) -> pl.LazyFrame:
    filled = {name: columns.get(name, ["x"] * len(PROMPTS)) for name in ("domain", "source", "language")}
    return pl.LazyFrame({"prompt_id": PROMPTS, **filled})


def test_a_near_duplicate_of_another_prompt_names_its_twin() -> None:
    drawn = [{"prompt_id": prompt} for prompt in PROMPTS]
    table = decided(drawn, ["correct"] * 3, Selection(similarity=0.85), kinship=kinship(0, 10, 60))
    assert table["findings"].to_list() == [[], ["duplicate/near"], []]
    assert table["duplicate_of"].to_list() == [None, id_of(0), None]
    assert table["similarity"][1] == pytest.approx(118 / BINS, abs=1e-3)
    looser = decided(drawn, ["correct"] * 3, Selection(similarity=0.5), kinship=kinship(0, 10, 60))
    assert looser["kept"].to_list() == [True, False, False]


def test_what_is_not_good_has_no_twins() -> None:
    drawn = [{"prompt_id": prompt} for prompt in PROMPTS]
    table = decided(drawn, ["incorrect", "correct", "correct"], Selection(), kinship=kinship(0, 0, 0))
    assert table["reason"].to_list() == ["incorrect", None, "duplicate"]
    assert table["duplicate_of"].to_list() == [None, None, id_of(1)]


def test_the_same_text_is_exact_and_fully_similar() -> None:
    frames = completions({}, {}), verdicts("correct", "correct"), measures(*[{"folded": "d" * 32}] * 2)
    table = decide(*(frame.lazy() for frame in frames), Selection())
    assert table["findings"].to_list() == [[], ["duplicate/exact"]]
    assert table["similarity"].to_list() == [None, 1.0]


def hit(key: str, method: str, score: float, item: str = "7") -> dict[str, Any]:
    return {"completion_id": key, "benchmark": "math-500", "item": item, "part": "prompt", "method": method,
            "score": score, "text": "t", "item_text": "t"}  # fmt: skip


def test_a_hit_in_the_prompt_counts_for_all_its_replies() -> None:
    hits = Contaminations.validate(
        pl.DataFrame([hit(PROMPTS[1], "digits", 1.0), hit(id_of(0), "ngram", 0.5), hit(id_of(0), "overlap", 0.9, "8")])
    )
    drawn = [{"prompt_id": PROMPTS[0]}, {"prompt_id": PROMPTS[1]}, {"prompt_id": PROMPTS[1]}, {"prompt_id": PROMPTS[2]}]
    table = decided(drawn, ["correct", "correct", "incorrect", "correct"], Selection(), contaminations=hits)
    assert table["contaminated_by"].to_list() == ["math-500/8", "math-500/7", "math-500/7", None]
    assert table["reasons"].to_list() == [["contaminated"], ["contaminated"], ["incorrect", "contaminated"], []]
    assert table["findings"][1].to_list() == ["contaminated/digits"]


def test_a_prompt_outside_the_window_keeps_nothing_and_hides_no_twin() -> None:
    drawn = [{"prompt_id": PROMPTS[0]}] * 2 + [{"prompt_id": PROMPTS[1]}] * 2 + [{"prompt_id": PROMPTS[2]}] * 2
    outcomes = ["correct", "correct", "correct", "incorrect", "timeout", "correct"]
    related = kinship(0, 60, 0)
    table = decided(drawn, outcomes, Selection(pass_rate=(0.1, 0.9)), kinship=related)
    assert table["reason"].to_list() == ["pass_rate", "pass_rate", None, "incorrect", "unverified", "pass_rate"]
    assert table["findings"][5].to_list() == ["pass_rate/high"]
    assert decided(drawn, outcomes, Selection(), kinship=related)["reason"][2] == "duplicate"


def test_the_most_different_replies_are_kept() -> None:
    related = kinship(0, 5, 100, 6)
    table = decided(
        [{}] * 4, ["correct"] * 4, Selection(keep_per_prompt=2, keep_rule="different", similarity=1.0), kinship=related
    )
    assert table["kept"].to_list() == [True, False, True, False]
    with pytest.raises(NotCompared, match="different"):
        decided([{}] * 4, ["correct"] * 4, Selection(keep_per_prompt=2, keep_rule="different"))


def test_quotas_are_filled_by_chance_and_no_further() -> None:
    drawn = [{"prompt_id": PROMPTS[n % 3]} for n in range(30)]
    selection = Selection(quotas=(Quota(value="math", rows=4), Quota(column="language", value="zh", rows=3)))
    of = prompts(domain=["math", "code", "math"], language=["en", "zh", "zh"])
    seen = set()
    for seed in range(4):
        table = decided(drawn, ["correct"] * 30, selection, prompts=of, seed=seed)
        joined = table.join(of.collect(), on="prompt_id")
        assert joined.filter("kept", domain="math").height <= 4
        assert joined.filter("kept", language="zh").height == 3
        assert set(table["reason"].drop_nulls()) == {"quota"}
        seen.add(tuple(table.filter("kept")["completion_id"]))
    assert len(seen) > 1


ROWS = st.lists(
    st.tuples(st.sampled_from(PROMPTS), st.sampled_from(["correct", "correct", "incorrect"]), st.integers(0, 40)),
    min_size=1, max_size=14,
)  # fmt: skip
SELECTIONS = st.builds(
    Selection,
    similarity=st.sampled_from([0.7, 0.9, 1.0]),
    pass_rate=st.sampled_from([(0.0, 1.0), (0.2, 0.8)]),
    keep_per_prompt=st.sampled_from([None, 1, 2]),
    keep_rule=st.sampled_from(["first", "shortest", "random", "different"]),
    quotas=st.sampled_from([(), (Quota(value="math", rows=2),)]),
)


@settings(max_examples=60, deadline=None)
@given(ROWS, SELECTIONS, st.integers(0, 3), st.randoms(use_true_random=False))
def test_nothing_hangs_on_the_order_of_rows(
    rows: list[tuple[str, str, int]], selection: Selection, seed: int, random: Any
) -> None:
    drawn = completions(*({"prompt_id": prompt} for prompt, _, _ in rows))
    frames = drawn, verdicts(*(outcome for _, outcome, _ in rows)), measures(*[{}] * len(rows))
    related, of = kinship(*(places for _, _, places in rows)), prompts(domain=["math", "math", "code"])
    first = decide(*(frame.lazy() for frame in frames), selection, kinship=related, prompts=of, seed=seed)
    mixed = [frame[random.sample(range(frame.height), frame.height)] for frame in (*frames, related)]
    again = decide(*(frame.lazy() for frame in mixed[:3]), selection, kinship=mixed[3], prompts=of, seed=seed)  # type: ignore[arg-type, call-arg]
    assert first.equals(again)
    kept = dict(first.select("completion_id", "kept").iter_rows())
    good = first.filter(pl.col("kept") | pl.col("reason").is_in(["surplus", "quota"]))["completion_id"]
    assert set(first["duplicate_of"].drop_nulls()) <= set(good)
    assert sum(kept.values()) + first["reason"].count() == len(rows)


@settings(max_examples=60, deadline=None)
@given(ROWS, SELECTIONS, SELECTIONS)
def test_what_is_known_changes_nothing(rows: list[tuple[str, str, int]], one: Selection, other: Selection) -> None:
    drawn = completions(*({"prompt_id": prompt} for prompt, _, _ in rows)).lazy()
    said = combined(verdicts(*(outcome for _, outcome, _ in rows)).lazy())
    flawed = measures(*({"longest_paragraph": 60 * places} for _, _, places in rows)).lazy()
    related = kinship(*(places for _, _, places in rows))
    table = candidates(drawn, said, flawed, prompts(domain=["math", "math", "code"]), related)
    known = fates(table, one, 0, signatures_in(related))
    other = other.model_copy(update={"longest_paragraph": 1500})
    fresh = fates(table, other, 0, signatures_in(related))
    reused = fates(table, other, 0, signatures_in(related), (one, known))
    assert fresh.spelt().equals(reused.spelt())
