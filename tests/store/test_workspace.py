"""A workspace has one writer at a time, and says which."""

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from r1data.errors import WorkspaceError
from r1data.store import Workspace
from schemas import Verdicts

HOLDER = """
import sys, time
from pathlib import Path
from r1data.store import Workspace
with Workspace(Path(sys.argv[1])).locked():
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_writer_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    with pytest.raises(WorkspaceError, match=f"process {holder.pid}"), Workspace(tmp_path).locked():
        pass
    holder.kill()
    holder.wait()
    with Workspace(tmp_path).locked():
        pass


def test_a_folder_without_a_run_is_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="is no workspace"):
        Workspace.existing(tmp_path)


def test_of_two_judgements_the_one_that_was_reached_counts(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)

    def said(*outcomes: str) -> pl.DataFrame:
        rows = [(f"{n:032x}", "judge", 1, outcome, "4", "", 0.0) for n, outcome in enumerate(outcomes)]
        return pl.DataFrame(rows, schema=list(Verdicts.columns()), orient="row")

    workspace.write_judgements("mine", said("verifier_error", "verifier_error", "correct"))
    workspace.write_judgements("mine", said("incorrect", "verifier_error"))
    workspace.write_judgements("other", said("correct", "correct", "correct"))
    outcomes = workspace.judgements("mine").collect().sort("completion_id")["outcome"].to_list()
    assert outcomes == ["incorrect", "verifier_error", "correct"]


def test_a_file_that_is_still_being_written_is_no_part(tmp_path: Path) -> None:
    """A reader beside a writer sees what is sealed, and nothing twice."""
    workspace = Workspace(tmp_path / "run")
    for table in ("completions", "verdicts"):
        (tmp_path / "run" / table).mkdir(parents=True)
        (tmp_path / "run" / table / ".staging-1-half.abc.parquet").write_bytes(b"PAR1 and not much more")
    assert workspace.parts() == []
    assert workspace.scan_all_completions().collect().is_empty()
    assert workspace.tables("abc").verdicts.collect().is_empty()
