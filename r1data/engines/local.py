"""The local engine: a vLLM server that we start, watch, start again when it dies, and never leave behind."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from r1data.awake import awake
from r1data.engines.client.endpoint import Company
from r1data.errors import EngineError
from r1data.model import LoadedModel
from r1data.recipe import LocalEngine as Settings

HOST = "127.0.0.1"
STOP_SECONDS = 20.0
LOG_TAIL_LINES = 15
CPU_ARGS = ("--enforce-eager", "--max-num-seqs", "256", "--worker-cls", "r1data.vllm_cpu.Worker")
CPU_FACTS = Path("/proc/cpuinfo")
BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16", "avx_ne_convert", "bf16", "svebf16"}
"""What processors with instructions for bfloat16 say of themselves, on x86 and on ARM."""
CPU_ENV = {"VLLM_CPU_KVCACHE_SPACE": "1"}
SMALL_MACHINE = 4
"""Cores up to which vLLM may use all of them; it would leave one idle for its server, a half of a machine with two."""
COMMON_ARGS = (
    "--disable-uvicorn-access-log", "--uvicorn-log-level", "warning",
    "--structured-outputs-config", '{"backend": "xgrammar", "disable_any_whitespace": true}',
)  # fmt: skip
"""Between the parts of its JSON a weak model would write line breaks until its tokens are spent."""
COMMON_ENV = {
    "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "VLLM_LOGGING_LEVEL": "WARNING",
    "VLLM_HTTP_TIMEOUT_KEEP_ALIVE": "60",
}  # fmt: skip
"""Idle connections are closed by our side, which knows whether it is about to use one."""


class LocalServer:
    """A supervised vLLM server, as a context manager. Thread-safe: any thread may ask for a revival.

    All connections to it share `company`, who is in flight, and `heard_at`, when the last of anything came from it.
    """

    def __init__(self, settings: Settings, model: LoadedModel, log: Path, notify: Callable[[str], None]) -> None:
        self._settings = settings
        self._model = model
        self._log = log
        self._notify = notify
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._restarts = 0
        self._port = 0
        self._abandoned = threading.Event()
        self._life = 0
        self.company = Company()
        self.heard_at = awake()

    @property
    def life(self) -> int:
        """How often it has been started again."""
        return self._life

    @property
    def silence_seconds(self) -> float:
        """How long it may have work and say nothing."""
        return self._settings.silence_seconds

    @property
    def url(self) -> str:
        """Base address for OpenAI clients."""
        return f"http://{HOST}:{self._port}/v1"

    def __enter__(self) -> LocalServer:
        self._port = self._settings.port or _free_port()
        if self._settings.port and not _port_is_free(self._settings.port):
            raise EngineError(
                f"port {self._settings.port} is in use by another program",
                "stop that program, or leave out engine.port in the runtime: a free one is taken then",
            )
        self._notify(f"starting vLLM for {self._model.name}; its log is {self._log}")
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def revive(self, life: int, *, silent: bool) -> None:
        """Start the server again, because that life of it is over: it died, or (`silent`) has hung.

        Does nothing where somebody else has seen to it, or it is well after all.

        Raises:
            EngineError: it has died too often in a row with nothing done in between.
        """
        with self._lock:
            if life != self._life or self._process is None:
                return
            if not silent and self._process.poll() is None and _healthy(self._health):
                return
            what = f"said nothing for {self.silence_seconds:.0f} s" if silent else "died"
            while self._restarts < self._settings.max_restarts:
                self._restarts += 1
                self._notify(
                    f"the engine {what}; starting it again ({self._restarts} of {self._settings.max_restarts})"
                )
                self._stop(hard=True)
                try:
                    self._start()
                except EngineError as error:
                    if self._restarts >= self._settings.max_restarts:
                        raise
                    what = f"did not start: {str(error).splitlines()[0]}"
                    continue
                self._life += 1
                return
            raise EngineError(
                self._obituary(f"the engine {what} after {self._restarts} restarts with nothing done"), self._hint()
            )

    def progress(self) -> None:
        """Hear that it has done something since it was started: only restarts in a row count."""
        self._restarts = 0

    def abandon(self) -> None:
        """End the wait of a revival that is under way: nobody needs the server any more."""
        self._abandoned.set()

    @property
    def _health(self) -> str:
        return f"http://{HOST}:{self._port}/health"

    def _start(self) -> None:
        self._abandoned.clear()
        self._sweep()
        guard = Path(__file__).with_name("guard.py")
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-S", str(guard), *self._command()],
                stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT,
                env=self._environment(), start_new_session=True,
            )  # fmt: skip
        self._wait_until_healthy()

    def _wait_until_healthy(self) -> None:
        deadline = awake() + self._settings.startup_seconds
        assert self._process is not None
        while not _healthy(self._health):
            if self._process.poll() is not None:
                raise EngineError(self._obituary("the engine stopped while starting"), self._hint())
            if self._abandoned.wait(0.25):
                return
            if awake() > deadline:
                limit = self._settings.startup_seconds
                raise EngineError(self._obituary(f"the engine was not ready after {limit:.0f} s"), self._hint())
        self.heard_at = awake()

    def _stop(self, *, hard: bool = False) -> None:
        """Have the guard end the engine and all that came from it. `hard`: an engine that hangs has no time to end."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)  # a guard that somebody has stopped could not do its work
        if hard:
            _kill_children(process.pid)
        process.stdin.close()  # the guard's signal to end the engine and all that came from it
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.returncode < 0:  # the guard was killed and could not do its work
            self._sweep()

    def _sweep(self) -> None:
        """Kill what a killed guard left of an engine of this run: whatever writes its output to our log."""
        log = str(self._log.resolve())
        for output in Path("/proc").glob("[0-9]*/fd/1"):
            with contextlib.suppress(OSError):
                if output.readlink() == Path(log):
                    os.kill(int(output.parts[2]), signal.SIGKILL)

    def _command(self) -> list[str]:
        revision = ("--revision", self._model.revision) if self._model.revision else ()
        device = (*CPU_ARGS, "--dtype", _cpu_dtype()) if self._settings.on_cpu else ()
        return [
            sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", self._model.source,
            "--served-model-name", self._model.name, "--host", HOST, "--port", str(self._port),
            *revision, *COMMON_ARGS, *device, *self._settings.args,
        ]  # fmt: skip

    def _environment(self) -> dict[str, str]:
        offline = {"HF_HUB_OFFLINE": "1"} if self._model.is_folder else {}
        device = CPU_ENV if self._settings.on_cpu else {}
        if self._settings.on_cpu and (os.cpu_count() or 1) <= SMALL_MACHINE:
            device = {**device, "VLLM_CPU_NUM_OF_RESERVED_CPU": "0"}
        return {**COMMON_ENV, **device, **offline, **os.environ, **self._settings.env}

    def _obituary(self, what: str) -> str:
        lines = self._log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:] if self._log.is_file() else []
        return "\n".join([f"{what}; the end of {self._log}:", *(f"  {line}" for line in lines)])

    def _hint(self) -> str:
        room = (
            ", on a CPU with room for its context: engine.env.VLLM_CPU_KVCACHE_SPACE in GiB"
            if self._settings.on_cpu
            else ""
        )
        return f"`r1data doctor` checks the engine; the model must fit this machine (engine.args in the runtime){room}"


def _healthy(url: str) -> bool:
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _kill_children(pid: int) -> None:
    with contextlib.suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            os.kill(int(child), signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _cpu_dtype() -> str:
    """The type in which this processor reckons fastest: one without instructions for bfloat16 emulates them, and reads
    a prompt three times slower than in float32.
    """
    try:
        flags = set(CPU_FACTS.read_text(encoding="utf-8", errors="replace").split())
    except OSError:  # no Linux
        return "bfloat16"
    return "bfloat16" if flags & BFLOAT16_FLAGS else "float32"
