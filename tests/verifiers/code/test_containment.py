"""Hostile programs: each gets its verdict, and the same warm sandbox judges the next program as if nothing had been.

A program prints the right answer only where its attack works, so that `incorrect` proves that it did not.
"""

import contextlib
import os
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from r1data.verifiers.code import Limits, Status, run_program
from r1data.verifiers.code.sandbox import discard
from schemas import Outcome
from tests.verifiers.code.samples import DOUBLE, GOOD, Watched, judge, needs_sandbox, processes

pytestmark = needs_sandbox
RIGHT = "print(2 * int(input()))"


def attack(program: str, tests: object = DOUBLE) -> str:
    """The detail of the verdict of a program that has to be incorrect."""
    with Watched():
        finding = judge(textwrap.dedent(program), tests)
    assert finding.outcome is Outcome.INCORRECT, finding
    return finding.detail


def test_a_fork_bomb_cannot_fork() -> None:
    assert "PermissionError" in attack("import os\nwhile True:\n    os.fork()")
    assert "PermissionError" in attack("import subprocess\nprint(subprocess.run(['/bin/true']))")


def test_a_fork_bomb_where_forks_are_allowed_is_bounded_and_killed() -> None:
    bomb = """
import os, time
started = 0
for _ in range(200):
    try:
        if os.fork() == 0:
            os.setsid()
            time.sleep(60)
            os._exit(0)
        started += 1
    except OSError:
        pass
print(started)
"""
    with Watched():
        run = run_program(bomb, "python", [""], Limits(seconds=2, tasks=20, forks=True))[0]
    assert run.status is Status.OK
    assert 1 < int(run.stdout) < 60


@pytest.mark.slow
def test_a_true_fork_bomb_where_forks_are_allowed_ends_at_the_time_limit() -> None:
    with Watched():
        run = run_program(
            "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
            "python",
            [""],
            Limits(seconds=0.3, tasks=20, forks=True),
        )[0]
    assert run.status is Status.TIMEOUT


def test_a_background_process_does_not_outlive_its_test() -> None:
    daemon = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(60)
    os._exit(0)
print("started")
"""
    with Watched():
        run = run_program(daemon, "python", ["", ""], Limits(forks=True))
        assert [one.stdout for one in run] == ["started\n"] * 2
    assert "PermissionError" in attack(daemon)


@pytest.mark.parametrize(
    ("program", "detail"),
    [
        ("x = [0] * 10**9", "over the memory limit of 256 MB"),
        ("x = []\nwhile True: x.append(bytearray(1 << 20))", "over the memory limit of 256 MB"),
        ("import mmap\nm = []\nwhile True: m.append(mmap.mmap(-1, 1 << 24))", "runtime error"),
        ("import os\nos.memfd_create('x')", "PermissionError"),
        ("import ctypes\nl = ctypes.CDLL(None)\nassert l.shmget(0, 1 << 20, 0o1600) >= 0", "AssertionError"),
        ("import resource\nresource.setrlimit(resource.RLIMIT_AS, (-1, -1))\nx = [0] * 10**9", "over the memory limit"),
        ("import threading\nwhile True: threading.Thread(target=input).start()", "runtime error"),
    ],
)
def test_a_memory_bomb(program: str, detail: str) -> None:
    assert detail in attack(program, {**DOUBLE, "memory_mb": 256, "time_limit": 5})


@pytest.mark.parametrize(
    "program",
    [
        "while True: pass",
        "import threading\nfor _ in range(3): threading.Thread(target=lambda: [0 for _ in iter(int, 1)]).start()",
        "import signal\nfor n in range(1, 65):\n    try: signal.signal(n, signal.SIG_IGN)\n    except Exception: pass\n"
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "9 ** 9 ** 9",
    ],
)
def test_an_infinite_loop(program: str) -> None:
    assert "over the time limit of 0.3 s" in attack(program, {**DOUBLE, "time_limit": 0.3})


@pytest.mark.parametrize(
    "program", ["import time\ntime.sleep(100)", "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)"]
)
def test_a_sleeper_is_ended_by_the_clock_on_the_wall(program: str) -> None:
    started = time.monotonic()
    assert "over the time limit of 0.2 s" in attack(program, {**DOUBLE, "time_limit": 0.2})
    assert time.monotonic() - started < 60  # it would sleep for 100


def test_infinite_output() -> None:
    assert "more than 1048576 bytes of output" in attack("while True: print('x' * 10000)")
    assert "runtime error" in attack("import sys\nwhile True: sys.stderr.write('x' * 10000)")
    assert "time limit" in attack(
        "import os\nwhile True:\n    try: os.write(1, b'x' * 10000)\n    except OSError: pass"
    )


def test_the_network_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        attack(f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 1)\n{RIGHT}")
        attack(f"import socket\nsocket.create_connection(('192.0.2.1', 80), 1)\n{RIGHT}")
        attack(f"import socket\nsocket.socket(socket.AF_UNIX).connect('\\0x')\n{RIGHT}")
        with pytest.raises(TimeoutError):
            server.accept()


def test_files_of_the_host_cannot_be_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    paths = [secret, Path(__file__), "/etc/passwd", "/etc/hostname", "/proc/1/environ", "/proc/self/environ", "/proc",
             "/root/.ssh", "/home", "/var", "/sys", "/run", "/dev/shm", "/dev/mem"]  # fmt: skip
    program = f"""
import os
found = []
for path in {[str(path) for path in paths]}:
    try:
        found.append(os.listdir(path) if os.path.isdir(path) else open(path).read())
    except OSError:
        pass
if any(found):
    {RIGHT}
"""
    assert "wrong output" in attack(program)


def test_nothing_outside_can_be_written(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("as it was")
    program = f"""
import os
ways = [lambda p: open(p, "w").write("x"), lambda p: os.mkdir(p), lambda p: os.remove(p), lambda p: os.chmod(p, 0o777),
        lambda p: os.rename("/tmp/own", p), lambda p: os.symlink("/tmp/own", p), lambda p: os.link("/tmp/own", p)]
open("/tmp/own", "w").write("mine")
for path in ["{target}", "{target}2", "/x", "/usr/x", "/usr/bin/env", "/runner/x", "/runner/inside/trial.py", "/dev/x",
             "/dev/null2", "/build/x", "/etc/x", os.__file__, "/tmp/../x"]:
    for way in ways:
        try:
            way(path)
        except OSError:
            continue
        {RIGHT}
        raise SystemExit
"""
    assert "wrong output" in attack(program)
    assert target.read_text() == "as it was"
    assert list(tmp_path.iterdir()) == [target]


def test_the_disk_cannot_be_filled() -> None:
    program = """
import os
total = files = 0
try:
    for number in range(100_000):
        with open(f"/tmp/{number}", "wb") as file:
            files += 1
            for _ in range(100):
                total += file.write(bytes(10_000))
                file.flush()
except OSError:
    pass
print(total, files)
"""
    free = psutil.disk_usage("/").free
    with Watched():
        run = run_program(program, "python", [""], Limits(disk_mb=8))[0]
    assert run.status is Status.OK
    total, files = map(int, run.stdout.split())
    assert 4 << 20 < total <= 8 << 20 and files < 1000
    assert free - psutil.disk_usage("/").free < 4 << 20
    attack("for n in range(10**6): open(f'/tmp/{n}', 'w')")
    attack(f"with open('/tmp/x', 'wb') as file: file.truncate(1 << 40)\n{RIGHT}")


def test_files_of_one_program_are_gone_for_the_next() -> None:
    run_program("open('/tmp/left', 'w').write('x')", "python", [""], Limits())
    assert run_program("import os\nprint(os.listdir('/tmp'))", "python", [""], Limits())[0].stdout == "[]\n"


def test_signals_reach_nobody_else() -> None:
    program = """
import os, signal
for target in [1, os.getppid(), -1, 0, 2, 3, 4, 5, *range(100, 1000, 50)]:
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP):
        if target == os.getpid() or target == 0 and number != signal.SIGTERM:
            continue
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        try:
            os.kill(target, number)
        except OSError:
            pass
"""
    with Watched():
        run = run_program(program + "print('alive')", "python", ["", ""], Limits(seconds=1))
        assert [one.stdout for one in run] == ["alive\n"] * 2
    assert "wrong output" in attack(program)
    for number in ("SIGKILL", "SIGSTOP", "SIGTERM"):
        attack(f"import os, signal\nos.kill(0, signal.{number})", {**DOUBLE, "time_limit": 0.2})
        attack(f"import os, signal\nos.killpg(os.getpgid(1), signal.{number})", {**DOUBLE, "time_limit": 0.2})


def test_nobody_can_be_traced_or_limited() -> None:
    program = f"""
import ctypes, os, resource
libc = ctypes.CDLL(None, use_errno=True)
ATTACH, SEIZE = 16, 0x4206
buffer = ctypes.create_string_buffer(64)
vector = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 64)
done = [libc.ptrace(way, pid, 0, 0) == 0 for way in (ATTACH, SEIZE) for pid in (1, os.getppid())]
done += [libc.process_vm_readv(1, vector, 1, vector, 1, 0) > 0, libc.process_vm_writev(1, vector, 1, vector, 1, 0) > 0]
for pid in (1, os.getppid()):
    try:
        resource.prlimit(pid, resource.RLIMIT_CPU, (0, 0))
        done.append(True)
    except OSError:
        pass
for path in ("/proc/1/mem", f"/proc/{{os.getppid()}}/mem", "/proc/self/mem"):
    done.append(os.path.exists(path))
if any(done):
    {RIGHT}
"""
    assert "wrong output" in attack(program)


def test_no_namespace_or_mount_can_be_made() -> None:
    program = f"""
import ctypes
libc = ctypes.CDLL(None)
NEWUSER, NEWNS, NEWPID, SIGCHLD = 0x10000000, 0x20000, 0x20000000, 17
done = [libc.unshare(flag) == 0 for flag in (NEWUSER, NEWNS, NEWPID)]
done += [libc.mount(b"x", b"/tmp", b"tmpfs", 0, None) == 0, libc.umount2(b"/tmp", 2) == 0, libc.chroot(b"/tmp") == 0]
done += [libc.syscall(56, flag | SIGCHLD, 0, 0, 0, 0) >= 0 for flag in (NEWUSER, NEWNS)]
done += [libc.syscall(0x40000000 | 41, 2, 1, 0) >= 0]
if any(done):
    {RIGHT}
"""
    assert "wrong output" in attack(program)


def test_the_environment_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("R1DATA_TEST_SECRET", "secret")
    discard()  # the next sandbox starts with the secret in this process's environment
    run = run_program("import os\nprint(dict(os.environ))", "python", [""], Limits())[0]
    assert run.stdout == "{}\n"
    libc = "import ctypes\ng = ctypes.CDLL(None).getenv\ng.restype = ctypes.c_char_p\n"
    attack(f"{libc}if g(b'R1DATA_TEST_SECRET') or g(b'HOME'):\n    {RIGHT}")


def test_symlinks_lead_nowhere_else(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    attack(f"import os\nos.symlink('{secret}', '/tmp/l')\nopen('/tmp/l').read()\n{RIGHT}")
    attack(f"import os\nos.symlink('/etc/passwd', '/tmp/l')\nopen('/tmp/l').read()\n{RIGHT}")
    attack(f"import os\nos.symlink('{tmp_path}', '/tmp/l')\nopen('/tmp/l/new', 'w').write('x')\n{RIGHT}")
    attack(f"import os\nos.symlink('/', '/tmp/up')\nopen('/tmp/up/runner/inside/trial.py', 'w').write('x')\n{RIGHT}")
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_the_runner_cannot_be_overwritten_from_inside() -> None:
    attack(f"open('/runner/inside/zygote.py', 'w').write('x')\n{RIGHT}")
    attack(f"import os\nos.replace('/tmp', '/runner')\n{RIGHT}")
    tamper = """
import gc, os, sys, types
for name, module in list(sys.modules.items()):
    if name.startswith("inside"):
        for key in list(vars(module)):
            setattr(module, key, lambda *a, **k: 0)
frame = sys._getframe()
while frame:
    for value in list(frame.f_locals.values()) + list(frame.f_globals.values()):
        if isinstance(value, types.FunctionType):
            value.__code__ = (lambda *a, **k: 0).__code__
    frame = frame.f_back
os._exit = sys.exit = os.write = lambda *a: None
for number in range(3, 1024):
    try:
        os.write(number, b"!" * 100)
        os.close(number)
    except OSError:
        pass
raise SystemExit(1)
"""
    attack(tamper)


def test_closing_every_descriptor_hurts_nobody_else() -> None:
    attack("import os\nos.closerange(0, 10_000)")


def test_a_worker_that_is_killed_takes_everything_with_it() -> None:
    program = """
import sys
from r1data.verifiers.code import Limits, run_program
from r1data.verifiers.code.sandbox import sandbox
sandbox()
print("ready", flush=True)
run_program("import time\\ntime.sleep(60)", "python", [""], Limits(seconds=60))
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None and worker.stdout.readline() == "ready\n"
        deadline = time.monotonic() + 60
        while len(below := psutil.Process(worker.pid).children(recursive=True)) < 4 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(below) >= 4, below  # bwrap, the runner, a warden, the program
        worker.kill()
        worker.wait()
    gone, alive = psutil.wait_procs(below, timeout=40)
    assert not alive and len(gone) == len(below)


def test_a_sandbox_that_was_killed_is_replaced() -> None:
    assert judge(GOOD).outcome is Outcome.CORRECT
    for process in processes():
        with contextlib.suppress(psutil.NoSuchProcess):  # they die with each other
            process.kill()
    assert judge(GOOD).outcome is Outcome.CORRECT


def test_a_sandbox_killed_while_it_works_gets_another_try() -> None:
    killer = f"""
import psutil, time
deadline = time.monotonic() + 20
while time.monotonic() < deadline:
    children = [p for p in psutil.Process({os.getpid()}).children(recursive=True) if p.name() == "bwrap"]
    if children:
        time.sleep(0.3)
        children[0].kill()
        break
"""
    discard()
    others = set(psutil.Process().children())
    with subprocess.Popen([sys.executable, "-c", killer]):
        finding = judge("import time\ntime.sleep(0.25)\n" + GOOD)
    assert finding.outcome is Outcome.CORRECT
    ours = set(psutil.Process().children()) - others
    assert ours and not [process for process in ours if process.status() == psutil.STATUS_ZOMBIE]
