"""Assignments in prose: lists, tables and clauses that give each name of the reference's its value.

`Ann: cat`, `Ann = cat`, a row of a table, "Ann is a cat", "Ann owns the dog", "医生是甲": what stands together belongs
together, and the last run that has all names counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from r1data.verifiers.folding import fold, fold_with_article
from r1data.verifiers.lines import Line, Passage
from r1data.verifiers.literals import Value
from r1data.verifiers.sentences import DOUBTFUL, SENTENCE, SUPPOSES
from r1data.verifiers.structured import NUMBERING, RULE, Structure

LONGEST_PIECE, LONGEST_VALUE = 200, 30
CLAUSE = re.compile(r"\s*(?:[,，、;；]|[.。!！](?=\s|$))\s*")
AND = re.compile(r"\s+(?:and|while|whereas|but)\s+|(?:而|和|且)")
CONNECTOR = re.compile(
    r"^(?:\s|(?:and|so|thus|hence|therefore|while|whereas|finally|also)\b[,:]?|所以|因此|而|并?且|故|最后|[-–•*#>]+\s)+",
    re.IGNORECASE,
)
SIGN = re.compile(r"\s*(?:->|→|=>|⇒|:|：|=|\s[-–—]\s)\s*")
COPULA = re.compile(r"\s*(?:\b(?:is|are|was)\b|是|为)\s*(?:the |an? )?", re.IGNORECASE)
HAS = re.compile(
    r"\s*(?:\b(?:(?:must|has to|will) )?(?:owns?|has|have|keeps?|gets?|got|likes?|loves?|prefers?|drinks?|eats?|plays?"
    r"|wears?|drives?|uses?|speaks?|takes?|holds?|carries|chose|picked|receives?|(?:lives|sits|works|is) (?:in|at|as)"
    r"|belongs? to|(?:is|are) (?:owned by|assigned(?: to)?|paired with|matched with|a match for)|goes (?:with|to)"
    r"|corresponds to|be)\b"
    r"|养(?:的是|着|了)?|拥有|有|喜欢|喝|吃|穿|开|弹|住在?|选择?了?|属于|对应|从事)\s*(?:(?:the|an?|his|her)\s+)?"
)
IN_BRACKETS = re.compile(r"([^()（）]+?)\s*[(（]([^()（）]+)[)）]")
POSSESSION = re.compile(r"(?<=\w)(?:['’]s?\s+\w+|的\w{1,4})$")
ASIDE = re.compile(r"\s*[(（\[].*$|\s[-–—]\s.*$")


@dataclass(frozen=True, slots=True)
class Pair:
    """One name with its value. `form` says how it is written, empty for a clause; `known` whether the name is ours."""

    name: str
    value: str
    form: str
    known: bool


@dataclass(slots=True)
class Run:
    """Pairs that belong together; of two values for a name the later counts.

    `strange` holds what no answer may have: names that are not asked for, and a second value in the same breath.
    """

    pairs: dict[str, str] = field(default_factory=dict)
    strange: set[tuple[str, str]] = field(default_factory=set)
    end: int = 0
    form: str | None = None

    def value(self) -> Value:
        """The assignment."""
        return tuple(sorted({*self.pairs.items(), *self.strange}))


def assignments(lines: list[Line], wanted: Structure) -> Iterator[Passage]:
    """The assignment that an answer finally gives, if it gives one."""
    names = {name for name, _ in wanted.value}
    values = {value for _, value in wanted.value}
    chosen: Run | None = None
    for run in _runs(lines, names, values):
        if len(run.pairs) < min(2, len(names)) and not (chosen and run.form):
            continue
        if chosen is not None and chosen.pairs.keys() >= names and not run.pairs.keys() >= names:
            run.pairs = chosen.pairs | run.pairs  # a correction
        chosen = run
    if chosen is not None:
        yield Passage(chosen.end, chosen.value(), "; ".join(f"{name}: {value}" for name, value in chosen.value()))


def _runs(lines: list[Line], names: set[str], values: set[str]) -> Iterator[Run]:
    run, adjacent, latest = Run(), False, ""
    for line in lines:
        if not line.text.strip():
            adjacent = False
            continue
        if RULE.fullmatch(line.text.strip()):
            run.strange.clear()  # what stood above was a table's head
            continue
        for pair in _pairs_of(line.text, names, values):
            if pair is None:
                adjacent = False
                if run.form == "":
                    yield run
                    run, latest = Run(), ""
                continue
            if not pair.known:
                if adjacent and run.pairs and (pair.form == run.form or pair.value in values):
                    run.strange.add((pair.name, pair.value))
                    run.end = line.end
                continue
            if pair.name == latest and adjacent and pair.form and pair.value != run.pairs[pair.name]:
                run.strange.add((pair.name, run.pairs[pair.name]))
            elif pair.name in run.pairs:
                run.strange.clear()  # it is said again, from the start
            run.pairs[pair.name] = pair.value
            run.end, run.form, adjacent, latest = line.end, pair.form, True, pair.name
    yield run


def _pairs_of(line: str, names: set[str], values: set[str]) -> Iterator[Pair | None]:
    """The pairs of a line, None for each piece that is none."""
    cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if "|" in line else []
    if cells:
        yield _signed(cells[0], cells[1], "|", names, values) if len(cells) == 2 else None
        return
    line = NUMBERING.sub("", line)
    for sentence in SENTENCE.split(line):
        for piece in filter(str.strip, CLAUSE.split(sentence)):
            parts = [part for part in AND.split(piece) if part.strip()]
            several = [_pair(part, names, values) for part in parts]
            pairs = several if len(parts) > 1 and all(several) else [_pair(piece, names, values)]
            yield from (_believed(pair, sentence) for pair in pairs)


def _believed(pair: Pair | None, sentence: str) -> Pair | None:
    """A sentence that supposes says nothing, and nor does a clause of one that doubts."""
    doubt = SUPPOSES if pair is not None and pair.form else DOUBTFUL
    return None if doubt.search(sentence) else pair


def _pair(piece: str, names: set[str], values: set[str]) -> Pair | None:
    piece = CONNECTOR.sub("", piece)
    if len(piece) > LONGEST_PIECE:
        return None
    parts = SIGN.split(piece)
    if len(parts) > 1 and parts[-1].strip() and parts[-2].strip():
        signed = _signed(parts[-2], parts[-1], "=", names, values)
        behind_label = None if signed.known else _clause(parts[-1], names, values)
        return behind_label or (signed if signed.known or len(parts) == 2 else None)
    bracketed_value = IN_BRACKETS.fullmatch(piece.strip())
    if bracketed_value:
        pair = _signed(bracketed_value[1], bracketed_value[2], "(", names, values)
        return pair if pair.known and pair.value in values else None
    return _clause(piece, names, values)


def _signed(left: str, right: str, form: str, names: set[str], values: set[str]) -> Pair:
    value = fold(right)
    if value not in values and (without := fold(ASIDE.sub("", right))) in values:
        value = without
    return _either_way(left, value, form, names, values)


def _either_way(left: str, value: str, form: str, names: set[str], values: set[str]) -> Pair:
    """A pair whose name may be what stands left, without "'s pet", or right: "the doctor is Ann"."""
    name = fold(left)
    if name not in names and (owner := fold(POSSESSION.sub("", left.strip()))) in names:
        name = owner
    if name not in names and value in names and name in values:
        name, value = value, name
    return Pair(name, value, form, name in names)


def _clause(piece: str, names: set[str], values: set[str]) -> Pair | None:
    """What a clause says: "Ann is a cat", "Ann owns the dog", "甲是医生"."""
    folded = fold_with_article(piece)
    for verb in (HAS, COPULA):
        found = _verb(verb, folded, names)
        if found is None:
            continue
        left, right = folded[: found[0]], folded[found[1] :]
        pair = _either_way(left, fold(right), "", names, values)
        stated = pair.value in values or (verb is COPULA and _could_be_value(pair.value))
        if pair.known and stated and not DOUBTFUL.search(left):
            return pair
        if verb is COPULA and pair.value in values and len(pair.name.split()) <= 3 and not DOUBTFUL.search(left):
            return pair
    return None


def _verb(verb: re.Pattern[str], text: str, names: set[str]) -> tuple[int, int] | None:
    """Where the verb stands: the first one behind a name that the text begins with, else the first one."""
    start = max((len(name) for name in names if text.startswith(name)), default=1)
    found = verb.match(text, start) or verb.search(text, start)
    return found.span() if found and found.end() < len(text) and not _within_word(text, found.start()) else None


def _could_be_value(text: str) -> bool:
    return bool(text) and len(text.split()) <= 4 and len(text) <= LONGEST_VALUE and not DOUBTFUL.search(text)


def _within_word(text: str, position: int) -> bool:
    """Whether a place is inside a word of a script that puts spaces between words."""
    around = text[max(position - 1, 0) : position + 1]
    return len(around) == 2 and re.fullmatch(r"[a-z0-9\u00c0-\u024f]{2}", around) is not None
