"""Words as a regular expression would cut them, whatever the text; and texts as they were."""

import numpy as np
import polars as pl
import pyarrow as pa
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from r1data.texts import CHARACTER, LETTERS, NUMBER, Cutter, Texts, words_of
from r1data.texts.characters import Script, folds, scripts

UNSPACED = "ー" + "".join(
    rf"\p{{Script={name}}}" for name in ("Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar")
)
WORD = regex.compile(
    rf"(?V1)(?P<one>(?=[\p{{Alphabetic}}ー])(?!\p{{M}})[{UNSPACED}]\p{{M}}*)"
    rf"|(?P<number>\p{{Nd}}[\p{{Nd}}\p{{M}}]*)"
    rf"|(?P<letters>(?!\p{{M}})[\p{{Alphabetic}}--[{UNSPACED}]][[\p{{Alphabetic}}\p{{M}}]--[{UNSPACED}--\p{{M}}]]*)"
)
LETTERS_OF_MANY = "aZß é中文ア한ж٣1２ ,.\n\\{}<>_'’कि\u0301กำ😀"
TEXTS = st.lists(st.one_of(st.text(max_size=40), st.text(LETTERS_OF_MANY, max_size=40)), max_size=6)


def cut(texts):
    column = Texts.of(pl.Series(texts, dtype=pl.String))
    words = words_of(column)
    spelled = [column.between(int(a), int(b)) for a, b in zip(words.starts, words.ends, strict=True)]
    return words, [spelled[words.offsets[n] : words.offsets[n + 1]] for n in range(len(texts))]


@given(st.lists(st.text(LETTERS_OF_MANY, max_size=40), max_size=6))
@example(["x2 3x ÉCOLE don't 1,000 \\frac{1}{2} 中文abc ２３"])
def test_words_are_what_the_rule_says(texts):
    words, spelled = cut(texts)
    for text, found in zip(texts, spelled, strict=True):
        assert found == [match.group() for match in WORD.finditer(text)]
    kinds = {"one": CHARACTER, "number": NUMBER, "letters": LETTERS}
    expected = [kinds[match.lastgroup] for text in texts for match in WORD.finditer(text)]
    assert words.kinds.tolist() == expected


@given(TEXTS)
def test_words_lie_in_their_text_in_order(texts):
    column = Texts.of(pl.Series(texts, dtype=pl.String))
    words = words_of(column)
    assert (words.starts < words.ends).all() and (words.ends[:-1] <= words.starts[1:]).all()
    for row in range(len(texts)):
        mine = slice(words.offsets[row], words.offsets[row + 1])
        assert (words.starts[mine] >= column.starts[row]).all() and (words.ends[mine] <= column.ends[row]).all()


def test_case_and_width_do_not_matter():
    words, _ = cut(["Straße ＡＢＣ 12 École", "straße abc １２ éCOLE", "other"])
    first, second = (words.hashes[words.offsets[n] : words.offsets[n + 1]].tolist() for n in (0, 1))
    assert first == second
    assert words.hashes[-1] not in first


def test_a_cutter_that_grows_gives_the_same_words():
    cutter = Cutter()
    for text in ("a b", "a " * 5000, "a b"):
        column = Texts.of(pl.Series([text]))
        assert cutter.cut(column).hashes.tolist() == words_of(column).hashes.tolist()
        assert cutter.cut(column).offsets[-1] == len(text.split())


def test_scripts_agree_with_unicode():
    for point in [*range(0x3000), *range(0x3000, 0x20000, 97)]:
        if 0xD800 <= point < 0xF900:
            continue
        letter = scripts()[point] >= Script.LATIN
        assert letter == bool(regex.match(r"(?!\p{M})[\p{Alphabetic}ー]", chr(point))), hex(point)
        assert (scripts()[point] == Script.DIGIT) == bool(regex.match(r"\p{Nd}", chr(point))), hex(point)
    samples = {Script.LATIN: "aéǅ", Script.HAN: "中㐀𠀀", Script.KANA: "アひー", Script.HANGUL: "한ㄱ",
               Script.CYRILLIC: "жЁ", Script.GREEK: "αΩ", Script.UNSPACED: "กລក"}  # fmt: skip
    for script, sample in samples.items():
        assert [Script(scripts()[ord(character)]) for character in sample] == [script] * len(sample)
    assert chr(folds()[ord("Ａ")]) == "a"


@given(TEXTS, st.integers(0, 3), st.booleans())
def test_texts_are_those_of_the_column(texts, skipped, large):
    array = pa.array(texts, pa.large_string() if large else pa.string())[skipped:]
    column = Texts.of_arrow(array)
    assert [column.text(row) for row in range(len(column))] == texts[skipped:]
    assert column.longest() == max((len(text.encode()) for text in texts[skipped:]), default=0)
    assert column.data.dtype == np.uint8


def test_nulls_are_empty_texts():
    column = Texts.of(pl.Series([None, "a", None], dtype=pl.String))
    assert [column.text(row) for row in range(3)] == ["", "a", ""]
