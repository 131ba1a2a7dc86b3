"""Starting: a command loads what it needs and no more, and those that are there are the ones that the help lists."""

import subprocess
import sys
from pathlib import Path

import pytest

from r1data import cli
from r1data.cli.app import COMMANDS, Commands
from tests.conftest import PATIENT

HEAVY = ("numba", "aiohttp", "transformers", "datasets", "torch", "jinja2", "fasttext")


def test_every_module_with_a_command_of_its_name_is_listed() -> None:
    modules = {path.stem for path in Path(cli.__file__).parent.glob("*.py")}
    assert set(COMMANDS) <= modules and len(COMMANDS) == len(set(COMMANDS)) == len(Commands())
    assert [Commands()[name].name for name in COMMANDS] == list(COMMANDS)
    assert "nothing" not in Commands()


def test_a_slip_is_met_with_the_command_that_was_meant() -> None:
    ran = subprocess.run([sys.executable, "-m", "r1data", "whatiff"], capture_output=True, text=True, timeout=PATIENT)
    assert ran.returncode == 2 and "Did you mean 'whatif'?" in ran.stderr


@pytest.mark.parametrize("command", [["--version"], ["whatif", "--help"]])
def test_what_answers_at_once_loads_nothing_heavy(command: list[str]) -> None:
    code = (
        "import sys\nfrom r1data.cli import main\ntry:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print('loaded', *[name for name in {HEAVY} if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, timeout=PATIENT)
    assert ran.stdout.splitlines()[-1].split() == ["loaded"], ran.stdout + ran.stderr
