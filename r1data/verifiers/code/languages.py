"""The programming languages on one screen."""

from __future__ import annotations

import shutil
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Language:
    """How programs of a language are found in Markdown, compiled and run; another language is another entry.

    `compile` and `run` are commands inside the sandbox, which start in the folder where `file` is; `{build}` in `run`
    is that folder. Without `run` the warm Python runner runs the program itself.
    """

    tags: tuple[str, ...]
    """The words after three backticks that mean this language."""
    file: str
    compile: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    program: str | None = None
    """What must be installed on the machine."""

    def missing(self) -> str | None:
        """What is not installed, and what to do; None where everything is."""
        if self.program is None or shutil.which(self.program):
            return None
        return f"{self.program} is not installed: apt install {self.program}, or leave such tasks out"


GXX = ("/usr/bin/env", "g++", "-O2", "-std=c++17", "-w", "-o", "program")
LANGUAGES = {
    "python": Language(("python", "py", "python3", "py3"), "solution.py"),
    "cpp": Language(("cpp", "c++", "cc", "cxx"), "solution.cpp", (*GXX, "solution.cpp"), ("{build}/program",), "g++"),
    "c": Language(("c",), "solution.c", ("/usr/bin/env", "gcc", "-O2", "-std=c17", "-w", "-o", "program",
                  "solution.c", "-lm"), ("{build}/program",), "gcc"),
}  # fmt: skip
DEFAULT = "python"
TAGS = {tag: name for name, language in LANGUAGES.items() for tag in language.tags}
