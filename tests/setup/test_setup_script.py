"""The set-up script says what is missing and what to do, in a few lines, and goes on where it was stopped."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import PATIENT

REPOSITORY = Path(__file__).parents[2]
TOOLS = ("awk", "basename", "bash", "cat", "cut", "df", "dirname", "env", "find", "grep", "mkdir", "rm", "sed", "tail",
         "touch", "uname")  # fmt: skip
UNREACHABLE = "http://127.0.0.1:9/simple"

Setup = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    """The only folder on PATH: everyday tools, and no Python yet."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, tool
        (folder / tool).symlink_to(found)
    return folder


@pytest.fixture
def setup(tmp_path: Path, bin_folder: Path) -> Setup:
    """Run the script in a copy of what it reads."""
    checkout = tmp_path / "checkout"
    shutil.copytree(REPOSITORY / "scripts", checkout / "scripts")
    for name in ("pyproject.toml", "constraints.txt", "constraints-gpu.txt"):
        shutil.copy(REPOSITORY / name, checkout)

    def run(**environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(checkout / "scripts" / "setup.sh")],
            env={"PATH": str(bin_folder), "HOME": str(tmp_path), **environment},
            cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENT,
        )  # fmt: skip

    return run


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.unlink(missing_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def real_python(folder: Path) -> None:
    program(folder, "python3", f'exec {sys.executable} "$@"')


def refused(process: subprocess.CompletedProcess[str], *words: str) -> None:
    assert process.returncode == 1, process.stdout + process.stderr
    assert "Traceback" not in process.stderr
    assert len(process.stderr.splitlines()) <= 4, process.stderr
    for word in words:
        assert word in process.stderr, process.stderr


def test_no_python(setup: Setup) -> None:
    refused(setup(), "Python 3.11 to 3.14 is needed; found none", "apt-get install python3", "PYTHON=")


def test_python_too_old(setup: Setup, bin_folder: Path) -> None:
    program(bin_folder, "python3", '[ "$1" = -V ] && echo "Python 3.9.2" && exit; exit 1')
    refused(setup(), "found Python 3.9.2")


def test_a_newer_python_is_found_beside_an_old_one(setup: Setup, bin_folder: Path) -> None:
    program(bin_folder, "python3", "exit 1")
    program(bin_folder, "python3.13", f'exec {sys.executable} "$@"')
    refused(setup(R1DATA_MIN_DISK_GB="999999"), "999999 GB")


def test_the_python_that_was_asked_for_is_too_old(setup: Setup, bin_folder: Path) -> None:
    program(bin_folder, "old", '[ "$1" = -V ] && echo "Python 3.9.2" && exit; exit 1')
    refused(setup(PYTHON="old"), "PYTHON=old is Python 3.9.2")
    refused(setup(PYTHON="absent"), "PYTHON=absent: there is no such program")


def test_no_venv_module(setup: Setup, bin_folder: Path) -> None:
    program(bin_folder, "python3", f'case "$*" in *ensurepip*) exit 1;; esac; exec {sys.executable} "$@"')
    refused(setup(), "has no venv module", "apt-get install python3-venv")


def test_not_enough_disk(setup: Setup, bin_folder: Path) -> None:
    real_python(bin_folder)
    refused(setup(R1DATA_MIN_DISK_GB="999999"), "999999 GB of free disk are needed", "R1DATA_MIN_DISK_GB")


@pytest.mark.parametrize(("system", "machine"), [("Darwin", "arm64"), ("Linux", "aarch64")])
def test_another_platform(setup: Setup, bin_folder: Path, system: str, machine: str) -> None:
    program(bin_folder, "uname", f'[ "$1" = -s ] && echo {system} || echo {machine}')
    refused(setup(), f"Linux x86-64 only; this is {system} {machine}", "data/runtimes/server.yaml")


def test_an_unknown_engine(setup: Setup, bin_folder: Path) -> None:
    real_python(bin_folder)
    refused(setup(R1DATA_ENGINE="tpu"), "R1DATA_ENGINE=tpu: should be cpu or gpu")


def test_a_gpu_is_seen(setup: Setup, bin_folder: Path) -> None:
    real_python(bin_folder)
    program(bin_folder, "nvidia-smi", 'echo "GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-1)"')
    unreachable = {"PIP_INDEX_URL": UNREACHABLE, "PIP_CONFIG_FILE": os.devnull, "R1DATA_MIN_DISK_GB": "0"}
    assert "gpu engine" in setup(**unreachable).stdout
    program(bin_folder, "nvidia-smi", 'echo "No devices were found"; exit 1')
    assert "cpu engine" in setup(**unreachable).stdout


def test_no_network_is_one_clear_line_and_leaves_no_stamp(setup: Setup, bin_folder: Path, tmp_path: Path) -> None:
    real_python(bin_folder)
    process = setup(PIP_INDEX_URL=UNREACHABLE, PIP_CONFIG_FILE=os.devnull, R1DATA_MIN_DISK_GB="0")
    refused(process, "uv could not be installed: packages cannot be downloaded", "HTTPS_PROXY", "setup.log")
    assert not (tmp_path / "checkout" / ".venv" / ".setup-done").exists()


def test_a_half_made_environment_is_made_again(setup: Setup, bin_folder: Path, tmp_path: Path) -> None:
    real_python(bin_folder)
    broken = tmp_path / "checkout" / ".venv" / "bin"
    broken.mkdir(parents=True)
    program(broken, "python", "exit 1")
    setup(PIP_INDEX_URL=UNREACHABLE, PIP_CONFIG_FILE=os.devnull, R1DATA_MIN_DISK_GB="0")
    assert subprocess.run([broken / "python", "-c", "import pip"], check=False).returncode == 0


def test_the_pins_name_no_place() -> None:
    for name in ("constraints.txt", "constraints-gpu.txt"):
        lines = (REPOSITORY / name).read_text().splitlines()
        pins = [line for line in lines if not line.startswith("#")]
        assert len(pins) > 100
        assert not [pin for pin in pins if pin.count("==") != 1 or set(pin) & set("/@+ ")]
    assert "torch==2.13.0" in (REPOSITORY / "constraints.txt").read_text()
    assert "nvidia" not in (REPOSITORY / "constraints.txt").read_text()
