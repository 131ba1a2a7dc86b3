"""Passages: the last one of an answer that has the structure of the reference, in whatever syntax it is written.

What is looked for is known, which keeps the reading strict: a clause "Ann is a cat" counts where Ann is a name of the
reference's, a line where its entries are. The value is what the passage says, right or wrong; nothing is completed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from r1data.verifiers.folding import fold
from r1data.verifiers.literals import OBJECT, SET, Value, bracketed, read_literal
from r1data.verifiers.structured import (
    NUMBERING,
    RULE,
    SEPARATOR,
    Shape,
    Structure,
    row_of,
    shaped,
    without_latex,
)

LONGEST_LINE, LONGEST_PIECE, MOST_MIDDLE = 2000, 200, 30
MARKUP = re.compile(r"\*\*|__|`+[a-z]*|\\boxed\s*|\$|\\[\[\]()]")
SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])")
CLAUSE = re.compile(r"\s*(?:[,，、;；]|[.。!！](?=\s|$))\s*")
AND = re.compile(r"\s+(?:and|while|whereas|but)\s+|(?:而|和|且)")
CONNECTOR = re.compile(
    r"^(?:\s|(?:and|so|thus|hence|therefore|while|whereas|finally|also)\b[,:]?|所以|因此|而|并?且|故|最后|[-–•*#>]+\s)+",
    re.IGNORECASE,
)
SIGN = re.compile(r"\s*(?:->|→|=>|⇒|:|：|=|\s[-–—]\s)\s*")
COPULA = re.compile(r"\s*(?:\b(?:is|are|was)\b|是|为)\s*(?:the |an? )?", re.IGNORECASE)
DOUBTFUL = re.compile(
    r"\b(?:not|no|never|cannot|can't|neither|nor|none|nobody|either|or|if|unless|would|could|might|may|can|must"
    r"|suppose|supposing|assume|assuming|whether|were|maybe|perhaps|possibly)\b|n['’]t\b"
    r"|不|没|非|无法|未|可能|也许|或|假设|假如|假定|如果|若|吗",
    re.IGNORECASE,
)
"""What is denied, supposed or only possible."""
ASIDE = re.compile(r"\s*[(（\[].*$|\s[-–—]\s.*$")
LABEL = re.compile(r"^.*(?:[:：是为]|\b(?:is|are|be)\b)\s*", re.IGNORECASE)
ROW_LABEL = re.compile(r"^\s*(?:row\s*\d+|第.{1,3}行)\s*[:：]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Passage:
    """Where a passage ends, what it says, and its text."""

    end: int
    value: Value
    text: str


def last_passage(text: str, wanted: Structure) -> Passage | None:
    """The last passage with the structure of the reference, if there is one."""
    text = without_latex(text)
    spans, cut = bracketed(text)
    text = text[:cut]
    found: list[Passage] = []
    masked = text
    for span in reversed(spans):
        written = text[span.start : span.end]
        literal = read_literal(written) if span.end <= cut else None
        if literal is not None and _concerns(literal, wanted):
            found.append(Passage(span.end, shaped(literal, wanted.shape), written))
            masked = text[: span.start] + " " * len(written) + text[span.end :]
            break
    find = {Shape.ASSIGNMENT: _assignments, Shape.LIST: _lists, Shape.GRID: _grids}.get(wanted.shape)
    if find is not None:
        found.extend(find([line for line in _lines(masked)], wanted))
    return max(found, key=lambda passage: passage.end, default=None)


def _concerns(literal: Value, wanted: Structure) -> bool:
    """Whether a literal could be meant as the answer: LaTeX's braces and a [1] that cites are none."""
    if isinstance(wanted.value, str):
        return False
    if literal[:1] == (OBJECT,):
        keys = {key for key, _ in literal[1:]}
        if wanted.shape is Shape.ASSIGNMENT:
            return bool(keys & {key for key, _ in wanted.value})
        return wanted.shape is Shape.JSON and wanted.value[:1] == (OBJECT,)
    if wanted.shape is Shape.ASSIGNMENT or (wanted.shape is Shape.JSON and wanted.value[:1] == (OBJECT,)):
        return False
    if literal[:1] == (SET,):
        return wanted.value[:1] == (SET,)
    return len(literal) != 1 or len(wanted.value) == 1 or isinstance(literal[0], tuple)


@dataclass(frozen=True, slots=True)
class Line:
    """A line without markup, and where it ended before."""

    end: int
    text: str


def _lines(text: str) -> Iterator[Line]:
    end = 0
    for line in text.split("\n"):
        end += len(line) + 1
        yield Line(end, MARKUP.sub("", line).rstrip() if len(line) <= LONGEST_LINE else "")


# --- assignments ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pair:
    """One name with its value. `form` says how it is written, empty for a clause; `known` whether the name is ours."""

    name: str
    value: str
    form: str
    known: bool


@dataclass(slots=True)
class Run:
    """Pairs that belong together. A name that is given two values at once has both, which agrees with nothing."""

    pairs: dict[str, str] = field(default_factory=dict)
    strange: set[tuple[str, str]] = field(default_factory=set)
    end: int = 0
    form: str | None = None

    def value(self) -> Value:
        """The assignment."""
        return tuple(sorted({*self.pairs.items(), *self.strange}))


def _assignments(lines: list[Line], wanted: Structure) -> Iterator[Passage]:
    names = {name for name, _ in wanted.value}
    values = {value for _, value in wanted.value}
    chosen: Run | None = None
    for run in _runs(lines, names, values):
        complete = run.pairs.keys() >= names
        enough = len(run.pairs) >= min(2, len(names))
        if chosen is not None and chosen.pairs.keys() >= names and not complete:
            enough = enough and bool(run.pairs.items() - chosen.pairs.items())
        if enough:
            chosen = run
    if chosen is not None:
        yield Passage(chosen.end, chosen.value(), "; ".join(f"{name}: {value}" for name, value in chosen.value()))


def _runs(lines: list[Line], names: set[str], values: set[str]) -> Iterator[Run]:
    run, adjacent = Run(), False
    for line in lines:
        if not line.text.strip():
            continue
        if RULE.fullmatch(line.text.strip()):
            run.strange.clear()  # what stood above was a table's head
            continue
        for pair in _pairs_of(line.text, names, values):
            if pair is None:
                adjacent = False
                if run.form == "":
                    yield run
                    run = Run()
                continue
            if not pair.known:
                if adjacent and run.pairs and (pair.form == run.form or pair.value in values):
                    run.strange.add((pair.name, pair.value))
                    run.end = line.end
                continue
            before = run.pairs.get(pair.name)
            if before not in (None, pair.value):
                if run.pairs.keys() >= names:
                    yield run
                    run = Run()
                elif adjacent and pair.form:
                    run.strange.add((pair.name, before or ""))
            run.pairs[pair.name] = pair.value
            run.end, run.form, adjacent = line.end, pair.form, True
    yield run


def _pairs_of(line: str, names: set[str], values: set[str]) -> Iterator[Pair | None]:
    """The pairs of a line, None for each piece that is none."""
    cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if "|" in line else []
    if cells:
        yield _signed(cells[0], cells[1], "|", names, values) if len(cells) == 2 else None
        return
    line = NUMBERING.sub("", line)
    for sentence in SENTENCE.split(line):
        for piece in CLAUSE.split(sentence):
            if not piece.strip():
                continue
            pair = _pair(piece, names, values)
            parts = AND.split(piece)
            if len(parts) > 1 and (pair is None or pair.value not in values):
                several = [_pair(part, names, values) for part in parts if part and part.strip()]
                if all(several):
                    yield from (_believed(one, sentence) for one in several)
                    continue
            yield _believed(pair, sentence)


def _believed(pair: Pair | None, sentence: str) -> Pair | None:
    """A clause of a sentence that supposes or doubts says nothing."""
    return None if pair is not None and not pair.form and DOUBTFUL.search(sentence) else pair


def _pair(piece: str, names: set[str], values: set[str]) -> Pair | None:
    piece = CONNECTOR.sub("", piece)
    if len(piece) > LONGEST_PIECE:
        return None
    parts = SIGN.split(piece)
    if len(parts) > 1 and parts[-1].strip() and parts[-2].strip():
        signed = _signed(parts[-2], parts[-1], "=", names, values)
        behind_label = None if signed.known else _clause(parts[-1], names, values)
        return behind_label or (signed if signed.known or len(parts) == 2 else None)
    return _clause(piece, names, values)


def _signed(left: str, right: str, form: str, names: set[str], values: set[str]) -> Pair:
    name, value = fold(left), fold(right)
    if value not in values:
        value = next((one for one in (fold(ASIDE.sub("", right)),) if one in values), value)
    if name not in names and value in names and name in values:
        name, value = value, name
    return Pair(name, value, form, name in names)


def _clause(piece: str, names: set[str], values: set[str]) -> Pair | None:
    """"Ann is a cat", "Ann owns the dog", "甲是医生"."""
    folded = fold(piece)
    copula = COPULA.search(folded)
    if copula:
        name, value = fold(folded[: copula.start()]), fold(folded[copula.end() :])
        if name not in names and value in names and name in values:
            name, value = value, name
        plausible = value in values or (len(value.split()) <= 4 and len(value) <= MOST_MIDDLE)
        if plausible and value and not DOUBTFUL.search(folded[: copula.end()]):
            if name in names and (value in values or not DOUBTFUL.search(value)):
                return Pair(name, value, "", True)
            if value in values and len(name.split()) <= 3:
                return Pair(name, value, "", False)
    for name in names:
        if folded.startswith(name) and not _within_word(folded, len(name)):
            rest = folded[len(name) :]
            value = max((v for v in values if rest.endswith(v)), key=len, default="")
            middle = rest[: len(rest) - len(value)]
            whole = value and not _within_word(rest, len(middle))
            if whole and middle.strip() and len(middle) <= MOST_MIDDLE and not DOUBTFUL.search(middle):
                return Pair(name, value, "", True)
    return None


def _within_word(text: str, position: int) -> bool:
    """Whether a place is inside a word of a script that puts spaces between words."""
    around = text[max(position - 1, 0) : position + 1]
    return len(around) == 2 and re.fullmatch(r"[a-z0-9\u00c0-\u024f]{2}", around) is not None


# --- lists ---------------------------------------------------------------------------------------------------------


def _lists(lines: list[Line], wanted: Structure) -> Iterator[Passage]:
    """Lines with separators, and lines that are an entry each, where at least half of the entries are the reference's."""
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


# --- grids ---------------------------------------------------------------------------------------------------------


def _grids(lines: list[Line], wanted: Structure) -> Iterator[Passage]:
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
