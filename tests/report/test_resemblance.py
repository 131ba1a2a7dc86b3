"""Twins and hits side by side: counted as the tables say, marked where they differ or agree."""

import time
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from r1data.recipe import Refinement
from r1data.report import RefinedFacts, render_refined
from r1data.report.hits import hits
from r1data.report.likeness import compare
from r1data.report.offences import offences
from r1data.report.twins import COLUMNS, twins
from r1data.store import Checked
from schemas import Contaminations, Reason
from tests.report.rows import decided, measured
from tests.report.test_report import HOSTILE, inspect

WORDS = st.lists(st.sampled_from(["a", "b", "c", "d", "因", "为", "12", "."]), max_size=60).map(" ".join)


@settings(deadline=None)
@given(WORDS, WORDS)
def test_what_is_common_is_the_same_on_both_sides(one: str, other: str) -> None:
    compared = compare(one, other)
    for text, common, different in zip((one, other), *compared, strict=True):
        spans = sorted(common + different)
        assert all(before.end <= after.start for before, after in pairwise(spans))
        covered = "".join(text[span.start : span.end] for span in spans)
        assert covered.replace(" ", "") == text.replace(" ", "")
    ours, theirs = (
        "".join(text[span.start : span.end] for span in spans).replace(" ", "")
        for text, spans in zip((one, other), compared.common, strict=True)
    )
    assert ours == theirs


def test_few_changed_words_of_a_long_text_are_what_is_marked() -> None:
    one = " ".join(f"word{n} of line {n % 7}" for n in range(3000))
    other = one.replace("word100 ", "other ").replace("word1500 ", "").replace("word2500 ", "one two ")
    _, (ours, theirs) = compare(one, other)
    assert [one[span.start : span.end] for span in ours] == ["word100", "word1500", "word2500"]
    assert [other[span.start : span.end] for span in theirs] == ["other", "one two"]


@pytest.mark.parametrize(
    ("one", "other"),
    [("a " * 40_000, "a " * 39_000), ("a b " * 20_000, "b a " * 20_000), ("x" * 60_000, "y" * 60_000),
     (" ".join(map(str, range(12_000))), " ".join(map(str, range(12_000, 0, -1))))],
)  # fmt: skip
def test_no_text_holds_the_comparison_up(one: str, other: str) -> None:
    start = time.thread_time()
    compare(one, other)
    assert time.thread_time() - start < 3


def test_twins_are_counted_by_kind_and_place() -> None:
    rows = [
        ("a", "p", "s", None, None), ("b", "p", "s", "a", 1.0), ("c", "q", "s", "a", 0.91), ("d", "r", "t", "a", 0.87),
        ("e", "r", "t", None, None),
    ]  # fmt: skip
    frame = pl.DataFrame(rows, schema=list(COLUMNS), orient="row")
    found = twins(frame, lambda ids: {name: f"the text of {name}" for name in ids})
    assert found is not None and (found.rows, found.groups) == (3, 1)
    assert found.counts == {
        "the same text": 1, "nearly the same": 2, "– by 85 to 90%": 1, "– by 90 to 95%": 1, "within a prompt": 1,
        "of another prompt": 2, "of another source": 1,
    }  # fmt: skip
    (pair,) = found.pairs
    assert (pair.dropped, pair.stayed, pair.others) == ("d", "a", 2) and "<mark>d</mark>" in pair.dropped_text
    assert twins(frame.filter(pl.col("duplicate_of").is_null()), lambda ids: {}) is None


def contaminations(text: str) -> pl.DataFrame:
    row = {"completion_id": "0" * 32, "benchmark": "math-500", "item": text, "part": "prompt", "method": "overlap",
           "score": 0.8, "text": f"How many {text} are red", "item_text": f"How many {text} are blue"}  # fmt: skip
    return Contaminations.validate(pl.DataFrame([row]), cast=True)


def test_hits_name_what_was_checked_and_mark_what_is_common() -> None:
    checked = (Checked("math-500", 500), Checked("gpqa", 0, "it is gated"), Checked("aime", 30))
    found = hits(contaminations("apples"), checked)
    assert found is not None and found.rows == 1 and found.missing == {"gpqa": "it is gated"}
    assert [(one.name, one.items, one.rows) for one in found.benchmarks] == [("math-500", 500, 1), ("aime", 30, 0)]
    assert found.shown[0].ours == "<mark>How many apples are</mark> red"
    assert hits(Contaminations.create_empty(), ()) is None


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_does_nothing_in_the_page_of_a_file(text: str) -> None:
    frame = decided(measured(200), Refinement().selection).with_columns(
        completion_id=pl.col("completion_id") + text[:3000],
        source=pl.when(pl.col("draw") == 0).then(pl.lit("x")).otherwise(pl.lit(text[:3000])),
    )
    twin = frame["completion_id"][0]
    frame = frame.with_columns(
        duplicate_of=pl.when(pl.col("draw") == 1).then(pl.lit(twin)), similarity=pl.lit(0.9), id="completion_id"
    )
    facts = RefinedFacts(text[:3000], "2026", "0.1.0", 1.0, (Checked(text[:3000], 0, text[:3000]),), text[:3000])
    html = render_refined(
        frame, Refinement(), facts, lambda ids: dict.fromkeys(ids, text), lambda ids: dict.fromkeys(ids, text[:3000]),
        contaminations(text[:3000]),
    )  # fmt: skip
    inspect(html)
    assert not set("\x00\x1b\u202e\u200b") & set(html)


@pytest.mark.parametrize(
    ("finding", "text", "marked"),
    [
        ("messy_code/unparsed", "<think>\nI try.\n```python\nfor x in\n```\nFine.\n</think>\n4", "for x in"),
        ("messy_code/bare", "<think>\nI try.\nfor i in range(10):\n    print(i)\nFine.\n</think>\n4", "print(i)"),
        ("format/template_tokens", "<think>\nI add.\n</think>\n4<|im_end|>", "<|im_end|>"),
        ("format/self_reference", "<think>\nAs an AI language model I add.\n</think>\n4", "As an AI language"),
        ("repetition/loop", "<think>\nI add.\n</think>\nSo " + "it is four, yes it is. " * 20, "yes it is."),
        ("repetition/ngrams", "<think>\n" + "one two three four five six seven eight nine ten. " * 2 + "\n</think>\n4",
         "one two three four five six seven eight nine ten"),
        ("long_paragraph/longest", "<think>\nAh.\n因为" + "我们得到四，" * 20 + "\n</think>\n4", "因为"),
    ],
)  # fmt: skip
def test_a_finding_is_marked_where_it_stands(finding: str, text: str, marked: str) -> None:
    reason = finding.partition("/")[0]
    spans = offences(reason, text, "zh" if "因" in text else "en", 100, [finding, "duplicate/near"])
    assert any(marked in text[span.start : span.end] for span in spans), [text[s.start : s.end] for s in spans]
    assert Reason(reason) and sum(span.end - span.start for span in spans) < len(text)
