"""What is kept adds up, stays within its limits, and hangs on nothing but the examples, their parts and the seed."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1data.duplicates import Resemblance
from r1data.merging import offered
from r1data.recipe import DomainQuota, Duplicates, Merge
from r1data.store.merged_folder import offered_examples
from r1data.texts import Cutter
from schemas import MergeReason
from tests.merging.making import decided, example, put, reply

QUESTIONS = (
    "A farmer has 120 sheep and sells 35 of them at the market. How many sheep does the farmer have now?",
    "A farmer has 120 sheep and sells  35 of them at the market. How many sheep does the farmer have now?",
    "A farmer has 120 sheep and sells 35 of them at the fair. How many sheep does the farmer have now?",
    "A farmer has 120 sheep and sells 36 of them at the market. How many sheep does the farmer have now?",
    "Write a short poem about the sea.",
    "What is 7 times 8?",
)
SAME = {0: 0, 1: 0, 2: 0}
"""The first three ask the same: one in other white space, one in another word."""


@st.composite
def rows(draw: st.DrawFn, part: str) -> list[dict[str, Any]]:
    found = []
    for number in range(draw(st.integers(0, 14))):
        question = draw(st.integers(0, len(QUESTIONS) - 1))
        text = reply(draw(st.integers(0, 9)))
        if draw(st.booleans()):
            text = text.replace(text.split()[3], "other")
        found.append(
            example(
                (part, number), QUESTIONS[question], text,
                domain=draw(st.sampled_from(["math", "code"])), category=draw(st.sampled_from([None, "a", "b"])),
                completion_tokens=draw(st.integers(0, 60)), prompt_tokens=draw(st.integers(0, 9)),
            )
        )  # fmt: skip
    return found


PARTS = st.fixed_dictionaries({name: rows(name) for name in ("one", "two", "three")})
COUNTS = st.none() | st.integers(0, 6)
QUOTA = st.builds(
    DomainQuota,
    rows=COUNTS,
    tokens=st.none() | st.integers(1, 200),
    parts=st.dictionaries(st.sampled_from(["one", "two"]), st.integers(0, 4)),
    categories=st.dictionaries(st.sampled_from(["a", "b"]), st.integers(0, 4)),
)
SETTINGS = st.builds(
    Merge,
    quotas=st.dictionaries(st.sampled_from(["math", "code", "stem"]), QUOTA),
    keep_per_prompt=st.none() | st.integers(1, 3),
    longest=st.none() | st.integers(1, 70),
    same_prompt=st.sampled_from(["first_part", "every_part"]),
    scope=st.sampled_from(["everywhere", "prompt"]),
    test_share=st.sampled_from([0.0, 0.4]),
    validation_share=st.sampled_from([0.0, 0.3]),
)


@settings(max_examples=20)
@given(parts=PARTS, how=SETTINGS, seed=st.integers(0, 3))
def test_every_offer_is_kept_or_has_its_reasons_and_no_limit_is_exceeded(
    parts: dict[str, list[dict[str, Any]]], how: Merge, seed: int
) -> None:
    table = decided(parts, how, seed)
    assert table.height == sum(map(len, parts.values()))
    kept, dropped = table.filter("kept"), table.filter(~pl.col("kept"))
    assert kept["split"].null_count() == 0 and dropped["split"].is_null().all()
    assert dropped.filter(pl.col("reason") != pl.col("reasons").list.first()).height == 0
    assert set(dropped["reason"]) <= set(MergeReason) and kept["reasons"].list.len().sum() == 0
    for reasons, findings in dropped.select("reasons", "findings").iter_rows():
        assert reasons == list(dict.fromkeys(finding.partition("/")[0] for finding in findings))
    _within_limits(kept, how)
    _full_where_it_says_so(table, how)


def _within_limits(kept: pl.DataFrame, how: Merge) -> None:
    for domain, quota in how.quotas.items():
        mine = kept.filter(domain=domain)
        assert quota.rows is None or mine.height <= quota.rows
        assert quota.tokens is None or mine["completion_tokens"].sum() <= quota.tokens
        assert all(mine.filter(part=name).height <= most for name, most in quota.parts.items())
        assert all(mine.filter(category=name).height <= most for name, most in quota.categories.items())
    if how.longest is not None:
        assert kept.filter(pl.col("prompt_tokens") + pl.col("completion_tokens") > how.longest).height == 0
    of_a_question = kept.group_by("canonical").agg(pl.len(), pl.col("part").n_unique())
    if how.keep_per_prompt is not None:
        assert of_a_question.filter(pl.col("len") > how.keep_per_prompt).height == 0
    if how.same_prompt == "first_part":
        assert of_a_question.filter(pl.col("part") > 1).height == 0


def _full_where_it_says_so(table: pl.DataFrame, how: Merge) -> None:
    """A quota drops only what it has no room for: it is filled to the row."""
    for row in table.filter(pl.col("findings").list.contains("quota/domain")).iter_rows(named=True):
        assert table.filter("kept", domain=row["domain"]).height == how.quotas[row["domain"]].rows
    for row in table.filter(pl.col("findings").list.contains("quota/part")).iter_rows(named=True):
        mine = table.filter("kept", domain=row["domain"], part=row["part"])
        assert mine.height == how.quotas[row["domain"]].parts[row["part"]]
    for row in table.filter(pl.col("findings").list.contains("quota/category")).iter_rows(named=True):
        mine = table.filter("kept", domain=row["domain"], category=row["category"])
        assert mine.height == how.quotas[row["domain"]].categories[row["category"]]


@settings(max_examples=12)
@given(parts=PARTS, how=SETTINGS, chance=st.randoms(use_true_random=False), block=st.integers(4, 9))
def test_neither_the_order_of_rows_nor_the_cut_of_files_changes_anything(
    parts: dict[str, list[dict[str, Any]]], how: Merge, chance: random.Random, block: int
) -> None:
    mixed = {name: chance.sample(some, len(some)) for name, some in parts.items()}
    told = ["part", "example_id", "question", "canonical", "side", "kept", "findings", "duplicate_of", "rank", "split"]
    tables = decided(parts, how), decided(mixed, how, block=block)
    one, other = (table.select(told).sort("part", "example_id") for table in tables)
    assert one.equals(other)


@settings(max_examples=12)
@given(parts=PARTS, how=SETTINGS, seed=st.integers(0, 9))
def test_no_question_is_on_two_sides(parts: dict[str, list[dict[str, Any]]], how: Merge, seed: int) -> None:
    split = how.model_copy(update={"test_share": 0.4, "validation_share": 0.3, "same_prompt": "every_part"})
    kept = decided(parts, split, seed).filter("kept")
    asked = {row["example_id"]: row["messages"][0]["content"] for some in parts.values() for row in some}
    sides: dict[int, set[str]] = {}
    for example_id, side in kept.select("example_id", "split").iter_rows():
        number = QUESTIONS.index(asked[example_id])
        sides.setdefault(SAME.get(number, number), set()).add(side)
    assert all(len(found) == 1 for found in sides.values())


@settings(max_examples=12)
@given(parts=PARTS, how=SETTINGS)
def test_a_duplicate_names_an_example_that_is_offered_and_says_it_first(
    parts: dict[str, list[dict[str, Any]]], how: Merge
) -> None:
    table = decided(parts, how)
    places = {name: place for place, name in enumerate(parts)}
    by_id = {row["example_id"]: row for row in table.iter_rows(named=True)}
    for row in table.filter(pl.col("duplicate_of").is_not_null()).iter_rows(named=True):
        other = by_id[row["duplicate_of"]]
        assert "duplicate" in row["reasons"] and places[other["part"]] <= places[row["part"]]
        if "duplicate/prompt" in row["findings"]:
            assert other["canonical"] == row["canonical"] and other["part"] != row["part"]
        else:  # a reply that is said elsewhere names one that is not
            assert not {"form", "length", "duplicate"} & set(other["reasons"])


def test_the_first_part_answers_and_says_it() -> None:
    text = reply(1, 200)
    near = text.replace(text.split()[60], "changed")
    parts = {
        "first": [example("a", "What is 1 + 1?", text)],
        "second": [example("b", "What is 1 + 1?", reply(2)), example("c", "What is 5 + 5?", near),
                   example("d", "What is 6 + 6?", reply(3))],
    }  # fmt: skip
    table = decided(parts, Merge()).select("findings", "similarity").rows()
    assert [found for found, _ in table] == [[], ["duplicate/prompt"], ["duplicate/near"], []]
    assert table[2][1] > 0.9
    apart = decided(dict(reversed(parts.items())), Merge())
    assert apart.filter(part="first")["findings"].to_list() == [["duplicate/prompt"]]
    assert decided(parts, Merge(same_prompt="every_part")).filter("kept").height == 3


def test_a_rewritten_example_takes_the_place_of_its_original() -> None:
    original = example("a", text=reply(1))
    rewritten = example("b", text=reply(2), rewritten_from=original["example_id"])
    table = decided({"drawn": [original], "rewritten": [rewritten]}, Merge())
    assert table["findings"].to_list() == [["duplicate/rewritten"], []]
    assert table["duplicate_of"].to_list() == [rewritten["example_id"], None]


def test_short_replies_to_different_questions_are_no_copies() -> None:
    short = "<think>\nI add.\n</think>\n\nIt is 4."
    asked = {"one": [example(n, f"What is {n} + {4 - n}?", short) for n in range(3)]}
    assert decided(asked, Merge())["kept"].all()
    assert decided({"one": [example(n, "What is 2 + 2?", short) for n in range(3)]}, Merge()).filter("kept").height == 1


@pytest.mark.parametrize(
    ("text", "formed"),
    [
        ("<think>\nI add.\n</think>\n\nIt is 4.", True),
        ("It is 4.", True),
        ("<think>\nI add.\n</think>\n\n", True),
        ("<think>I add.</think>It is 4.", False),
        ("I add.\n</think>\n\nIt is 4.", False),
        ("<think>\nI add.\n</think>\n\nIt is 4.\n</think>\n\n", False),
        ("<think>\nI add.", False),
        ("First: <think>\nI add.\n</think>\n\nIt is 4.", False),
    ],
)
def test_a_thought_has_one_form(text: str, formed: bool) -> None:
    table = decided({"one": [example(1, text=text)]}, Merge())
    assert table["kept"].item() == formed and (formed or table["findings"].to_list() == [["form/tags"]])


def test_what_is_known_of_an_example_does_not_hold_its_text(tmp_path: Path) -> None:
    texts = [example(n, f"What is {n} + 2?", reply(n, 4000)) for n in range(40)]
    root = put(tmp_path / "part", texts)
    before, held = pa.total_allocated_bytes(), []
    for _, rows in offered_examples("part", root):
        held.append(offered(rows, 0, Resemblance(tmp_path / "seen", Duplicates()), Cutter()))
        del rows
    assert sum(one.rows.height for one in held) == 40
    assert pa.total_allocated_bytes() - before < 100_000 < sum(len(row["messages"][1]["content"]) for row in texts)


def test_a_system_message_makes_no_other_question() -> None:
    plain = example("a", "What is 6 + 6?")
    with_system = example("b", "What is 6 + 6?")
    with_system["messages"] = [{"role": "system", "content": "You are kind."}, *with_system["messages"]]
    table = decided({"one": [plain], "two": [with_system]}, Merge())
    assert table["question"].n_unique() == 1 and table["findings"].to_list() == [[], ["duplicate/prompt"]]


def test_the_same_question_with_another_reference_is_on_the_same_side() -> None:
    """One source has a reference and a rule, another asks a judge; a word differs."""
    for seed in range(20):
        one = example("a", QUESTIONS[0], reference="85")
        other = example("b", QUESTIONS[2], reference=None, verifier="judge")
        table = decided({"one": [one], "two": [other]}, Merge(test_share=0.5), seed)
        assert table["kept"].all() and table["split"].n_unique() == 1


def test_a_question_stays_on_its_side_when_others_come() -> None:
    few = [example(n, f"What is {n} + 2?") for n in range(40)]
    many = few + [example(n, f"What is {n} * 3?", domain="code") for n in range(40, 90)]
    shares = Merge(test_share=0.3, validation_share=0.2)
    sides = [dict(decided({"one": rows}, shares).select("example_id", "split").iter_rows()) for rows in (few, many)]
    assert all(sides[1][name] == side for name, side in sides[0].items())
    assert set(sides[1].values()) == {"train", "validation", "test"}


def test_a_quota_takes_one_of_every_question_before_a_second_of_any() -> None:
    offers = [example((n, draw), f"What is {n} + 2?") for n in range(10) for draw in range(5)]
    kept = decided({"one": offers}, Merge(quotas={"math": 10})).filter("kept")  # type: ignore[dict-item]
    assert kept.height == 10 and kept["canonical"].n_unique() == 10


def test_a_budget_of_tokens_is_closed_by_what_does_not_fit() -> None:
    """Otherwise the last examples of a domain would be its shortest."""
    offers = [example(n, f"What is {n} + 2?", completion_tokens=100 if n % 2 else 1) for n in range(40)]
    kept = decided({"one": offers}, Merge(quotas={"math": DomainQuota(tokens=1000)})).filter("kept")
    short = kept.filter(completion_tokens=1).height
    assert kept["completion_tokens"].sum() <= 1000 and abs(short - (kept.height - short)) < 8
