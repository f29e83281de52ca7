"""`chainrule grade`: every answer of every learner, judged in a process of its own, on all cores.

What is found out is written down at once, one line for each answer, so a run that was stopped, however, goes on where
it was.  A line counts as long as the answer and the course are the same; an answer that is handed in again is
judged again, and only that one.

    Result   what one answer of one learner came to
    Grades   all results, and the files that could not be read
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from chainrule.course import answers, naming
from chainrule.course.judging import expected
from chainrule.course.lesson import Lesson
from chainrule.course.runner import Runner
from chainrule.course.store import locked
from chainrule.course.submissions import Work, collect, gather, handed_in
from chainrule.errors import ArgumentError, ChainruleError

JOURNAL = "partial.jsonl"
UNTRIED = ("absent", "stub", "missing")  # stages of an answer that was not begun


@dataclass(frozen=True)
class Result:
    """What one answer came to.

    ``stage`` is that of the verdict, or "absent" (nothing was handed in), or "error" (it could not be judged, and
    ``headline`` says why).  ``of`` are the points there are: the exercise's difficulty.
    """

    learner: str
    exercise: str
    stage: str
    points: int
    of: int
    mistake: str | None = None
    headline: str = ""
    seconds: float = 0.0
    file: str = ""

    @property
    def passed(self) -> bool:
        """Whether it is right."""
        return self.stage == "passed"

    @property
    def kind(self) -> str:
        """ "passed", "mistake" (one with a name), "wrong", "untried" or "error"."""
        if self.stage in ("passed", "error"):
            return self.stage
        if self.stage in UNTRIED:
            return "untried"
        return "mistake" if self.mistake else "wrong"


@dataclass(frozen=True)
class Grades:
    """The results of a class, exercise by exercise and in each learner by learner."""

    lessons: list[Lesson]
    learners: list[str]
    results: list[Result]
    unread: list[tuple[str, str]]

    def of(self, exercise: str) -> list[Result]:
        """The results of one exercise."""
        return [result for result in self.results if result.exercise == exercise]


def grade(
    folder: Path,
    out: Path,
    course: Sequence[Lesson],
    *,
    only: Sequence[Lesson] = (),
    jobs: int | None = None,
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> Grades:
    """Judge what is in ``folder``, keeping partial results in ``out``.

    ``only`` are the lessons that count, if not all of which something was handed in.  ``tell`` is told how far it is.
    ArgumentError if nothing was handed in, or if another run is writing to ``out``.
    """
    files = collect(folder, course)
    lessons = list(only) or handed_in(files, course)
    if not lessons:
        raise ArgumentError(f"{folder}: no exercise of the course is in any of its files")
    works, unread = gather(files, lessons)
    out.mkdir(parents=True, exist_ok=True)
    try:
        with locked(out / "grade.lock", wait=False), contextlib.ExitStack() as stack:
            desk = stack.enter_context(_Desk(out / JOURNAL, lessons, stamp(course)))
            results = desk.results(works, jobs or os.cpu_count() or 1, tell)
    except BlockingIOError:
        raise ArgumentError(
            f"another chainrule grade is writing to {out}; wait for it, or name another --out"
        ) from None
    return Grades(lessons, list(files), results, unread)


def stamp(course: Sequence[Lesson]) -> str:
    """A hash of everything by which answers are judged."""
    texts = hashlib.sha256()
    for lesson in course:
        for name in ("lesson.py", "bank.py", "oracle.json"):
            path = lesson.folder / name
            texts.update(path.read_bytes() if path.exists() else b"")
    return texts.hexdigest()


class _Desk:
    """The place where answers are judged: several Runners, a journal."""

    def __init__(self, journal: Path, lessons: Sequence[Lesson], course: str) -> None:
        self.journal, self.course = journal, course
        self.lessons = {id: lesson for lesson in lessons for id in lesson.tasks}
        self._mine = threading.local()
        self._runners: list[Runner] = []
        self._file = -1

    def __enter__(self) -> _Desk:
        self._file = os.open(self.journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)
        for runner in self._runners:
            runner.close()

    def results(self, works: Sequence[Work], jobs: int, tell: Callable[[int, int], None]) -> list[Result]:
        """The results of all works, in their order: those that are known, and the others as they come."""
        known = dict(self._known())
        found: dict[int, Result] = {}
        for i, work in enumerate(works):
            if not work.found:
                found[i] = self._result(work, stage="absent", headline="nothing was handed in")
            elif kept := known.get(work.key(self.course)):
                found[i] = kept
        tell(len(found), len(works))
        left = [i for i in range(len(works)) if i not in found]
        pool = ThreadPoolExecutor(jobs)
        try:
            list(pool.map(self._prepare, dict.fromkeys(works[i].exercise for i in left)))
            waiting = {pool.submit(self._judge, works[i]): i for i in left}
            for future in as_completed(waiting):
                found[waiting[future]] = future.result()
                tell(len(found), len(works))
        finally:
            pool.shutdown(cancel_futures=True)
        return [found[i] for i in range(len(works))]

    def _prepare(self, id: str) -> None:
        """Run the solution and the wrong answers once, before several threads want them at once."""
        with contextlib.suppress(ChainruleError):  # a broken exercise is said with each answer to it
            expected(self.lessons[id], id, self._runner())
            naming.mistakes(self.lessons[id], id, self._runner())

    def _judge(self, work: Work) -> Result:
        """Judge one work and write it down.  Whatever goes wrong, only this one is lost."""
        lesson, result = self.lessons[work.exercise], None
        try:
            for name, sheet in work.found:
                verdict = answers.verdict(lesson, work.exercise, sheet, runner=self._runner())
                if result is None or verdict.passed:
                    result = self._result(
                        work, stage=verdict.stage, mistake=verdict.mistake, headline=verdict.headline,
                        seconds=round(verdict.seconds, 3), file=name,
                    )  # fmt: skip
        except Exception as error:  # not ours to lose the others over: it is in the results, and in the exit code
            return self._result(work, stage="error", headline=f"{type(error).__name__}: {error}")
        assert result
        line = json.dumps({"key": work.key(self.course), "result": asdict(result)}, ensure_ascii=False)
        os.write(self._file, f"\n{line}".encode())  # the line break comes first: a torn line before is not joined
        return result

    def _result(self, work: Work, stage: str, **rest: Any) -> Result:
        of = self.lessons[work.exercise].tasks[work.exercise].difficulty
        return Result(work.learner, work.exercise, stage, of if stage == "passed" else 0, of, **rest)

    def _known(self) -> Iterator[tuple[str, Result]]:
        """What the journal holds; a line that was torn when a run was killed is passed over."""
        names = {field.name for field in fields(Result)}
        for line in self.journal.read_text(errors="replace").splitlines():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                data = json.loads(line)
                if {*data["result"]} == names:
                    yield data["key"], Result(**data["result"])

    def _runner(self) -> Runner:
        """This thread's own Runner."""
        if not hasattr(self._mine, "runner"):
            self._mine.runner = Runner()
            self._runners.append(self._mine.runner)
        runner: Runner = self._mine.runner
        return runner
