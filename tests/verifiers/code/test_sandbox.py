"""The sandbox itself: what it gives back, where it refuses, and the weaker mode."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from r1data.verifiers.code import Limits, Run, Status, bubblewrap, run_program
from r1data.verifiers.code.inside.protocol import Ending
from r1data.verifiers.code.lasting import from_lasting_thread
from r1data.verifiers.code.sandbox import MODE_VARIABLE, discard, open_session, sandbox
from r1data.verifiers.code.session import SandboxError, run_of
from schemas import Outcome
from tests.conftest import PATIENT
from tests.verifiers.code.samples import GOOD, judge, needs_gxx, needs_sandbox, processes

SYSTEM_PYTHON = Path("/usr/bin/python3.11")


@needs_sandbox
def test_one_run_for_each_input_in_their_order() -> None:
    runs = run_program("n = int(input())\nprint(n * n)\nassert n != 2", "python", ["1", "2", "3"], Limits())
    assert [(run.status, run.stdout, run.exit_code) for run in runs] == [
        (Status.OK, "1\n", 0),
        (Status.RUNTIME_ERROR, "4\n", 1),
        (Status.OK, "9\n", 0),
    ]
    assert runs[1].stderr.endswith("AssertionError\n")
    assert all(0 < run.seconds < 1 for run in runs)


@needs_sandbox
@pytest.mark.parametrize(
    ("program", "status"),
    [
        ("print(1", Status.COMPILE_ERROR),
        ("while True: pass", Status.TIMEOUT),
        ("x = bytearray(1 << 30)", Status.MEMORY),
        ("print('x' * 200)", Status.OUTPUT_LIMIT),
        ("exit(7)", Status.RUNTIME_ERROR),
        ("print('x' * 99)", Status.OK),
    ],
)
def test_each_status(program: str, status: Status) -> None:
    runs = run_program(program, "python", ["", ""], Limits(seconds=0.2, output_bytes=100))
    assert [run.status for run in runs] == [status] * 2


@needs_sandbox
def test_the_last_messages_are_kept() -> None:
    program = "import sys\nsys.stderr.write('x' * 200_000 + '\\n')\n1 / 0"
    run = run_program(program, "python", [""], Limits())[0]
    assert run.stderr.endswith("ZeroDivisionError: division by zero\n") and len(run.stderr) < 100_000


@needs_sandbox
def test_no_input_no_run() -> None:
    assert run_program("print(1)", "python", [], Limits()) == []


@needs_sandbox
def test_processor_time_counts_and_not_the_clock_on_the_wall() -> None:
    patient = "import time\ntime.sleep(0.5)\nprint(1)"
    assert run_program(patient, "python", [""], Limits(seconds=0.3))[0].status is Status.OK
    threads = "import hashlib, threading\nwork = lambda: [hashlib.sha256(bytes(1 << 20)) for _ in range(2000)]\n"
    threads += "for _ in range(2): threading.Thread(target=work).start()"
    assert run_program(threads, "python", [""], Limits(seconds=0.3))[0].status is Status.TIMEOUT


@needs_sandbox
def test_a_program_that_waits_for_its_turn_is_not_asleep() -> None:
    slow = "import time\nwhile time.process_time() < 0.25:\n    end = time.process_time() + 0.01\n"
    slow += "    while time.process_time() < end: pass\n    time.sleep(0.09)\nprint(1)"
    assert run_program(slow, "python", [""], Limits(seconds=0.4))[0].status is Status.OK


@needs_sandbox
def test_several_threads_may_run_programs() -> None:
    results: list[Run] = []

    def work(number: int) -> None:
        results.extend(run_program("print(int(input()) + 1)", "python", [str(number)] * 5, Limits()))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(int(run.stdout) for run in results) == sorted([1, 2, 3, 4] * 5)


@needs_sandbox
def test_discard_leaves_no_process() -> None:
    assert judge(GOOD).outcome is Outcome.CORRECT
    there = processes()
    assert len(there) >= 2, "bwrap and the runner"
    discard()
    assert processes() == []
    assert psutil.wait_procs(there, timeout=PATIENT)[1] == []


@needs_sandbox
def test_a_broken_session_breaks_no_other_and_the_next_one_has_a_new_sandbox() -> None:
    discard()
    with open_session("print(input())", "python", None, Limits()) as good:
        first, quiet = sandbox(), set(processes())
        with open_session("print(input())", "python", None, Limits()) as bad:
            (warden,) = set(processes()) - quiet
            warden.kill()
            with pytest.raises(SandboxError, match="the session broke"):
                bad.run(b"1")
        assert run_program("print(input())", "python", ["2"], Limits())[0].stdout == "2\n"
        assert sandbox() is not first and not first.usable
        assert good.run(b"3").stdout == "3\n"
        assert quiet <= set(processes())
    assert psutil.wait_procs(quiet, timeout=PATIENT)[1] == [], "the old sandbox ends with its last session"


@needs_sandbox
def test_threads_go_on_while_one_sandbox_after_the_other_is_retired() -> None:
    stop = threading.Event()
    results: list[Run] = []

    def retire() -> None:
        while not stop.is_set():
            sandbox().retire()

    def work() -> None:
        for number in range(5):
            program = "import time\ntime.sleep(0.1)\nprint(input())"
            results.extend(run_program(program, "python", [str(number)] * 2, Limits()))

    retiring, working = threading.Thread(target=retire), [threading.Thread(target=work) for _ in range(2)]
    for thread in (retiring, *working):
        thread.start()
    for thread in working:
        thread.join()
    stop.set()
    retiring.join()
    assert [run.status for run in results] == [Status.OK] * 20, results
    discard()
    assert processes() == []


@needs_sandbox
@pytest.mark.parametrize(
    ("program", "status"),
    [
        ("import time\nwhile time.process_time() < 0.2: pass\nprint(1)", Status.OK),
        ("import time\ntime.sleep(60)", Status.TIMEOUT),
    ],
)
def test_a_machine_that_stalls_is_no_sleep_of_the_program(program: str, status: Status) -> None:
    judge(GOOD)
    with open_session(program, "python", None, Limits(seconds=0.4)) as session, ThreadPoolExecutor() as pool:
        before = set(processes())
        result = pool.submit(session.run, b"")
        while not set(processes()) - before and not result.done():
            time.sleep(0.001)
        family = processes()
        for process in family:
            process.suspend()
        time.sleep(3)
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()
        assert result.result().status is status


def test_what_dies_with_its_parent_outlives_the_thread_that_asked_for_it() -> None:
    program = "import ctypes, time; ctypes.CDLL(None).prctl(1, 9); print('ready', flush=True); time.sleep(60)"
    with ThreadPoolExecutor() as pool:
        process = pool.submit(
            from_lasting_thread, lambda: subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
        ).result()
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    time.sleep(0.2)
    try:
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()


def test_an_ending_becomes_a_status() -> None:
    def status(
        code: int, *, stderr: bytes = b"", memory: int = 0, timed_out: bool = False, stdout: bytes = b""
    ) -> Status:
        ending = Ending(True, timed_out, code, 0.1, memory)
        return run_of(ending, stdout, stderr, b"", limits=Limits(memory_mb=100, output_bytes=10)).status

    assert status(0) is Status.OK
    assert status(-9, timed_out=True) is Status.TIMEOUT
    assert status(0, stdout=b"x" * 11) is Status.OUTPUT_LIMIT
    assert status(1, stderr=b"Traceback\nMemoryError\n") is Status.MEMORY
    assert status(-6, stderr=b"what(): std::bad_alloc") is Status.MEMORY
    assert status(-11, memory=95 << 20) is Status.MEMORY
    assert status(-11) is Status.RUNTIME_ERROR


# --- where there is no sandbox ---------------------------------------------------------------------------------------


@pytest.fixture
def without_warm_sandbox(monkeypatch: pytest.MonkeyPatch):
    discard()
    yield monkeypatch
    monkeypatch.undo()
    discard()


def test_without_bubblewrap_it_refuses_and_names_the_remedy(without_warm_sandbox: pytest.MonkeyPatch) -> None:
    without_warm_sandbox.setattr(bubblewrap, "find_bwrap", lambda: None)
    finding = judge(GOOD)
    assert finding.outcome is Outcome.VERIFIER_ERROR
    assert "make setup" in finding.detail and "R1DATA_SANDBOX=weak" in finding.detail
    run = run_program(GOOD, "python", ["1"], Limits())[0]
    assert run.status is Status.SANDBOX_ERROR and "make setup" in run.stderr


def test_where_namespaces_are_forbidden_it_refuses(without_warm_sandbox: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bwrap = tmp_path / "bwrap"
    bwrap.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    bwrap.chmod(0o755)
    without_warm_sandbox.setattr(bubblewrap, "find_bwrap", lambda: bwrap)
    finding = judge(GOOD)
    assert finding.outcome is Outcome.VERIFIER_ERROR
    assert "No permissions to create new namespace" in finding.detail and "r1data doctor" in finding.detail


@pytest.fixture
def weak(without_warm_sandbox: pytest.MonkeyPatch) -> None:
    without_warm_sandbox.setenv(MODE_VARIABLE, "weak")
    if os.geteuid() == 0 and bubblewrap.closed_to_nobody():
        if not SYSTEM_PYTHON.exists():
            pytest.skip("as root the weak mode needs a Python that everybody can read")
        without_warm_sandbox.setattr(bubblewrap, "interpreter", lambda: str(SYSTEM_PYTHON))
        without_warm_sandbox.setattr(bubblewrap, "closed_to_nobody", lambda: None)


def test_as_root_the_weak_mode_needs_a_python_that_everybody_can_read(without_warm_sandbox: pytest.MonkeyPatch) -> None:
    without_warm_sandbox.setenv(MODE_VARIABLE, "weak")
    without_warm_sandbox.setattr(os, "geteuid", lambda: 0)
    without_warm_sandbox.setattr(bubblewrap, "closed_to_nobody", lambda: "/root")
    finding = judge(GOOD)
    assert finding.outcome is Outcome.VERIFIER_ERROR and "cannot enter /root" in finding.detail


@pytest.mark.parametrize("mode", ["", "strong", "0"])
@needs_sandbox
def test_the_weak_mode_is_asked_for_by_name_only(without_warm_sandbox: pytest.MonkeyPatch, mode: str) -> None:
    without_warm_sandbox.setenv(MODE_VARIABLE, mode)
    assert judge(GOOD).detail == "3 tests"


@pytest.mark.usefixtures("weak")
@pytest.mark.parametrize(
    ("program", "outcome", "detail"),
    [
        (GOOD, Outcome.CORRECT, "3 tests (weak sandbox)"),
        ("open('x', 'w').write('x')\n" + GOOD, Outcome.CORRECT, "3 tests (weak sandbox)"),
        ("while True: pass", Outcome.INCORRECT, "time limit"),
        ("x = bytearray(1 << 30)", Outcome.INCORRECT, "memory limit"),
        ("while True: print('x' * 10000)", Outcome.INCORRECT, "bytes of output"),
        ("import os\nos.fork()\n" + GOOD, Outcome.INCORRECT, "PermissionError"),
        ("import os\nos.kill(os.getppid(), 9)\n" + GOOD, Outcome.INCORRECT, "PermissionError"),
        ("import socket\nsocket.socket()\n" + GOOD, Outcome.INCORRECT, "PermissionError"),
        ("import os\nif os.environ or os.geteuid() == 0:\n    " + GOOD, Outcome.INCORRECT, "wrong output"),
        ("import os\nif os.path.exists('/proc/self/mem'): open(f'/proc/{os.getppid()}/mem')\n" + GOOD,
         Outcome.INCORRECT, "PermissionError"),
    ],
)  # fmt: skip
def test_the_weak_mode_still_limits(program: str, outcome: Outcome, detail: str) -> None:
    finding = judge(program)
    assert finding.outcome is outcome and detail in finding.detail, finding


@pytest.mark.usefixtures("weak")
def test_the_weak_mode_leaves_no_folder_and_no_process(
    without_warm_sandbox: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents:
        if os.geteuid() == 0 and parent != Path("/tmp") and Path("/tmp") in parent.parents:
            parent.chmod(0o755)
    without_warm_sandbox.setattr("tempfile.tempdir", str(tmp_path))
    assert judge("open('left', 'w').write('x')\n" + GOOD).outcome is Outcome.CORRECT
    assert len(list(tmp_path.iterdir())) == 1  # the runner's folder, in which nothing is left
    assert list(next(tmp_path.iterdir()).iterdir()) == []
    discard()
    assert list(tmp_path.iterdir()) == []
    assert processes() == []


@pytest.mark.usefixtures("weak")
@needs_gxx
def test_cpp_in_the_weak_mode() -> None:
    program = '#include <cstdio>\nint main() { int n; scanf("%d", &n); printf("%d", 2 * n); }'
    runs = run_program(program, "cpp", ["1", "2"], Limits())
    assert [run.stdout for run in runs] == ["2", "4"], runs
