from typing import Any

import polars as pl
import pytest

from r1data.recipe import Selection
from r1data.selection import AMONG, accepted, decide, expressions, readable
from schemas import Decisions, Outcome, Reason, Verdicts
from tests.selection.rows import completions, id_of, measures, verdict, verdicts

PERMISSIVE = Selection(
    correctness="any",
    reasoning="optional",
    truncated="keep",
    language_share=0.0,
    longest_paragraph=10**6,
    code_in_reasoning="keep",
    repeated_lines=1.0,
    tail_repeats=1000,
)


def decided(
    drawn: pl.DataFrame, judged: pl.DataFrame, measured: pl.DataFrame, selection: Selection | None = None
) -> pl.DataFrame:
    decisions = decide(drawn.lazy(), judged.lazy(), measured.lazy(), selection or Selection())
    assert Decisions.is_valid(decisions)
    return decisions


def one(drawn: dict[str, Any], outcome: str | None, measured: dict[str, Any], **selection: Any) -> list[str]:
    decisions = decided(completions(drawn), verdicts(outcome), measures(measured), Selection(**selection))
    return list(decisions["reasons"][0])


@pytest.mark.parametrize(
    ("drawn", "outcome", "measured", "reasons"),
    [
        ({}, "correct", {}, []),
        ({"finish_reason": "length"}, "correct", {}, [Reason.TRUNCATED]),
        ({}, "correct", {"think_in_order": False}, [Reason.FORMAT]),
        ({}, "no_answer", {}, [Reason.NO_ANSWER]),
        ({}, "incorrect", {}, [Reason.INCORRECT]),
        *(
            ({}, fault, {}, [Reason.UNVERIFIED])
            for fault in ("bad_reference", "timeout", "verifier_error", "undecided")
        ),
        ({}, None, {}, [Reason.UNVERIFIED]),
        ({}, "correct", {"language_share": 0.94}, [Reason.MIXED_LANGUAGE]),
        ({}, "correct", {"answer_language_share": 0.94}, [Reason.MIXED_LANGUAGE]),
        ({}, "correct", {"language_share": None, "answer_language_share": 0.5}, [Reason.MIXED_LANGUAGE]),
        ({}, "correct", {"language_share": 0.95, "answer_language_share": None}, []),
        ({}, "correct", {"language_share": None, "answer_language_share": None}, []),
        ({}, "correct", {"longest_paragraph": 2001}, [Reason.LONG_PARAGRAPH]),
        ({}, "correct", {"longest_paragraph": 2000}, []),
        ({}, "correct", {"fence_unclosed": True}, [Reason.MESSY_CODE]),
        ({}, "correct", {"code_in_reasoning": True}, []),
        ({}, "correct", {"code_unparsed": 1}, [Reason.MESSY_CODE]),
        ({}, "correct", {"prose_in_code": 2}, [Reason.MESSY_CODE]),
        ({}, "correct", {"prose_in_code": 1}, []),
        ({}, "correct", {"bare_code": 3}, [Reason.MESSY_CODE]),
        ({}, "correct", {"foreign_words": Selection().foreign_words + 1}, [Reason.MIXED_LANGUAGE]),
        ({}, "correct", {"foreign_passage": 5}, [Reason.MIXED_LANGUAGE]),
        ({}, "correct", {"foreign_words": Selection().foreign_words, "foreign_passage": 4}, []),
        ({}, "correct", {"answers_agree": False}, [Reason.FORMAT]),
        ({}, "correct", {"answers_agree": None}, []),
        ({}, "correct", {"template_tokens": 1}, [Reason.FORMAT]),
        ({}, "correct", {"self_reference": 1}, []),
        ({}, "correct", {"cut_off": True}, [Reason.TRUNCATED]),
        ({}, "correct", {"looping_tail": 200}, [Reason.REPETITION]),
        ({}, "correct", {"looping_tail": 199}, []),
        ({}, "correct", {"repeated_ngrams": 0.21}, [Reason.REPETITION]),
        ({}, "correct", {"repeated_paragraphs": 0.26}, [Reason.REPETITION]),
        ({"finish_reason": "loop"}, "correct", {}, [Reason.REPETITION]),
        (
            {"finish_reason": "loop"},
            "no_answer",
            {"think_in_order": False},
            [
                Reason.FORMAT,
                Reason.NO_ANSWER,
                Reason.REPETITION,
            ],
        ),
        ({}, "correct", {"repeated_lines": 0.36}, [Reason.REPETITION]),
        ({}, "correct", {"repeated_lines": 0.35}, []),
        ({}, "correct", {"tail_repeats": 4}, [Reason.REPETITION]),
        ({}, "correct", {"tail_repeats": 3}, []),
        (
            {"finish_reason": "length"},
            "no_answer",
            {"think_in_order": False, "tail_repeats": 40, "language_share": 0.1},
            [Reason.TRUNCATED, Reason.FORMAT, Reason.NO_ANSWER, Reason.MIXED_LANGUAGE, Reason.REPETITION],
        ),
    ],
)
def test_reasons_of_a_single_reply(
    drawn: dict[str, Any], outcome: str | None, measured: dict[str, Any], reasons: list[str]
) -> None:
    assert one(drawn, outcome, measured) == reasons


@pytest.mark.parametrize(
    ("drawn", "outcome", "measured", "selection"),
    [
        ({"finish_reason": "length"}, "correct", {}, {"truncated": "keep"}),
        ({}, "correct", {"think_in_order": False}, {"reasoning": "optional"}),
        ({}, "incorrect", {}, {"correctness": "any"}),
        ({}, "no_answer", {}, {"correctness": "any"}),
        ({}, None, {}, {"correctness": "any"}),
        ({}, "correct", {"code_unparsed": 1}, {"code_unparsed": 1}),
        ({}, "correct", {"answers_agree": False}, {"answers_agree": "optional"}),
        ({}, "correct", {"template_tokens": 1}, {"template_tokens": "keep"}),
        ({}, "correct", {"cut_off": True}, {"cut_off": "keep"}),
        ({"finish_reason": "length"}, "correct", {"cut_off": True}, {"truncated": "keep"}),
        ({}, "correct", {"language_share": 0.5}, {"language_share": 0.5}),
        ({}, "correct", {"tail_repeats": 4}, {"tail_repeats": 5}),
    ],
)
def test_a_recipe_can_keep_it(
    drawn: dict[str, Any], outcome: str | None, measured: dict[str, Any], selection: dict[str, Any]
) -> None:
    assert one(drawn, outcome, measured) != []
    assert one(drawn, outcome, measured, **selection) == []


def test_the_expressions_stand_in_the_order_of_the_reasons() -> None:
    told = list(expressions(Selection()))
    assert told == [reason for reason in Reason if reason in told]
    assert set(Reason) - set(told) == {Reason.STYLE} | {Reason(name.partition("/")[0]) for name in AMONG}


def test_a_failed_draw_gets_no_decision() -> None:
    drawn = completions({}, {"finish_reason": "error", "error": "lost", "text": None})
    decisions = decided(drawn, verdicts("correct"), measures({}))
    assert decisions["completion_id"].to_list() == [id_of(0)]


def test_the_earlier_of_two_same_texts_is_kept() -> None:
    drawn = completions({"draw": 2}, {"draw": 1}, {"draw": 0}, {"draw": 3, "prompt_id": "e" * 32})
    same = {"folded": "a" * 32}
    wrong_first = decided(drawn, verdicts("correct", "correct", "incorrect", "correct"), measures(*[same] * 4))
    reasons = dict(wrong_first.select("completion_id", "reason").iter_rows())
    assert reasons == {id_of(0): "duplicate", id_of(1): None, id_of(2): "incorrect", id_of(3): None}
    assert dict(wrong_first.select("completion_id", "rank").iter_rows())[id_of(0)] is None


@pytest.mark.parametrize(("rule", "ranks"), [("first", [1, 2, None, 3, None]), ("shortest", [3, 1, None, 2, None])])
def test_a_prompt_keeps_so_many(rule: str, ranks: list[int | None]) -> None:
    tokens = [{"completion_tokens": n} for n in (30, 10, 1, 10, 10)]
    outcomes = ("correct", "correct", "incorrect", "correct", "correct")
    measured = measures({}, {"folded": "a" * 32}, {}, {}, {"folded": "a" * 32})
    selection = Selection(keep_per_prompt=2, keep_rule=rule)  # type: ignore[arg-type]
    decisions = decided(completions(*tokens), verdicts(*outcomes), measured, selection)
    assert decisions["rank"].to_list() == ranks
    kept = [rank in (1, 2) for rank in ranks]
    assert decisions["kept"].to_list() == kept
    assert decisions["reason"].to_list()[ranks.index(3)] == Reason.SURPLUS
    assert decisions["reason"].to_list()[4] == Reason.DUPLICATE


def test_the_latest_verdict_counts_and_correct_wins_a_tie() -> None:
    rows = [
        verdict(0, "correct", version=1),
        verdict(0, "incorrect", version=2),
        verdict(1, "timeout", version=1),
        verdict(1, "correct", version=2),
        verdict(2, "incorrect", verifier="a"),
        verdict(2, "correct", verifier="b"),
    ]
    schema = {name: column.dtype for name, column in Verdicts.columns().items()}
    judged = pl.DataFrame(rows, schema=schema, orient="row")
    decisions = decided(completions({}, {}, {}), judged, measures({}, {}, {}))
    assert decisions["reason"].to_list() == ["incorrect", None, None]


def test_an_unmeasured_completion_is_our_fault() -> None:
    with pytest.raises(ValueError, match=f"1 completions have no measures .*{id_of(1)}"):
        decide(completions({}, {}).lazy(), verdicts().lazy(), measures({}).lazy(), PERMISSIVE)


def test_nothing_drawn_is_nothing_decided() -> None:
    assert decided(completions(), verdicts(), measures()).height == 0


def test_live_progress_agrees_with_the_decision() -> None:
    outcomes: list[str | None] = [*Outcome, None, "correct", "correct", "correct"]
    n = len(outcomes)
    drawn = completions(*[{}] * (n - 1), {"finish_reason": "length"})
    measured = measures(*[{}] * (n - 2), {"language_share": 0.2}, {})
    decisions = decided(drawn, verdicts(*outcomes), measured)
    frame = measured.with_columns(outcome=pl.Series(outcomes, dtype=pl.String), finish_reason=drawn["finish_reason"])
    assert accepted(frame, Selection()).to_list() == decisions["kept"].to_list()
    legible = readable(drawn.reverse(), measured, Selection()).reverse().to_list()
    assert legible == [True] * (n - 2) + [False, False]
