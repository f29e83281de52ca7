"""Our end of the process that runs answers: start it, give it answers, read what came of them.

    Runner   one such process, started when first needed; `shared` is the one this process keeps
    Run      what came of one answer

A Runner runs one answer at a time; for several at a time, use several Runners.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, Any

from chainrule.course.lesson import Lesson
from chainrule.course.limits import BUSY
from chainrule.course.showing import Encoded
from chainrule.errors import StateError

GRACE = 60.0  # seconds beyond the longest an answer may take after which the process itself is taken to be lost
QUIET = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "MPLBACKEND": "agg"}


@dataclass(frozen=True)
class Run:
    """What came of one answer.

    ``load`` is what was raised before any case, ``missing`` the names the answer should define and does not.
    ``outcomes`` has one entry a case, as far as it came.  ``ended`` says why it did not come to the end: {"reason":
    "time", "flood", "size", "exit", "signal" or "lost"}; ``at`` is the case it was at.  ``left`` counts the
    processes it left running.
    """

    load: Encoded | None
    missing: list[str]
    outcomes: list[dict[str, Encoded]]
    at: int | None
    ended: dict[str, Any] | None
    printed: str
    left: int
    seconds: float
    loaded: bool = True
    broken: Encoded | None = field(default=None)


class Runner:
    """A process that runs answers, each in a fork of its own with limits.  Also a context manager.

    >>> from chainrule.course.lesson import find
    >>> with Runner() as runner:
    ...     run = runner.run(find("5.2"), "5.2", "1 / 0")
    >>> run.load["type"], run.load["number"]
    ('ZeroDivisionError', 1)
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._said: IO[bytes] | None = None  # what the process says on standard error

    def run(self, lesson: Lesson, id: str, source: str) -> Run:
        """Run ``source`` as an answer to the exercise ``id``."""
        job = {"folder": str(lesson.folder), "stamp": lesson.stamp, "exercise": id, "source": source}
        with self._lock:
            reply = self._ask(json.dumps(job).encode() + b"\n", (1 + BUSY) * lesson.bank[id].seconds + GRACE)
        if reply is None:
            return Run(None, [], [], None, {"reason": "lost"}, "", 0, 0.0, loaded=False)
        return Run(**reply)

    def close(self) -> None:
        """End the process."""
        if self._process:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout, self._said):
                with contextlib.suppress(OSError):  # a job that was never read
                    if pipe:
                        pipe.close()
            self._process = None

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _ask(self, job: bytes, seconds: float) -> dict[str, Any] | None:
        """Send a job and read the reply; None if the process was lost over it."""
        try:
            replies = self._sent(job)
        except BrokenPipeError:  # it was ended since the last job: start another
            self.close()
            try:
                replies = self._sent(job)
            except BrokenPipeError:  # the new one ended before it read anything
                raise self._failed(self._last_words()) from None
        try:
            ready, _, _ = select.select([replies], [], [], seconds)
            line = replies.readline() if ready else b""
        except BaseException:  # the learner pressed "interrupt": its reply must not be taken for the next one's
            self.close()
            raise
        if line:
            return json.loads(line)
        told = self._last_words() if ready else ""
        if told:
            raise self._failed(told)
        self.close()
        return None

    def _failed(self, told: str) -> StateError:
        """The error for a process that ended by itself; what is left of it is cleared away."""
        self.close()
        return StateError(f"the process that runs answers failed; it said: {told}")

    def _sent(self, job: bytes) -> IO[bytes]:
        """Send a job to the process; where it replies."""
        process = self._process = self._process or self._started()
        if process.stdin is None or process.stdout is None:
            raise StateError("the process that runs answers has no pipes")
        process.stdin.write(job)
        process.stdin.flush()
        return process.stdout

    def _started(self) -> subprocess.Popen[bytes]:
        if not hasattr(os, "fork"):
            raise StateError(
                "checks run answers in forked processes, which Windows does not have; use Linux, macOS or WSL"
            )
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 (closed in close)
        # -P: a file numpy.py in the learner's folder must not be taken for NumPy
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "chainrule.course.server"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said, env={**os.environ, **QUIET},
            start_new_session=True,
        )  # fmt: skip

    def _last_words(self) -> str:
        """What the process said when it failed; empty if it did not fail but was ended."""
        if self._process is None or self._said is None:
            return ""
        try:
            code = self._process.wait(1)
        except subprocess.TimeoutExpired:
            return ""
        self._said.seek(0)
        said = self._said.read().decode(errors="replace").strip()
        return said or "nothing" if code > 0 else ""


_SHARED: dict[int, Runner] = {}


def shared() -> Runner:
    """The Runner of this process, which ends with it (a fork of this process gets one of its own)."""
    if os.getpid() not in _SHARED:
        _SHARED[os.getpid()] = Runner()
        atexit.register(_SHARED[os.getpid()].close)
    return _SHARED[os.getpid()]
