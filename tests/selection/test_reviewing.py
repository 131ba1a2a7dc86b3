"""What several people decided about a row comes to one standing, and that decides."""

from datetime import UTC, datetime, timedelta

import polars as pl

from r1data.recipe import Selection
from r1data.selection import decisions, fates, numbered, standings
from r1data.selection.findings import MEASURES
from schemas import Measures, Reviews

ONE, TWO = "1" * 32, "2" * 32
START = datetime(2026, 1, 1, tzinfo=UTC)


def said(*rows: tuple[str, str, str, int, dict[str, object]]) -> pl.DataFrame:
    """Reviews from (completion, reviewer, action, reading, more), one a minute."""
    made = [
        {
            "review_id": f"{place:032x}", "completion_id": completion, "prompt_id": "a" * 32, "reviewer": reviewer,
            "reading": reading, "plan": "random", "action": action, "reason": None, "note": None, "text": None,
            "outcome": None, "findings": [], "decided_at": START + timedelta(minutes=place), **more,
        }
        for place, (completion, reviewer, action, reading, more) in enumerate(rows)
    ]  # fmt: skip
    return Reviews.validate(pl.DataFrame(made, schema=Reviews.create_empty().schema), cast=True)


def standing(*rows: tuple[str, str, str, int, dict[str, object]]) -> dict[str, str]:
    return dict(standings(said(*rows)).select("completion_id", "review").iter_rows())


def test_the_last_word_of_a_reader_counts_and_skipping_takes_it_back() -> None:
    assert standing((ONE, "ann", "rejected", 1, {}), (ONE, "ann", "approved", 1, {})) == {ONE: "approved"}
    assert standing((ONE, "ann", "approved", 1, {}), (ONE, "ann", "skipped", 1, {})) == {}
    assert standing((ONE, "ann", "approved", 1, {}), (ONE, "bob", "skipped", 2, {})) == {ONE: "approved"}
    assert standing((ONE, "ann", "skipped", 1, {})) == {}


def test_one_of_two_readers_is_enough_to_reject() -> None:
    assert standing((ONE, "ann", "rejected", 1, {}), (ONE, "bob", "approved", 2, {})) == {ONE: "rejected"}
    assert standing((ONE, "ann", "approved", 1, {}), (ONE, "bob", "rejected", 2, {})) == {ONE: "rejected"}


def test_a_first_reader_who_speaks_after_the_second_has_the_last_word() -> None:
    contested = ((ONE, "ann", "approved", 1, {}), (ONE, "bob", "rejected", 2, {}))
    assert standing(*contested, (ONE, "ann", "approved", 1, {})) == {ONE: "approved"}
    assert standing(*contested, (ONE, "ann", "rejected", 1, {})) == {ONE: "rejected"}


def test_the_newest_edit_counts_and_has_to_hold() -> None:
    good = {"text": "<think>\nI see.\n</think>\n\n4", "outcome": "correct"}
    wrong = {**good, "outcome": "incorrect"}
    table = standings(said((ONE, "ann", "edited", 1, good), (TWO, "ann", "edited", 1, wrong)))
    assert table.rows() == [(ONE, "edited", good["text"]), (TWO, "unsound", good["text"])]
    unreadable = {**good, "findings": ["mixed_language/words"]}
    assert standing((ONE, "ann", "edited", 1, good), (ONE, "bob", "edited", 2, unreadable)) == {ONE: "unsound"}


def test_people_decide_as_the_recipe_lets_them() -> None:
    types = {name: Measures.create_empty().schema[name] for name in MEASURES}
    clean = dict.fromkeys(MEASURES, None) | {"think_in_order": True}
    ids = [f"{n:032x}" for n in range(6)]
    reviews = [None, "approved", "edited", "rejected", "unsound", "edited"]
    outcomes = ["correct"] * 5 + ["incorrect"]
    frame = pl.DataFrame(
        [
            {"completion_id": one, "prompt_id": one, "finish_reason": "stop", "completion_tokens": 1, "asked": True,
             "outcome": outcome, "folded": one, "review": review, **clean}
            for one, review, outcome in zip(ids, reviews, outcomes, strict=True)
        ],
        infer_schema_length=None, schema_overrides=types,
    )  # fmt: skip

    def kept(review: str) -> list[str | None]:
        rows = numbered(frame)
        told = decisions(rows, fates(rows, Selection(review=review)))  # type: ignore[arg-type]
        return [None if one is None else one[0] if one else None for one in told["findings"].to_list()]

    assert kept("optional") == [None, None, None, "review/rejected", "review/unsound", None]
    assert kept("required") == ["review/pending", None, None, "review/rejected", "review/unsound", None]
    assert kept("ignore") == [None] * 5 + ["incorrect/answer"]
