"""The process that runs answers: each in a fork of its own, with limits, one after the other.

It has NumPy and chainrule loaded, so that an answer takes milliseconds to start.  It reads jobs from its standard
input, a line of JSON each, and writes a line of JSON for each.  What an answer prints or closes cannot reach that
line: an answer's results come through a pipe of its own.

    job    folder, stamp, exercise, source
    reply  load, missing, outcomes, at, ended, printed, left, seconds   (see `chainrule.course.runner.Run`)
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import re
import select
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from chainrule.course import child, limits
from chainrule.course.bank import Exercise
from chainrule.course.lesson import Lesson

KEEP = 200  # the descriptor through which an answer's process sends
KEPT = 20_000  # bytes of what is printed that are kept
FLOOD = 4_000_000  # bytes printed that end an answer
LARGEST = 64_000_000  # bytes of results that end an answer
TICK = 0.1  # how often to look whether it still lives
EMPTY: dict[str, Any] = {"load": None, "missing": [], "at": None, "ended": None, "printed": "", "left": 0}


def main() -> None:
    """Serve until standard input closes."""
    jobs, replies = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    limits.adopt()
    for line in jobs:
        reply = _served(json.loads(line))
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


_LESSONS: dict[str, tuple[Any, Lesson]] = {}


def _served(job: dict[str, Any]) -> dict[str, Any]:
    stamp, lesson = _LESSONS.get(job["folder"], (None, None))
    if lesson is None or stamp != job["stamp"]:
        lesson = Lesson(Path(job["folder"]))
        _LESSONS[job["folder"]] = (job["stamp"], lesson)
        _preload(lesson)
    id = job["exercise"]
    return run(lesson.bank[id], job["source"], lesson.given(id), lesson.tasks[id].names)


def _preload(lesson: Lesson) -> None:
    """Import what the lesson imports, once for all answers."""
    for cell in lesson.cells:
        for name in re.findall(r"^(?:import|from) ([\w.]+)", cell.text if cell.kind == "code" else "", re.M):
            with contextlib.suppress(ImportError):
                importlib.import_module(name)


def run(exercise: Exercise, source: str, given: list[str], names: tuple[str, ...]) -> dict[str, Any]:
    """Run one answer in a process of its own, in a folder of its own; both are gone afterwards."""
    results, output = os.pipe(), os.pipe()
    folder = tempfile.mkdtemp(prefix="answer-")
    begun = time.monotonic()
    pid = os.fork()
    if pid == 0:
        _answer(exercise, source, given, names, folder, results[1], output[1])
    os.close(results[1])
    os.close(output[1])
    try:
        reply = _collect(pid, results[0], output[0], exercise.seconds)
    finally:
        left = limits.sweep(pid)
        os.close(results[0])
        os.close(output[0])
        shutil.rmtree(folder, ignore_errors=True)
    return {**reply, "left": left, "seconds": time.monotonic() - begun}


def _answer(
    exercise: Exercise, source: str, given: list[str], names: tuple[str, ...], folder: str, results: int, output: int
) -> None:
    """Be the answer's process, and end."""
    code = 1
    try:
        os.setsid()
        os.chdir(folder)
        for fd in (1, 2):
            os.dup2(output, fd)
        os.dup2(results, KEEP, inheritable=False)
        os.closerange(3, KEEP)
        os.closerange(KEEP + 1, 1024)
        limits.fence(exercise.seconds, exercise.megabytes)
        end = os.getpid()

        def send(message: dict[str, Any]) -> None:
            if os.getpid() == end:  # a fork of the answer's own has nothing to say
                _write(KEEP, json.dumps(message).encode() + b"\n")

        child.examine(source, given, names, exercise.cases, send)
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        send({"end": True})
        code = 0
    finally:
        os._exit(code)


def _write(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def _collect(pid: int, results: int, output: int, seconds: float) -> dict[str, Any]:
    """Read what the answer sends and prints, until it is done, dead, too loud or too late."""
    begun = time.monotonic()
    sent, printed, ended = bytearray(), bytearray(), None
    loud, idle, waiting = 0, 0, {results, output}
    while ended is None:
        ready, _, _ = select.select(list(waiting), [], [], TICK)
        for fd in ready:
            data = os.read(fd, 1 << 16)
            if not data:
                waiting.discard(fd)
            elif fd == results:
                sent += data
            else:
                loud += len(data)
                printed += data[: KEPT - len(printed)]
        if sent.endswith(b'{"end": true}\n') and output not in ready:
            break
        if results not in waiting or not ready:  # it closed its end, or is silent: does it live?
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                ended = _way_it_ended(status)
        late = time.monotonic() - begun - seconds
        if ended is None and late > 0:
            idle = 0 if limits.starving(pid, seconds) else idle + 1
            if late > limits.BUSY * seconds or idle > 2:  # not at the first look: who computes may wait for a moment
                ended = {"reason": "time"}
        if loud > FLOOD or len(sent) > LARGEST:
            ended = {"reason": "flood" if loud > FLOOD else "size"}
    return {**_told(bytes(sent)), "ended": ended, "printed": printed.decode(errors="replace")}


def _way_it_ended(status: int) -> dict[str, Any]:
    """Why a process that had not finished is gone."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        reason = "time" if number == signal.SIGXCPU else "signal"
        return {"reason": reason, "signal": signal.Signals(number).name}
    return {"reason": "exit", "code": os.WEXITSTATUS(status)}


def _told(sent: bytes) -> dict[str, Any]:
    """The messages of an answer, put together; a last one that was cut off does not count."""
    reply: dict[str, Any] = {**EMPTY, "outcomes": []}
    loaded = False
    for line in sent.split(b"\n")[:-1]:
        message = json.loads(line)
        if "broken" in message:
            reply["broken"] = message["broken"]
        if "load" in message:
            loaded = True
            reply.update(message)
        if "begin" in message:
            reply["at"] = message["begin"]
        if "case" in message:
            reply["outcomes"].append(message["outcome"])
            reply["at"] = None
        if "end" in message:
            reply["ended"] = None
    return {**reply, "loaded": loaded}


if __name__ == "__main__":
    main()
