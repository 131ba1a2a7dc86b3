"""Verify: the rows of somebody's file, one verdict each, in their order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from r1data.judging import VERIFIER as JUDGE
from r1data.judging import JudgeItem
from r1data.progress import Progress
from r1data.sources import Unreadable, read_file
from r1data.stages.desk import JudgeDesk
from r1data.store import finished_rows, verdict_file
from r1data.verifiers import BadRow, Check, Finding, VerifierPool, check_of, verdict, version_of
from schemas import Outcome, Verdict

SAY_EVERY = 20_000


@dataclass(slots=True)
class Tally:
    """How the rows of a file came out: rows = verdicts, whatever was in them."""

    rows: int = 0
    taken_over: int = 0
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, found: Verdict) -> None:
        """Count one verdict."""
        self.rows += 1
        self.outcomes[found.verifier, str(found.outcome)] += 1


def verify_file(
    source: Path, out: Path, pool: VerifierPool, progress: Progress, desk: JudgeDesk | None = None
) -> Tally:
    """Verify every row of a file (JSONL, JSON, Parquet or CSV) and write the verdicts.

    A row that cannot be a check gets the outcome bad_reference and says why. Stopped in any way, it keeps what
    was finished in `OUT.partial`; run again, it goes on from there. Rows for the verifier `judge` need a `desk`.

    Raises:
        SourceError: the file cannot be read.
    """
    tally = Tally()
    done = Counter[str]()
    for table in finished_rows(out):
        done.update(table.column("id").to_pylist())
        tally.outcomes.update(zip(*(table.column(c).to_pylist() for c in ("verifier", "outcome")), strict=True))
    tally.rows = tally.taken_over = done.total()
    if tally.taken_over:
        progress.say(f"{tally.taken_over:,} rows were verified before an interruption; going on")
    with verdict_file(out) as file:
        for found in pool.verify_all(_checks(source, done, desk)):
            file.add(found)
            tally.add(found)
            if tally.rows % SAY_EVERY == 0:
                progress.say(f"{tally.rows:,} rows verified")
    return tally


def _checks(source: Path, done: Counter[str], desk: JudgeDesk | None) -> Iterator[Check | Verdict | Future[Verdict]]:
    for number, (_, row) in enumerate(read_file(source, source.name), start=1):
        name = str(number)
        if isinstance(row, Unreadable):
            check: Check | Verdict = _refused(name, "none", f"row {number}: {row.rule}: {row.detail}")
        else:
            if row.get("id") is not None:
                name = str(row["id"])
            try:
                check = check_of(row, number)
            except BadRow as trouble:
                check = _refused(name, str(row.get("verifier") or "none"), f"row {number}: {trouble}")
        if done[name]:
            done[name] -= 1
            continue
        if isinstance(check, Check) and check.verifier == JUDGE:
            yield _for_the_judge(check, desk)
        else:
            yield check


def _for_the_judge(check: Check, desk: JudgeDesk | None) -> Verdict | Future[Verdict]:
    if desk is None:
        why = "nobody judges: name a model with --judge"
        return verdict(check, version_of(JUDGE), Finding(Outcome.VERIFIER_ERROR, check.answer, why), 0.0)
    references = check.references()
    reference = "\n".join(references) if references else None
    return desk.submit(JudgeItem(check.completion_id, check.question or "", reference, check.answer, check.language))


def _refused(name: str, verifier: str, why: str) -> Verdict:
    check = Check(name, verifier, None, None, "en", None)
    return verdict(check, version_of(verifier), Finding(Outcome.BAD_REFERENCE, detail=why), 0.0)
