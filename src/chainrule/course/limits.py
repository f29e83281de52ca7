"""What a process that runs a stranger's code may use, and how it is ended with all it started.

fence       limits of processor time, memory, files; no core dumps
adopt       make orphans of orphans our children, so that none escapes (Linux)
starving    whether a process wants to run and has not had its share yet: the machine is busy
sweep       end a process group, and every child left over; how many there were
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path

BUSY = 9  # on a busy machine an answer may take so many times its limit longer, by the clock
FILE_BYTES = 32 << 20  # the largest file an answer may write


def fence(seconds: float, megabytes: int) -> None:
    """Limit this process, for good: ``megabytes`` are what it may take besides what it has now."""
    import resource

    _lower(resource.RLIMIT_CPU, int(seconds) + 2)
    _lower(resource.RLIMIT_FSIZE, FILE_BYTES)
    _lower(resource.RLIMIT_CORE, 0)
    if now := address_space():
        _lower(resource.RLIMIT_AS, now + (megabytes << 20))


def address_space() -> int:
    """Bytes of addresses this process has; 0 where the system does not say (macOS, which would not limit them)."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def adopt() -> None:
    """Have every descendant whose parent ends become our child (Linux; elsewhere a process group must do)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def starving(pid: int, seconds: float) -> bool:
    """Whether a process is ready to run, or has just ended, with less than ``seconds`` of a processor so far.

    False where one cannot see (there is no /proc).

    A verdict must not depend on what else the machine does: who computes is counted by processor time, who sleeps by
    the clock.
    """
    try:
        state, *numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    ticks = int(numbers[10]) + int(numbers[11])  # in the program, in the system for it
    return state in "RDZ" and ticks / os.sysconf("SC_CLK_TCK") < seconds


def sweep(group: int) -> int:
    """End the process group ``group`` and every child of ours that is left; how many still ran besides its first."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    _end(group)
    ended = 0
    while left := _children():  # ending one may hand us its own
        ended += sum(map(_end, left))
    return ended


def _end(pid: int) -> bool:
    """End and bury a child; whether it had to be ended."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    try:
        _, status = os.waitpid(pid, 0)
    except ChildProcessError:
        return False
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def _children() -> list[int]:
    """Our children (Linux); elsewhere those of the group, which is already ended."""
    try:
        return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    except OSError:
        return []


def _lower(what: int, limit: int) -> None:
    """Set a limit, never above the one that is there."""
    import resource

    _, hard = resource.getrlimit(what)
    limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(what, (limit, limit))
