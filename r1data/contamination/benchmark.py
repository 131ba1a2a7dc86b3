"""The benchmark of contamination: labelled texts, how many planted items are found, and how many others are accused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from r1data.contamination.index import Index
from r1data.contamination.items import Item
from r1data.contamination.screening import Screening
from r1data.errors import R1dataError
from r1data.recipe import Contamination
from r1data.texts import Texts, words_of

CASES = Path(__file__).resolve().parents[2] / "tests" / "contamination" / "cases"


class CaseError(R1dataError):
    """A folder of cases that cannot be read."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Of the texts of one kind, how many are right: found where an item was planted, left alone where there is none."""

    kind: str
    planted: bool
    cases: int
    found: int

    @property
    def share(self) -> float:
        """Share of the texts that were said to hold an item: recall, or false alarms."""
        return self.found / self.cases if self.cases else 0.0


@dataclass(frozen=True, slots=True)
class Faults:
    """Everything that was measured."""

    rates: list[Rate]
    missed: list[dict[str, str]]
    accused: list[dict[str, Any]]

    def total(self, planted: bool) -> Rate:
        """All kinds together."""
        rates = [rate for rate in self.rates if rate.planted == planted]
        return Rate("all", planted, sum(rate.cases for rate in rates), sum(rate.found for rate in rates))

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        rates = [
            {"kind": rate.kind, "planted": rate.planted, "cases": rate.cases, "found": rate.found}
            for rate in [*self.rates, self.total(True), self.total(False)]
        ]
        return {"rates": rates, "missed": self.missed, "accused": self.accused}


def run_benchmark(folder: Path = CASES, settings: Contamination | None = None) -> Faults:
    """Hold `planted.jsonl` and `lookalikes.jsonl` against `items.jsonl`.

    Raises:
        CaseError: one of them is missing or unusable.
    """
    items = [
        Item("items", row["id"], row["text"], row.get("solution", ""), row.get("choices", ""))
        for row in _rows(folder / "items.jsonl")
    ]
    planted, clean = _rows(folder / "planted.jsonl"), _rows(folder / "lookalikes.jsonl")
    hits = _screen(Index.of(items, settings or Contamination()), [*planted, *clean])
    found = {(hit["completion_id"], hit["item"]) for hit in hits}
    rates: dict[tuple[str, bool], list[bool]] = {}
    missed = []
    for number, case in enumerate([*planted, *clean]):
        holds = number < len(planted)
        right = (str(number), case["item"]) in found if holds else str(number) in {one for one, _ in found}
        rates.setdefault((case["kind"], holds), []).append(right)
        if holds and not right:
            missed.append(case)
    accused = [
        {"kind": case["kind"], "whole": case["text"][:300], **hit}
        for hit in hits
        if (number := int(hit["completion_id"])) >= len(planted) and (case := clean[number - len(planted)])
    ]
    return Faults([Rate(*kind, len(seen), sum(seen)) for kind, seen in rates.items()], missed, accused)


def _screen(index: Index, cases: list[dict[str, str]]) -> list[dict[str, Any]]:
    screening = Screening(index)
    for part in ("prompt", "reasoning", "answer", "solution"):
        chosen = [(str(number), case["text"]) for number, case in enumerate(cases) if case["part"] == part]
        ids = [one for one, _ in chosen]
        texts = Texts.of(pl.Series([text for _, text in chosen], dtype=pl.String))
        screening.scan(ids, ids, words_of(texts), texts, part)
    return screening.finish().to_dicts()


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise CaseError(f"{path}: cannot be read: {error}", "make it anew, or name another folder") from None
    if not rows or not all(isinstance(row, Mapping) and "text" in row for row in rows):
        raise CaseError(f"{path}: should hold one object with `text` a line", "see tests/contamination/cases")
    return rows
