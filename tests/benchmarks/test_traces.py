"""The generated traces: that the truth about them is true."""

import re
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
import traces

ROWS = 800


@pytest.fixture(scope="module")
def rows():
    """Rows with their flaw and its variant, of a grammar with a small stock of sentences, and their writer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(traces, "POOL", dict.fromkeys(traces.POOL, 4000))
        patch.setattr(traces, "MIDDLE_BYTES", 6000)
        writer = traces.Writer(ROWS, 3)
        yield [(writer.row(at)[0], writer.truth.flaw(at), writer.truth.variant(at)) for at in range(ROWS)], writer


def test_the_first_rows_do_not_depend_on_how_many_there_are() -> None:
    few, many = traces.Truth.of(50, 1), traces.Truth.of(150_000, 1)
    for field in ("flaws", "variants", "twins", "prompts"):
        assert list(getattr(few, field)) == list(getattr(many, field)[:50])


def test_every_flaw_is_planted_about_as_often_as_said() -> None:
    truth = traces.Truth.of(20_000, 1)
    counts = Counter(truth.flaw(row) for row in range(20_000))
    for flaw, rate in traces.RATES.items():
        assert counts[flaw] / 20_000 == pytest.approx(rate, rel=0.15)


def test_a_copy_comes_after_a_clean_original_and_is_like_it(rows) -> None:
    made, writer = rows
    pairs = [(at, int(twin)) for at, twin in enumerate(writer.truth.twins) if twin >= 0]
    assert len(pairs) > 10
    for at, twin in pairs:
        assert twin < at and writer.truth.flaw(twin) == ""
        copy, original = made[at][0], made[twin][0]
        assert copy["prompt"] == original["prompt"] and copy["reference"] == original["reference"]
        if made[at][2] == "exact":
            assert copy["response"] == original["response"]
        else:
            changed = sum(a != b for a, b in zip(_words(copy), _words(original), strict=False))
            assert 0 < changed <= 0.08 * len(_words(original))


def _words(row: dict[str, str]) -> list[str]:
    return list(row["response"]) if row["language"] == "zh" else row["response"].split(" ")


def test_clean_rows_have_nothing_of_what_is_planted(rows) -> None:
    made, _ = rows
    for row, flaw, variant in made:
        text, thought = row["response"], row["response"].split("</think>")[0]
        if flaw in ("", "incorrect", "contaminated"):
            assert text.startswith("<think>\n") and text.count("</think>") == 1 and row["finish_reason"] == "stop"
            assert max(map(len, thought.split("\n"))) < 2000
            assert text.count("```") % 2 == 0
            if variant not in ("names", "quotation") and row["language"] == "en":
                assert not re.search(r"[\u4e00-\u9fff]", text)


def test_flaws_are_where_they_are_said_to_be(rows) -> None:
    made, writer = rows
    texts = {item["text"] for item in writer.items} | {item["solution"] for item in writer.items}
    seen = set()
    for row, flaw, variant in made:
        text, thought = row["response"], row["response"].split("</think>")[0]
        seen.add(flaw)
        if flaw == "long_paragraph" and not variant.endswith("wrapped"):
            assert max(map(len, thought.split("\n"))) > (1000 if row["language"] == "zh" else 2500)
        if flaw == "repetition":
            assert max(Counter(part for part in thought.split("\n\n") if part).values()) >= 3
        if flaw == "mixed_language" and variant == "heavy/paragraph":
            assert re.search(r"[a-z]{4,} [a-z]+ [a-z]+" if row["language"] == "zh" else r"[\u4e00-\u9fff]{3}", thought)
        if flaw == "contaminated" and variant in ("verbatim", "embedded", "in-thought", "solution"):
            assert any(known in f"{row['prompt']}\n{text}" for known in texts)
        if flaw == "format" and variant == "heavy/no-tags":
            assert "think>" not in text
    assert seen == {"", *traces.RATES}


def test_unrelated_traces_have_little_in_common(rows) -> None:
    made, _ = rows
    clean = [row for row, flaw, _ in made if flaw == "" and row["language"] == "en"]
    shingles = [_shingles(row["response"]) for row in clean[:40]]
    for one, other in zip(shingles[::2], shingles[1::2], strict=True):
        assert len(one & other) / len(one | other) < 0.2


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = text.lower().split()
    return set(zip(words, words[1:], words[2:], strict=False))


def test_a_row_group_is_a_table_and_its_labels(rows) -> None:
    made, writer = rows
    table, labels = writer.rows(10, 60)
    assert table.schema == traces.SCHEMA
    assert table.to_pylist() == [row for row, _, _ in made[10:60]]
    assert [(one["id"], one["flaw"], one["variant"]) for one in labels] == [
        (row["id"], flaw, variant) for row, flaw, variant in made[10:60]
    ]


def test_the_items_are_different_and_have_solutions() -> None:
    items = traces.items(1)
    assert len({item["text"] for item in items}) == len({item["solution"] for item in items}) == traces.ITEMS
    assert sum(not item["text"].isascii() for item in items) > 100
