"""The kernel decides as patterns do, whatever is in the text, and never takes more than linear time."""

import time
from collections.abc import Iterator

import polars as pl
import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from r1data.measures.masking import ADDRESS, ASIDE, CODE, MATH, PROSE, QUOTE, SYMBOL, TAG, Masker, mask
from r1data.measures.quotations import FUNCTIONS
from r1data.texts import Texts

BRACES = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}"
PATTERNS = [
    (CODE, r"`[^`\n]+`"),
    (MATH, r"(?s:\$\$.*?\$\$)"),
    (MATH, r"\$[^\s$](?:[^$\n]*[^\s$])?\$"),
    (MATH, r"\\\((?:[^\\]|\\[^()])*\\\)"),
    (MATH, r"\\\[(?:[^\\]|\\[^\[\]])*\\\]"),
    (MATH, r"\\begin\{[A-Za-z]+\*?\}(?:[^\\]|\\(?:[^b]|b[^e]|be[^g]|beg[^i]))*?\\end\{[A-Za-z]+\*?\}"),
    (MATH, rf"\\[A-Za-z]+\*?(?:\s*{BRACES})*"),
    (TAG, r"</?[A-Za-z][\w-]*(?:\s+[\w-]+=\"[^\"]*\")*\s*/?>"),
    (TAG, r"<[|｜][^>\n]+[|｜]>"),
    (ADDRESS, r"https?://[^\s\p{Han}]+"),
]
NOTATION = [(kind, regex.compile(pattern)) for kind, pattern in PATTERNS]
FENCE = regex.compile(r"[ \t]*(?:(`{3,})[^`\n]*|(~{3,})[^\n]*)(?:\n|\Z)")
SYMBOL_WORD = regex.compile(r"[0-9]*(?:[A-Z]{1,4}|[a-z]|" + "|".join(FUNCTIONS) + r")[0-9]*|[0-9]+")
NAME_WORD = regex.compile(r"\w*(?:[^\W_][0-9_][^\W_]|[a-z][A-Z])\w*", regex.ASCII)


def notation(text: str) -> list[int]:
    """The class of each character, by the patterns one after the other at every place."""
    classes, at = [PROSE] * len(text), 0
    while at < len(text):
        kind, end = next(found(text, at), (PROSE, at + 1))
        classes[at:end] = [kind] * (end - at)
        at = end
    return classes


def found(text: str, at: int) -> Iterator[tuple[int, int]]:
    if at == 0 or text[at - 1] == "\n":
        fence = FENCE.match(text, at)
        if fence:
            yield CODE, fenced(text, fence)
    for kind, pattern in NOTATION:
        match = pattern.match(text, at)
        if match:
            yield kind, match.end()


def fenced(text: str, opening: "regex.Match[str]") -> int:
    mark = opening[1] or opening[2]
    closing = regex.compile(rf"^[ \t]*{mark}{mark[0]}*[ \t\r]*$", regex.MULTILINE)
    match = closing.search(text, opening.end()) if opening[0].endswith("\n") else None
    return match.end() if match else len(text)


def by_kernel(text: str) -> list[int]:
    texts = Texts.of(pl.Series([text]))
    classes, places, at = mask(texts), [], 0
    for character in text:
        width = len(character.encode())
        assert len(set(classes[at : at + width].tolist())) == 1, "a character is of one class"
        places.append(int(classes[at]))
        at += width
    return places


PIECES = st.sampled_from(
    [
        *("\\", "\\(", "\\)", "\\[", "\\]", "(", ")", "$", "$$", "{", "}", "`", "```", "~~~", "````", "\n", " ", "\t"),
        *("\\begin{align*}", "\\end{align*}", "\\begin", "\\beg", "\\b", "\\end{", "\\frac", "\\sqrt*", "b", "beg"),
        *(
            "<",
            ">",
            "</",
            "/>",
            "<a",
            ' b="',
            '"',
            "=",
            "-",
            "http://",
            "https://",
            "h",
            "s://",
            "é",
            "中",
            "。",
            "\u3000",
        ),
        *("word", "Two words", "x", "12", "ABC", "ABCDE", "sin", "mod", "_", "max_len", "numRows", "a1b", "'", "> "),
        *("“", "”", "「", "」", "（", "）", "\r", "𝔸", "中", "。", "\u3000"),
    ]
)
WILD = st.lists(PIECES, max_size=24).map("".join)


@settings(max_examples=1500, deadline=None)
@given(WILD)
@example("\\(a\\\\(b\\)c")
@example("\\begin{x}\\b\\end{x}\\end{x}")
@example("```\na\n````\nb")
@example("$$a\n\n```\nb$$\n```")
def test_notation_is_what_the_patterns_say(text: str) -> None:
    masked = [kind if kind in (CODE, MATH, TAG, ADDRESS) else PROSE for kind in by_kernel(text)]
    assert masked == notation(text)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from("a B Wo word sin ABC ABCDE 1 23 _ max_len a1b2 Rows 中 , .".split(" ")), max_size=12))
def test_symbols_are_what_the_patterns_say(pieces: list[str]) -> None:
    text = "".join(pieces)
    expected = [PROSE] * len(text)
    for run in regex.finditer(r"[A-Za-z0-9_]+", text):
        whole = SYMBOL_WORD.fullmatch(run[0]) or NAME_WORD.fullmatch(run[0].strip("0123456789"))
        for at in range(*run.span()):
            if whole or text[at].isdigit():
                expected[at] = SYMBOL
    assert by_kernel(text) == expected


def parts(text: str, kind: int) -> list[str]:
    classes = by_kernel(text)
    runs = regex.finditer("1+", "".join("1" if found == kind else "0" for found in classes))
    return [text[slice(*run.span())] for run in runs]


@pytest.mark.parametrize(
    ("text", "quotes"),
    [
        ('The sign says "留学生 here" and no more.', ['"留学生 here"']),
        ("他说“we need to go”。", ["“we need to go”"]),
        ("der Satz „Ich bin hier“ ist kurz", ["„Ich bin hier“"]),
        ("« donc » et 「道」 or 『道』 or 《史记》", ["« donc »", "「道」", "『道』", "《史记》"]),
        ("the word '道' means way, don't you see", ["'道'"]),
        ("the dogs' food isn't the cats' food", []),
        ("It's 'don't know' there", ["'don't know'"]),
        ('a 5" pipe and a 6" pipe', []),
        ('an open " quote\nand " another', []),
        ("open “ here\nand ” there", []),
        ("so\n> 我们 are quoted\nand not here", ["> 我们 are quoted"]),
        ("if x > 3 and y > 4", []),
    ],
)
def test_quotations_are_found(text: str, quotes: list[str]) -> None:
    assert parts(text, QUOTE) == quotes


@pytest.mark.parametrize(
    ("text", "asides"),
    [
        ("the way (道) is", ["(道)"]),
        ("动态规划（dynamic programming）很快", ["（dynamic programming）"]),
        ("open ( only", []),
    ],
)
def test_asides_are_found(text: str, asides: list[str]) -> None:
    assert parts(text, ASIDE) == asides


@pytest.mark.parametrize("text", ["été né à côté", "Trời đã tối rồi"])
def test_letters_of_accented_words_are_no_symbols(text: str) -> None:
    assert parts(text, SYMBOL) == []


@given(st.lists(st.one_of(WILD, st.text()), min_size=1, max_size=5))
def test_every_byte_of_every_text_has_a_class(texts: list[str]) -> None:
    column = Texts.of(pl.Series([text.encode(errors="ignore").decode() for text in texts]))
    masker = Masker()
    classes = masker.mask(column)
    assert len(classes) == len(column.data)
    assert all(kind <= SYMBOL for kind in classes.tolist())
    alone = [
        mask(Texts(column.data, column.starts[row : row + 1], column.ends[row : row + 1])) for row in range(len(texts))
    ]
    for row in range(len(texts)):
        place = slice(int(column.starts[row]), int(column.ends[row]))
        alone = mask(Texts(column.data, column.starts[row : row + 1], column.ends[row : row + 1]))
        assert alone[place].tolist() == classes[place].tolist()


HOSTILE = r"""
\( \[ \(\\( \begin{x} \b\begin{x} $$_$ $ $a ` \a{ \a_{{{ \a{} \a{x}_ \a{\( \begin{x}\end
<a <a_b=" <a_b="_b=" <a_b=' < http:// "a _'a “ ‘ 「 ( （ >_ „“ _ h a
"""
LINES = ["```\n", "~~~ x\n", "\n```x", "\n", "> a\n", "a_", "a1_"]


@pytest.mark.parametrize("piece", [*(piece.replace("_", " ") for piece in HOSTILE.split()), *LINES])
def test_time_is_linear_whatever_is_opened(piece: str) -> None:
    texts = Texts.of(pl.Series([piece * (1_000_000 // len(piece))]))
    begun = time.thread_time()
    mask(texts)
    assert time.thread_time() - begun < 0.5
