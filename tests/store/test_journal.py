"""What a journal has committed survives a kill, once."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from r1data.store.journal import Journal, read_journal
from tests.samples import completion

WRITER = """
import sys
from pathlib import Path
from r1data.store.journal import Journal
from tests.samples import completion
journal = Journal(Path(sys.argv[1]))
for number in range(0, 100000, 10):
    journal.commit([completion(n) for n in range(number, number + 10)])
    print(number + 10, flush=True)
"""


def test_a_row_is_stored_once_and_unchanged(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    journal.commit([completion(1), completion(2)])
    journal.commit([completion(2, text="another reply"), completion(3)])
    rows = journal.read()
    assert rows["draw"].to_list() == [1, 2, 3]
    assert rows.row(1, named=True)["text"] == completion(2).text


def test_commits_survive_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    promised = [int(writer.stdout.readline()) for _ in range(20)][-1]
    os.kill(writer.pid, signal.SIGKILL)
    promised = max([promised, *(int(line) for line in writer.stdout.read().split())])
    writer.wait()
    there = Journal(path).read().height
    assert there >= promised
    assert there % 10 == 0, "a batch is there whole or not at all"


def test_another_process_can_read_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    journal = Journal(path)
    assert read_journal(path).height == 0
    journal.commit([completion(1), completion(2, finish_reason="error", text=None, error="broken")])
    assert read_journal(path)["error"].to_list() == [None, "broken"]
    journal.remove()
    assert list(tmp_path.iterdir()) == []
    assert read_journal(path).height == 0
