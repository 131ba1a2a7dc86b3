"""What Python's `os` lacks: namespaces, mounts, dropped capabilities and a filter of system calls, through libc."""

from __future__ import annotations

import ctypes
import os
import signal
import struct

CLONE_NEWNS, CLONE_NEWPID = 0x20000, 0x20000000
CLONE_THREAD = 0x10000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT = 1, 2, 4, 32
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 36, 38
SECCOMP_MODE_FILTER = 2

# PyDLL: nothing here blocks, and a clone must not let go of the interpreter's lock.
_libc = ctypes.PyDLL(None, use_errno=True)
_prctl = _libc.prctl
_prctl.argtypes = [ctypes.c_long] * 5


def fork_into_namespaces() -> int:
    """Fork; the child is process 1 of a namespace of its own and has its own mounts. As `os.fork`.

    Not of IPC: making one takes a millisecond, and the filter refuses whatever could be left in it.
    """
    flags = signal.SIGCHLD | CLONE_NEWPID | CLONE_NEWNS
    ctypes.pythonapi.PyOS_BeforeFork()
    pid: int = _libc.syscall(CLONE[_COLUMN], flags, 0, 0, 0, 0)
    if pid == 0:
        ctypes.pythonapi.PyOS_AfterFork_Child()
        return 0
    error = ctypes.get_errno()
    ctypes.pythonapi.PyOS_AfterFork_Parent()
    if pid < 0:
        raise OSError(error, f"no namespaces: {os.strerror(error)}")
    return pid


def mount_private(folder: str, megabytes: int) -> None:
    """An empty, writable folder of bounded size, in memory, that ends with its mount namespace."""
    options = f"size={megabytes}m,nr_inodes={64 * megabytes},mode=755".encode()
    _check(_libc.mount(b"tmpfs", folder.encode(), b"tmpfs", MS_NOSUID | MS_NODEV, options), f"mount {folder}")


def make_read_only(folder: str) -> None:
    """Nobody writes to this mounted folder any more."""
    flags = MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV
    _check(_libc.mount(None, folder.encode(), None, flags, None), f"remount {folder}")


def hide_memory() -> None:
    """No other process may trace this one or its forks, or read and write their memory."""
    _check(_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "PR_SET_DUMPABLE")


def die_with_parent() -> None:
    """Be killed when the parent ends."""
    _check(_prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "PR_SET_PDEATHSIG")


def adopt_orphans() -> None:
    """Become the parent of what this process's children leave behind."""
    _check(_prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "PR_SET_CHILD_SUBREAPER")


def drop_capabilities() -> None:
    """Give up every capability, and the way to gain one by starting another program."""
    header = struct.pack("<Ii", 0x20080522, 0)
    _check(_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS")
    _check(_libc.capset(header, bytes(24)), "capset")


class Filter:
    """A filter of system calls, ready to be installed with as little work as can be: every run does it anew."""

    def __init__(self, program: bytes) -> None:
        self._program = ctypes.create_string_buffer(program, len(program))
        header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(self._program))
        self._header = ctypes.create_string_buffer(header, len(header))
        self._arguments = (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(self._header), 0, 0)
        self._prctl = _prctl

    def install(self) -> None:
        """Put this process under the filter, for good. Needs `drop_capabilities` before."""
        if self._prctl(*self._arguments) != 0:
            raise OSError(ctypes.get_errno(), "seccomp")


def _check(result: int, what: str) -> None:
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")


# --- the filter of system calls -------------------------------------------------------------------------------------

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
DENIED: dict[str, tuple[int, int]] = {
    # Memory that no limit of a process counts, and that would outlive it or be shared.
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # Other processes: their memory, descriptors, limits and priorities.
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "kcmp": (312, 272),
    "setpriority": (141, 140),
    "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118),
    "sched_setattr": (314, 274),
    "ioprio_set": (251, 30),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    # Namespaces and mounts: a namespace of one's own has folders without a bound.
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    # The network; a pair of connected sockets (what asyncio needs) is another call.
    "socket": (41, 198),
    # Wide doors of the kernel that no program for a contest needs.
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "fanotify_init": (300, 262),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
}
"""System calls that no program may make: numbers on x86_64 and on aarch64."""
SIGNALS = {"kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "rt_sigqueueinfo": (129, 138),
           "rt_tgsigqueueinfo": (297, 240)}  # fmt: skip
CLONE, CLONE3 = (56, 220), (435, 435)
FORK, VFORK = 57, 58
"""The older calls, of x86_64 only."""
SETRLIMIT, PRLIMIT = (160, 164), (302, 261)

MACHINE = os.uname().machine
_COLUMN = 1 if MACHINE == "aarch64" else 0

LOAD, JUMP_EQUAL, JUMP_ABOVE, JUMP_ANY, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, DENY, IGNORE, NO_SUCH_CALL = 0x7FFF0000, 0x00050000 | 1, 0x00050000, 0x00050000 | 38
NUMBER, ARCHITECTURE, FIRST_ARGUMENT, THIRD_ARGUMENT = 0, 4, 16, 32
X32_BIT = 0x40000000
NEW_NAMESPACES = 0x7E020000

Instruction = tuple[int, int, int, int]


def general_filter() -> bytes:
    """A filter that refuses (EPERM) what no solution needs, and pretends to set limits, which programs do for a stack.

    Raises:
        OSError: this kind of processor has no table here.
    """
    if MACHINE not in ARCHITECTURES:
        raise OSError(f"no table of system calls for {MACHINE}: code runs on {' and '.join(ARCHITECTURES)}")
    return _assembled([
        (LOAD, 0, 0, ARCHITECTURE),
        (JUMP_EQUAL, 1, 0, ARCHITECTURES[MACHINE]),
        (RETURN, 0, 0, DENY),
        (LOAD, 0, 0, NUMBER),
        (JUMP_ABOVE, 0, 1, X32_BIT),
        (RETURN, 0, 0, DENY),
        # clone3 hides its flags behind a pointer; libc falls back to clone where it is told that there is no such call.
        (JUMP_EQUAL, 0, 1, CLONE3[_COLUMN]),
        (RETURN, 0, 0, NO_SUCH_CALL),
        *[step for numbers in DENIED.values() for step in _refuse(numbers)],
        (JUMP_EQUAL, 0, 3, CLONE[_COLUMN]),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (JUMP_ANY, 0, 6, NEW_NAMESPACES),
        (RETURN, 0, 0, DENY),
        (JUMP_EQUAL, 7, 0, SETRLIMIT[_COLUMN]),
        (JUMP_EQUAL, 0, 3, PRLIMIT[_COLUMN]),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (JUMP_EQUAL, 2, 0, 0),
        (RETURN, 0, 0, DENY),
        (RETURN, 0, 0, ALLOW),
        (LOAD, 0, 0, THIRD_ARGUMENT),
        (JUMP_EQUAL, 1, 0, 0),
        (RETURN, 0, 0, IGNORE),
        (RETURN, 0, 0, ALLOW),
    ])  # fmt: skip


def task_filter(*, signals: bool) -> bytes:
    """A filter, on top of the other, under which the only new tasks are threads. Short: every run installs it anew.

    Without `signals` no signal can be sent to anybody: for a place where programs see other processes.
    """
    older = [] if MACHINE == "aarch64" else [(JUMP_EQUAL, 4, 0, FORK), (JUMP_EQUAL, 3, 0, VFORK)]
    return _assembled([
        (LOAD, 0, 0, NUMBER),
        *([] if signals else [step for numbers in SIGNALS.values() for step in _refuse(numbers)]),
        *older,
        (JUMP_EQUAL, 0, 3, CLONE[_COLUMN]),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (JUMP_ANY, 1, 0, CLONE_THREAD),
        (RETURN, 0, 0, DENY),
        (RETURN, 0, 0, ALLOW),
    ])  # fmt: skip


def _refuse(numbers: tuple[int, int]) -> list[Instruction]:
    return [(JUMP_EQUAL, 0, 1, numbers[_COLUMN]), (RETURN, 0, 0, DENY)]


def _assembled(program: list[Instruction]) -> bytes:
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in program)
