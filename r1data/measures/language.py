"""Language: how much of a reply is in the prompt's language (R1 paper, section 2.3.2, Eq. 7), and what else is in it.

The paper leaves open how words are split and told apart; this is our reading. Words are told apart by their script
and, within one script, by the frequent words of each language (`clauses`, `runs`), after `masking` has set aside what
is not the writer's own prose. Only where both leave doubt fastText is asked. `docs/measures.md` says what is tolerated.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from r1data.measures import detector
from r1data.measures.block import Block
from r1data.measures.clauses import DOUBTFUL
from r1data.measures.detector import Opinion
from r1data.measures.lines import lines_of
from r1data.measures.masking import ASIDE, PROSE, classes
from r1data.measures.passages import (
    DISTINCT,
    KANA_GAP,
    KNOWN,
    Passages,
    Target,
    characters_between,
    find_passages,
    tuple_of,
)
from r1data.measures.runs import BY_SCRIPT
from r1data.measures.tokens import GAPS, Tokens
from r1data.measures.vocabulary import LANGUAGES, table
from r1data.texts import Bytes, Cutter, Texts
from r1data.texts.characters import Script, scripts

CHINESE_WORD = 1.5
"""Han characters in a word of running Chinese: about half are one character long, nearly all others two. Counting
runs would make a sentence one word, counting characters would make English terms in it look rare."""
THAI_WORD = 4.0
"""Characters in a word of Thai, Lao, Khmer or Burmese, which put no space between words either."""
WEIGHTS = np.ones(len(Script))
WEIGHTS[Script.HAN], WEIGHTS[Script.UNSPACED] = 1 / CHINESE_WORD, 1 / THAI_WORD

SERVED = {
    Script.HAN: ("zh", "yue", "wuu", "ja"),
    Script.KANA: ("ja",),
    Script.HANGUL: ("ko",),
    Script.CYRILLIC: ("ru", "uk", "bg", "be", "mk", "kk", "ky", "mn", "tg", "tt"),
    Script.ARABIC: ("ar", "fa", "ur", "ps", "ug", "sd"),
    Script.GREEK: ("el",),
    Script.HEBREW: ("he", "yi"),
    Script.DEVANAGARI: ("hi", "mr", "ne", "sa"),
    Script.UNSPACED: ("th", "lo", "km", "my"),
    Script.OTHER: ("bn", "ta", "te", "kn", "ml", "gu", "pa", "or", "as", "si", "ka", "hy", "am", "bo", "dv"),
}
"""The languages of each script; where the script is all that is known, the first one is named. Latin serves every
other language."""
NOT_LATIN = frozenset(language for languages in SERVED.values() for language in languages)
SHARED = (Script.LATIN, Script.CYRILLIC, Script.ARABIC, Script.DEVANAGARI)
"""Scripts that say too little: whole lines in them are asked about where the target's words are not known."""
NAMED = {
    **{"THAI": "th", "LAO": "lo", "KHMER": "km", "MYANMAR": "my", "BENGALI": "bn", "TAMIL": "ta", "TELUGU": "te"},
    **{"KANNADA": "kn", "MALAYALAM": "ml", "GUJARATI": "gu", "GURMUKHI": "pa", "ORIYA": "or", "SINHALA": "si"},
    **{"GEORGIAN": "ka", "ARMENIAN": "hy", "ETHIOPIC": "am", "TIBETAN": "bo", "THAANA": "dv"},
}
"""Languages of the scripts that `Script` takes together, by the first word of their characters' names."""

HAN_WITHOUT_KANA = 20
"""From this many Han characters on, a text with hardly any kana is Chinese even where Japanese was wanted."""
ENOUGH_WORDS = 20
"""Below so many words, or `DISTINCT` different ones, fastText guesses: "Ones: 7 + 5 = 12, write 2, carry 1." is a
handful of labels, not a language."""
ENOUGH_KNOWN = 0.2
"""Share of frequent words of a language from which on a text is in it; running text has a third to a half."""
SURE = 0.8
SAME = ({"no", "nb", "nn", "da"}, {"hr", "bs", "sh", "sr"}, {"id", "ms"})
"""Written languages that fastText cannot keep apart, and that need not be."""

REASONING, ANSWER = 0, 1
COUNTED, TERMS = 0, 1
OTHER_LANGUAGE = pl.Struct(
    {"language": pl.String(), "part": pl.String(), "words": pl.Int32(), "start": pl.Int32(), "end": pl.Int32()}
)
_own = threading.local()


class Found(NamedTuple):
    """What a block's parts hold. Arrays have an entry for each row and part."""

    totals: npt.NDArray[np.float64]
    """Words."""
    hits: npt.NDArray[np.float64]
    """Those in the target language."""
    passages: Passages
    languages: list[str]
    """Of the passages."""
    heard: list[Opinion | None]
    """The language of each reasoning."""

    def shares(self, part: int) -> pl.Series:
        """Eq. 7 for one of the parts; null without words."""
        totals, hits = self.totals[:, part], self.hits[:, part]
        share = np.clip(hits / np.where(totals > 0, totals, np.nan), 0, 1)
        return pl.Series(share, dtype=pl.Float64).fill_nan(None)


def columns(block: Block) -> dict[str, pl.Series]:
    """The columns of `schemas.Measures` about language."""
    found = read(block)
    other = _other_languages(block, found)
    return {
        "language_share": found.shares(REASONING),
        "answer_language_share": found.shares(ANSWER),
        "detected_language": pl.Series([heard and heard.language for heard in found.heard], dtype=pl.String),
        "detected_probability": pl.Series([heard and heard.probability for heard in found.heard], dtype=pl.Float64),
        "foreign_words": other["all"],
        "foreign_passage": other["longest"],
        "other_languages": other["languages"],
    }


def language_shares(texts: Sequence[str], languages: Sequence[str]) -> list[float | None]:
    """Eq. 7 for many reasonings at once, as a reward needs it; None for a text without words."""
    return list(read(_reasonings(texts, languages)).shares(REASONING))


def language_share(text: str, language: str) -> float | None:
    """Eq. 7 for one reasoning: its words in the language, of all its words; None without any word."""
    return language_shares([text], [language])[0]


def foreign_spans(text: str, language: str) -> list[tuple[int, int]]:
    """Where a text is in other languages than the target: first character and the one behind the last of each place."""
    block = _reasonings([text], [language])
    passages = read(block).passages
    before = np.full(len(passages.rows), block.texts.starts[0])
    starts = characters_between(block.texts.data, before, passages.starts)
    return list(zip(starts.tolist(), characters_between(block.texts.data, before, passages.ends).tolist(), strict=True))


def _reasonings(texts: Sequence[str], languages: Sequence[str]) -> Block:
    """Texts that are reasoning from their first character to the last, whatever tags they hold."""
    if not hasattr(_own, "cutter"):
        _own.cutter = Cutter()
    whole = Texts.of(pl.Series(texts, dtype=pl.String))
    nothing, none = Texts(whole.data, whole.ends, whole.ends), np.zeros(len(texts), np.int64)
    words, targets = _own.cutter.cut(whole), pl.Series(languages, dtype=pl.String)
    return Block(whole, whole, nothing, none, none, words, targets, lines_of(whole, nothing))


def read(block: Block) -> Found:
    """Count the words of a block's reasonings and answers by language, and find the passages in other ones."""
    masks, targets = classes(block), block.languages.to_list()
    wanted = np.array([_wanted(target) for target in targets], np.int64).reshape(-1, 4)
    serves = np.ascontiguousarray(wanted[:, 0])
    serving, numbers = np.ascontiguousarray(wanted[:, 1]), np.ascontiguousarray(wanted[:, 2])
    target = Target(serves, serving, numbers, wanted[:, 3] == 1)
    counts, known = np.zeros((len(block), 2, 2, len(Script))), np.zeros((len(block), KNOWN), np.int64)
    tokens, room = _room(len(block.words.hashes))
    parts = (block.reasoning.starts, block.reasoning.ends, block.answer.starts, block.answer.ends)
    tables = (scripts(), GAPS, *table())
    words = tuple_of(block.words)
    many = find_passages(block.texts.data, masks, words, parts, target, tables, WEIGHTS, tokens, room, counts, known)
    passages, languages = _settled(block, masks, room.first(many), targets)
    hits = (counts[:, :, COUNTED] * ((serves[:, None] >> np.arange(len(Script))) & 1)[:, None, :]).sum(axis=2)
    totals, terms = counts[:, :, COUNTED].sum(axis=2), counts[:, :, TERMS].sum(axis=2)
    totals += np.where(terms > hits, terms, 0)  # a text of little else is not in the language
    _without_han(hits, counts[:, :, COUNTED], targets)
    own = passages.own_script == 1
    np.subtract.at(hits, (passages.rows[own], passages.parts[own]), passages.words[own])
    heard = _heard(block, masks, counts[:, REASONING].sum(axis=1), known, targets)
    return Found(totals, hits, passages, languages, heard)


@cache
def _wanted(language: str) -> tuple[int, int, int, bool]:
    """One row of `Target`."""
    written = [script for script, served in SERVED.items() if language in served] or [Script.LATIN]
    number = LANGUAGES.index(language) if language in LANGUAGES else -1
    shared = number < 0 and written[0] in SHARED and language in detector.known_languages()
    return sum(1 << script for script in written), int(written[0]), number, shared


def _room(words: int) -> tuple[Tokens, Passages]:
    """Memory for a block of so many words, used again for the next."""
    if getattr(_own, "words", -1) < words:
        _own.words, _own.tokens, _own.passages = words, Tokens.room(words), Passages.room(words)
    return _own.tokens, _own.passages


def _settled(block: Block, masks: Bytes, passages: Passages, targets: list[str]) -> tuple[Passages, list[str]]:
    """The passages with fastText's word on the doubtful ones, and the language of each."""
    languages = [
        _named(block, code, start)
        for code, start in zip(passages.codes.tolist(), passages.starts.tolist(), strict=True)
    ]
    doubtful = np.flatnonzero(passages.codes == DOUBTFUL)
    if len(doubtful) == 0:
        return passages, languages
    texts = [_prose(block, masks, passages.starts[at], passages.ends[at]) for at in doubtful]
    kept = np.ones(len(languages), np.bool_)
    for at, opinion in zip(doubtful.tolist(), detector.detect(texts), strict=True):
        if opinion and opinion.probability >= SURE and _is_another(opinion.language, targets[int(passages.rows[at])]):
            languages[at] = opinion.language
        else:
            kept[at] = False
            if at + 1 < len(kept) and passages.rows[at + 1] == passages.rows[at]:  # its words are the target's then
                passages.gaps[at + 1] += passages.gaps[at] + int(passages.words[at])
    return passages.where(kept), [language for language, keep in zip(languages, kept, strict=True) if keep]


def _named(block: Block, code: int, start: int) -> str:
    if code == DOUBTFUL:
        return ""
    if code < BY_SCRIPT:
        return LANGUAGES[code - 1]
    first = block.texts.between(start, start + 4)[0]
    name = unicodedata.name(first, "").split(" ")[0]
    return NAMED.get(name) or SERVED[Script(code - BY_SCRIPT)][0]


def _prose(block: Block, masks: Bytes, start: int, end: int) -> str:
    """What is prose between two places, its notation replaced by spaces."""
    kind = masks[start:end]
    return bytes(np.where((kind == PROSE) | (kind == ASIDE), block.texts.data[start:end], 0x20)).decode(
        errors="replace"
    )


def _without_han(hits: npt.NDArray[np.float64], counts: npt.NDArray[np.float64], targets: list[str]) -> None:
    """Take the Han words of Chinese texts back where Japanese was wanted."""
    for row, target in enumerate(targets):
        if target == "ja":
            han, kana = counts[row, :, Script.HAN], counts[row, :, Script.KANA]
            chinese = (han * CHINESE_WORD >= HAN_WITHOUT_KANA) & (kana * 20 < han * CHINESE_WORD)
            hits[row] -= np.where(chinese, han, 0)


def _heard(
    block: Block,
    masks: Bytes,
    counts: npt.NDArray[np.float64],
    known: npt.NDArray[np.int64],
    targets: list[str],
) -> list[Opinion | None]:
    """The language of each reasoning: by its script, by its frequent words, or in fastText's opinion."""
    totals = counts.sum(axis=1)
    leading = counts.argmax(axis=1)
    heard: list[Opinion | None] = []
    asked: list[int] = []
    for row, target in enumerate(targets):
        total, script = float(totals[row]), int(leading[row])
        heard.append(None)
        if total == 0:
            continue
        han, kana = counts[row, Script.HAN], counts[row, Script.KANA]
        if kana > 0 and (kana + han) * 2 > total and kana * CHINESE_WORD * 4 >= han:
            heard[row] = Opinion("ja", float((kana + han) / total))
        elif counts[row, script] * 2 <= total:
            continue
        elif script != Script.LATIN:
            served = SERVED[Script(script)]
            kana_missing = script == Script.HAN and target == "ja"
            named = target if target in served and not kana_missing else served[0]
            heard[row] = Opinion(named, float(counts[row, script] / total))
        elif counts[row, script] >= ENOUGH_WORDS and known[row, len(LANGUAGES) + 1] >= DISTINCT:
            best = int(known[row, : len(LANGUAGES)].argmax())
            hits, of_any = int(known[row, best]), int(known[row, len(LANGUAGES)])
            if hits >= ENOUGH_KNOWN * counts[row, script] and hits >= SURE * of_any:
                heard[row] = Opinion(LANGUAGES[best], hits / of_any)
            else:
                asked.append(row)
    texts = [_prose(block, masks, *_beginning(block, row)) for row in asked]
    for row, opinion in zip(asked, detector.detect(texts), strict=True):
        heard[row] = opinion
    return heard


def _beginning(block: Block, row: int) -> tuple[int, int]:
    start = int(block.reasoning.starts[row])
    return start, min(int(block.reasoning.ends[row]), start + 2 * detector.LONGEST)


def _is_another(heard: str, target: str) -> bool:
    """Whether what was heard is a language of the target's script other than the target, and fastText knows that."""
    if heard == target or any(heard in family and target in family for family in SAME):
        return False
    return target in detector.known_languages() and _wanted(heard)[1] == _wanted(target)[1]


def _other_languages(block: Block, found: Found) -> pl.DataFrame:
    """For each row the words of its passages (`all`), of the longest (`longest`), and its other `languages`."""
    entries = _joined(found).sort("words", descending=True, maintain_order=True)
    entries = entries.group_by("row", "part", "language", maintain_order=True).agg(
        pl.col("words").sum().alias("sum"), pl.col("words").first(), pl.col("start").first(), pl.col("end").first()
    )
    begins = block.texts.starts[entries["row"].to_numpy()]
    places = [
        pl.Series(name, characters_between(block.texts.data, begins, entries[name].to_numpy()), dtype=pl.Int32)
        for name in ("start", "end")
    ]
    named = pl.col("part").replace_strict({REASONING: "reasoning", ANSWER: "answer"}, return_dtype=pl.String)
    entry = pl.struct("language", named, _whole(pl.col("sum")).alias("words"), "start", "end")
    by_row = (
        entries.with_columns(places)
        .group_by("row")
        .agg(
            _whole(pl.col("sum").sum()).alias("all"),
            _whole(pl.col("words").max()).alias("longest"),
            entry.alias("languages"),
        )
    )
    rows = pl.DataFrame({"row": np.arange(len(block))}).join(by_row, on="row", how="left", maintain_order="left")
    nothing = pl.lit([], dtype=pl.List(OTHER_LANGUAGE))
    return rows.with_columns(pl.col("all", "longest").fill_null(0), pl.col("languages").fill_null(nothing))


def _joined(found: Found) -> pl.DataFrame:
    """The passages, those of one language as one that have nothing of the target language between them."""
    passages = found.passages
    frame = pl.DataFrame(
        {
            "row": passages.rows,
            "part": passages.parts,
            "start": passages.starts,
            "end": passages.ends,
            "words": passages.words,
            "gap": passages.gaps,
            "language": pl.Series(found.languages, dtype=pl.String),
        }
    )
    same = pl.struct("row", "part", "language")
    allowed = pl.when(pl.col("language") == "ja").then(KANA_GAP).otherwise(0)
    begins = ((same != same.shift()) | (pl.col("gap") > allowed)).fill_null(True)
    return frame.group_by("row", "part", "language", begins.cum_sum().alias("passage"), maintain_order=True).agg(
        pl.col("words").sum(), pl.col("start").first(), pl.col("end").last()
    )


def _whole(words: pl.Expr) -> pl.Expr:
    """Words in whole numbers: a single Chinese character is one."""
    return words.round().clip(1).cast(pl.Int32)
