"""The benchmark of the filters: labelled replies, and how often each filter is wrong on them.

A label says for one filter that the flaw is there, `light` or `heavy`, or that the case cannot tell (`either`); where
there is none, the filter should be silent. Precision and recall leave out what cannot tell.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from r1data.errors import R1dataError
from r1data.measures import measure
from r1data.recipe import Selection
from r1data.selection import expressions
from schemas import FinishReason, Reason

CASES = Path(__file__).resolve().parents[2] / "tests" / "measures" / "cases"
LIGHT, HEAVY, EITHER = "light", "heavy", "either"
R1_FILTERS = (Reason.MIXED_LANGUAGE, Reason.LONG_PARAGRAPH, Reason.MESSY_CODE)
"""What the R1 paper says it dropped."""
FILTERS = (*R1_FILTERS, Reason.REPETITION, Reason.TRUNCATED, Reason.FORMAT)
SPEAKING: Mapping[Reason, tuple[str, ...]] = {
    Reason.MIXED_LANGUAGE: ("language_share", "answer_language_share", "foreign_words", "foreign_passage",
                            "other_languages"),
    Reason.LONG_PARAGRAPH: ("longest_paragraph",),
    Reason.MESSY_CODE: ("fence_unclosed", "code_unparsed", "code_misindented", "prose_in_code", "bare_code"),
    Reason.REPETITION: ("repeated_lines", "repeated_paragraphs", "repeated_ngrams", "tail_repeats", "looping_tail"),
    Reason.TRUNCATED: ("cut_off",),
    Reason.FORMAT: ("think_in_order", "answers_agree", "template_tokens", "self_reference"),
}  # fmt: skip
"""The measures that a filter listens to."""


class CaseError(R1dataError):
    """A file of cases that cannot be read."""


@dataclass(frozen=True, slots=True)
class Case:
    """One labelled reply. `kind` says what is hard about a clean one."""

    id: str
    language: str
    response: str
    finish_reason: FinishReason
    kind: str
    note: str
    labels: Mapping[Reason, str]


@dataclass(frozen=True, slots=True)
class Judged:
    """A case, the filters that speak against it, and its measures."""

    case: Case
    reasons: frozenset[Reason]
    measures: Mapping[str, Any]

    def faults(self) -> Iterator[Reason]:
        """The filters that say otherwise than the label."""
        for name in FILTERS:
            label = self.case.labels.get(name)
            if label != EITHER and (label is not None) != (name in self.reasons):
                yield name


@dataclass(frozen=True, slots=True)
class Rates:
    """How one filter does. Counts of cases; shares are made of them."""

    filter: Reason
    light: int = 0
    light_found: int = 0
    heavy: int = 0
    heavy_found: int = 0
    clean: int = 0
    """Cases without this flaw, whatever others they have."""
    false_alarms: Mapping[str, int] = field(default_factory=dict)
    """How many of these it spoke against, by kind of case."""

    @property
    def found(self) -> int:
        """Flaws found, light and heavy."""
        return self.light_found + self.heavy_found

    @property
    def precision(self) -> float:
        """Of the cases that it speaks against, the share that has the flaw."""
        spoken = self.found + sum(self.false_alarms.values())
        return self.found / spoken if spoken else 1.0

    @property
    def recall(self) -> float:
        """Of the cases with the flaw, the share that it speaks against."""
        flawed = self.light + self.heavy
        return self.found / flawed if flawed else 1.0

    def as_dict(self) -> dict[str, Any]:
        """Counts and rates, for JSON."""
        return {
            "filter": self.filter.value, "flawed": self.light + self.heavy, "clean": self.clean,
            "precision": round(self.precision, 4), "recall": round(self.recall, 4),
            "light": self.light, "light_found": self.light_found, "heavy": self.heavy,
            "heavy_found": self.heavy_found, "false_alarms": dict(self.false_alarms),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Everything that was judged, and the rates of each filter."""

    judged: list[Judged]
    rates: list[Rates]

    @property
    def clean_lost(self) -> int:
        """Cases without any flaw that some filter speaks against."""
        return sum(not one.case.labels and bool(one.reasons) for one in self.judged)

    def as_dict(self) -> dict[str, Any]:
        """For JSON, without the cases themselves."""
        clean = sum(not one.case.labels for one in self.judged)
        return {"cases": len(self.judged), "clean": clean, "clean_lost": self.clean_lost,
                "filters": [rates.as_dict() for rates in self.rates]}  # fmt: skip


def read_cases(folder: Path) -> list[Case]:
    """All cases of a folder, in the order of files and lines.

    Raises:
        CaseError: there is none, or one is unusable (the message says which).
    """
    cases: list[Case] = []
    taken: set[str] = set()
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
            if line.strip():
                cases.append(_case(line, f"{path.name}:{number}"))
                if cases[-1].id in taken:
                    raise CaseError(f"{path.name}:{number}: the id {cases[-1].id} is taken already")
                taken.add(cases[-1].id)
    if not cases:
        raise CaseError(f"{folder}: holds no cases", "point --cases at a folder of JSONL files of labelled replies")
    return cases


def _case(line: str, place: str) -> Case:
    try:
        row: dict[str, Any] = json.loads(line)
        labels = {Reason(name): str(label) for name, label in row["labels"].items() if label is not None}
        if odd := set(labels.values()) - {LIGHT, HEAVY, EITHER}:
            raise ValueError(f"no label is called {', '.join(sorted(odd))}")
        if others := set(labels) - set(FILTERS):
            raise ValueError(f"{', '.join(sorted(others))} is no filter of texts")
        finish = FinishReason(row.get("finish_reason") or FinishReason.STOP)
        return Case(row["id"], row["language"], row["response"], finish, row.get("kind", "other"),
                    row.get("note", ""), labels)  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CaseError(f"{place}: is no case: {type(error).__name__}: {error}") from None


def judge(cases: Sequence[Case], selection: Selection) -> list[Judged]:
    """Measure the replies and ask the filters of the texts, each by itself."""
    frame = pl.DataFrame(
        {
            # The table of measures wants ids of this form; a case's own is a name.
            "completion_id": [hashlib.blake2b(case.id.encode(), digest_size=16).hexdigest() for case in cases],
            "language": [case.language for case in cases],
            "text": [case.response for case in cases],
        },
        schema={"completion_id": pl.String, "language": pl.String, "text": pl.String},
    )
    ends = pl.Series([case.finish_reason.value for case in cases], dtype=pl.String)
    measured = measure(frame).with_columns(finish_reason=ends, thinking=pl.lit(None, pl.Boolean))
    wanted = expressions(selection)
    spoken = measured.select(wanted[name].alias(name.value) for name in FILTERS).rows(named=True)
    return [
        Judged(case, frozenset(name for name in FILTERS if said[name.value]), measures)
        for case, said, measures in zip(cases, spoken, measured.iter_rows(named=True), strict=True)
    ]


def rates(judged: Sequence[Judged]) -> list[Rates]:
    """How each filter does, R1's three first."""
    return [_rates_of(name, judged) for name in FILTERS]


def _rates_of(name: Reason, judged: Sequence[Judged]) -> Rates:
    labelled = [(one.case.labels.get(name), name in one.reasons, one) for one in judged]
    alarms = Counter(_kind(one.case) for label, spoken, one in labelled if label is None and spoken)
    return Rates(
        name,
        light=sum(label == LIGHT for label, _, _ in labelled),
        light_found=sum(label == LIGHT and spoken for label, spoken, _ in labelled),
        heavy=sum(label == HEAVY for label, _, _ in labelled),
        heavy_found=sum(label == HEAVY and spoken for label, spoken, _ in labelled),
        clean=sum(label is None for label, _, _ in labelled),
        false_alarms=dict(sorted(alarms.items(), key=lambda entry: (-entry[1], entry[0]))),
    )


def _kind(case: Case) -> str:
    """What a case without the flaw is: a kind of clean one, or one with other flaws."""
    return f"with {', '.join(sorted(case.labels))}" if case.labels else case.kind


def run_benchmark(folder: Path = CASES, selection: Selection | None = None) -> Benchmark:
    """Judge all cases of a folder and count.

    Raises:
        CaseError: there are none, or one is unusable.
    """
    judged = judge(read_cases(folder), selection or Selection())
    return Benchmark(judged, rates(judged))
