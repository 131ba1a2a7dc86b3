"""The benchmark of the verifiers: labelled cases, and how often each verifier is wrong on them.

A *false accept* is an answer called correct that is not; a *false reject* one called wrong (or not found) that is
right. Rates are shares of the cases where that fault is possible. Where the verifier does not decide it counts as
neither, and is told apart.
"""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from r1data.errors import R1dataError
from r1data.verifiers.check import Check
from r1data.verifiers.pool import VerifierPool
from r1data.verifiers.rows import BadRow, check_of
from schemas import Outcome, Verdict

CASES = Path(__file__).resolve().parents[2] / "tests" / "verifiers" / "cases"
RATES = Path(__file__).with_name("rates.json")
BOTH = "math-checkers"
RIGHT, WRONG = Outcome.CORRECT, (Outcome.INCORRECT, Outcome.NO_ANSWER)
UNSURE = (Outcome.UNDECIDED, Outcome.TIMEOUT, Outcome.VERIFIER_ERROR)


class CaseError(R1dataError):
    """A file of cases that cannot be read."""


@dataclass(frozen=True, slots=True)
class Case:
    """One labelled row: what is checked, which outcomes a careful person would accept, and why."""

    check: Check
    topic: str
    expected: tuple[Outcome, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Rates:
    """How one verifier does. Counts of cases; shares are made of them."""

    verifier: str
    version: int
    cases: int
    as_labelled: int
    wrong_answers: int
    false_accepts: int
    right_answers: int
    false_rejects: int
    undecided: int

    @property
    def false_accept_rate(self) -> float:
        """Share of the answers that are not correct but were called so."""
        return self.false_accepts / self.wrong_answers if self.wrong_answers else 0.0

    @property
    def false_reject_rate(self) -> float:
        """Share of the correct answers that were called wrong, or not found."""
        return self.false_rejects / self.right_answers if self.right_answers else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Counts and rates, for JSON."""
        rates = {"false_accept_rate": self.false_accept_rate, "false_reject_rate": self.false_reject_rate}
        return asdict(self) | {name: round(rate, 6) for name, rate in rates.items()}


def read_cases(folder: Path) -> list[Case]:
    """All cases under a folder, in the order of files and lines.

    Raises:
        CaseError: there is none, or one is unusable (the message says which).
    """
    cases: list[Case] = []
    taken: set[str] = set()
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if line.strip():
                case = _case(line, f"{path.name}:{number}")
                if case.check.completion_id in taken:
                    raise CaseError(f"{path.name}:{number}: the id {case.check.completion_id} is taken already")
                taken.add(case.check.completion_id)
                cases.append(case)
    if not cases:
        raise CaseError(
            f"{folder}: holds no cases", "point --cases at a folder of JSONL files such as tests/verifiers/cases"
        )
    return cases


def _case(line: str, place: str) -> Case:
    try:
        row: dict[str, Any] = json.loads(line)
        if "response_code" in row:
            row["response"] = _long_text(row.pop("response_code"))
        expected = row["expected"] if isinstance(row["expected"], list) else [row["expected"]]
        return Case(check_of(row), row["class"], tuple(map(Outcome, expected)), row["reason"])
    except (ValueError, KeyError, TypeError, BadRow) as error:
        raise CaseError(f"{place}: is no case: {type(error).__name__}: {error}") from None


def _long_text(code: str) -> str:
    """Texts too long to write down: sums of text literals and literals times a number, and nothing else."""
    return str(_value(ast.parse(code, mode="eval").body))


def _value(node: ast.expr) -> Any:  # noqa: ANN401 - text or number
    match node:
        case ast.Constant(value=str() | int() as value):
            return value
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _value(left) + _value(right)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _value(left) * _value(right)
    raise ValueError("only texts, numbers, + and * may stand in response_code")


def rates(cases: Sequence[Case], verdicts: Sequence[Verdict]) -> list[Rates]:
    """The rates of every verifier in the cases, in the order of their names."""
    names = sorted({case.check.verifier for case in cases})
    return [_rates_of(name, [pair for pair in zip(cases, verdicts, strict=True) if pair[0].check.verifier == name])
            for name in names]  # fmt: skip


def _rates_of(name: str, judged: list[tuple[Case, Verdict]]) -> Rates:
    right = [v for c, v in judged if c.expected == (RIGHT,)]
    wrong = [v for c, v in judged if RIGHT not in c.expected]
    return Rates(
        verifier=name,
        version=judged[0][1].version,
        cases=len(judged),
        as_labelled=sum(v.outcome in c.expected for c, v in judged),
        wrong_answers=len(wrong),
        false_accepts=sum(v.outcome == RIGHT for v in wrong),
        right_answers=len(right),
        false_rejects=sum(v.outcome in WRONG for v in right),
        undecided=sum(v.outcome in UNSURE and v.outcome not in c.expected for c, v in judged),
    )


def faults(cases: Sequence[Case], verdicts: Sequence[Verdict]) -> Iterator[tuple[Case, Verdict]]:
    """The cases that were not judged as labelled."""
    return ((c, v) for c, v in zip(cases, verdicts, strict=True) if v.outcome not in c.expected)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the two checkers of mathematics say of the same pairs: (first, second) to the number of cases.

    Each says `equal`, `different` or `nothing`.
    """

    counts: Mapping[tuple[str, str], int]
    wrong_answers: int = 0
    accepted_by_second: int = 0
    """Of the wrong answers, those that math-verify alone would have called equal."""
    right_answers: int = 0
    rejected_by_second: int = 0
    """Of the right answers, those that it alone would not have called equal."""

    @property
    def share(self) -> float:
        """Of the pairs on which both say something, the share on which they say the same."""
        both = {pair: n for pair, n in self.counts.items() if "nothing" not in pair}
        total = sum(both.values())
        return sum(n for (one, other), n in both.items() if one == other) / total if total else 0.0


def agreement(cases: Iterable[Case], pool: VerifierPool) -> Agreement:
    """Ask both checkers of mathematics about every case that has a reference and an answer.

    In the pool, since the second has no end of its own: what it does not end on is not counted.
    """
    asked = [case for case in cases if case.check.verifier == "math"]
    said = pool.verify_all(replace(case.check, verifier=BOTH) for case in asked)
    pairs = [
        (case.expected, found.detail.partition("/")[0], found.detail.partition("/")[2])
        for case, found in zip(asked, said, strict=True)
        if found.outcome == Outcome.CORRECT
    ]
    wrong = [second for expected, _, second in pairs if RIGHT not in expected]
    right = [second for expected, _, second in pairs if expected == (RIGHT,)]
    return Agreement(
        Counter((first, second) for _, first, second in pairs),
        len(wrong), wrong.count("equal"), len(right), len(right) - right.count("equal"),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Everything that was measured."""

    cases: list[Case]
    verdicts: list[Verdict]
    rates: list[Rates]
    agreement: Agreement | None

    def as_dict(self) -> dict[str, Any]:
        """For JSON, without the cases themselves."""
        pairs = (
            {} if self.agreement is None else {"/".join(pair): n for pair, n in sorted(self.agreement.counts.items())}
        )
        share = None if self.agreement is None else round(self.agreement.share, 4)
        return {"verifiers": [r.as_dict() for r in self.rates], "checkers_agree": share, "checkers": pairs}

    def write(self) -> None:
        """Keep the rates for the dataset cards, which name them."""
        RATES.write_text(json.dumps(self.as_dict(), indent=1) + "\n", encoding="utf-8")


def run_benchmark(folder: Path, pool: VerifierPool, *, only: str | None = None) -> Benchmark:
    """Verify all cases of a folder and count.

    Raises:
        CaseError: there are none, or one is unusable.
    """
    cases = [case for case in read_cases(folder) if only in (None, case.check.verifier)]
    if not cases:
        raise CaseError(f"{folder}: holds no cases of {only}")
    verdicts = list(pool.verify_all(case.check for case in cases))
    both = agreement(cases, pool) if only in (None, "math") else None
    return Benchmark(cases, verdicts, rates(cases, verdicts), both)


def known_rates() -> dict[str, Any]:
    """The rates that were last kept; empty where there are none."""
    try:
        found: dict[str, Any] = json.loads(RATES.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found
