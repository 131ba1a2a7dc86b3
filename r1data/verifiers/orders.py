"""Lists and grids in prose: lines that hold the entries, or the rows, of the reference."""

from __future__ import annotations

import re
from collections.abc import Iterator

from r1data.verifiers.folding import fold
from r1data.verifiers.lines import Line, Passage
from r1data.verifiers.sentences import DOUBTFUL, SENTENCE
from r1data.verifiers.structured import NUMBERING, RULE, SEPARATOR, Structure, row_of

LONGEST_PIECE = 200
ASIDE = re.compile(r"\s*[(（\[].*$|\s[-–—]\s.*$")
LABEL = re.compile(r"^.*(?:[:：是为]|\b(?:is|are|be)\b)\s*", re.IGNORECASE)
ROW_LABEL = re.compile(r"^\s*(?:row\s*\d+|第.{1,3}行)\s*[:：]", re.IGNORECASE)


def lists(lines: list[Line], wanted: Structure) -> Iterator[Passage]:
    """Lines with separators, and lines of an entry each, where at least half of the entries are the reference's."""
    known = set(wanted.value)
    rows: list[str] = []
    for line in [*lines, Line(lines[-1].end if lines else 0, "\n")]:
        if not line.text.strip(" "):
            continue
        body = NUMBERING.sub("", line.text)
        entry = _entry(body, known)
        if entry in known or (body != line.text and line.text != "\n"):
            rows.append(entry)
            last = line
        elif rows:
            if len(rows) > 1 and 2 * sum(row in known for row in rows) >= len(rows):
                yield Passage(last.end, tuple(rows), "\n".join(rows))
            rows = []
        for sentence in SENTENCE.split(body):
            pieces = _enumerated(sentence, known)
            if pieces:
                yield Passage(line.end, pieces, sentence.strip())


def _entry(text: str, known: set[str]) -> str:
    """An entry of a list, without a remark behind it or a label before it if that makes it one of ours."""
    whole = fold(text)
    if whole in known or len(text) > LONGEST_PIECE:
        return whole
    cells = [fold(cell) for cell in text.strip().strip("|").split("|")] if "|" in text else []
    if len(known.intersection(cells)) == 1:
        return next(cell for cell in cells if cell in known)
    around = (ASIDE.sub("", text), re.split(r"[:：]", text)[0], re.split(r"[:：]|\s[-–—]\s", text)[-1])
    return next((one for one in map(fold, around) if one in known), whole)


def _enumerated(sentence: str, known: set[str]) -> tuple[str, ...] | None:
    pieces = [piece for piece in SEPARATOR.split(sentence) if piece.strip()]
    if len(pieces) < 2:
        words = tuple(map(fold, sentence.split()))
        return words if len(words) > 1 and known.issuperset(words) else None
    if fold(pieces[0]) not in known and len(pieces[0]) <= LONGEST_PIECE:
        bare = LABEL.sub("", pieces[0])
        pieces[0] = bare if fold(bare) in known and not DOUBTFUL.search(pieces[0]) else pieces[0]
    entries: list[str] = []
    for piece in pieces:
        joined = [fold(one) for one in re.split(r"\band\b|和|与", piece) if one.strip()]
        entries.extend([fold(piece)] if fold(piece) in known or not known & set(joined) else joined)
    longest = max(len(one.split()) for one in known)
    if any(len(one.split()) > longest or not one for one in entries):
        return None
    return tuple(entries) if len(entries) > 1 and 2 * sum(one in known for one in entries) >= len(entries) else None


def grids(lines: list[Line], wanted: Structure) -> Iterator[Passage]:
    """Neighbouring lines that are rows: as long as the reference's, or made of its tokens and nothing else."""
    width = len(wanted.value[0])
    tokens = {token for row in wanted.value for token in row}
    single = all(len(token) == 1 for token in tokens)
    rows: list[tuple[str, ...]] = []
    end = 0
    for line in [*lines, Line(0, "")]:
        if RULE.fullmatch(line.text.strip() or "x"):
            continue
        cells = row_of(ROW_LABEL.sub("", line.text))
        if single and len(cells) == 1 and len(cells[0]) == width:
            cells = list(cells[0])
        row = tuple(fold(cell) or cell for cell in cells)
        known = sum(cell in tokens for cell in row)
        if row and (known == len(row) or (known and len(row) == width)):
            rows.append(row)
            end = line.end
        elif rows:
            if len(rows) > 1:
                yield Passage(end, tuple(rows), "\n".join(" ".join(row) for row in rows))
            rows = []
