"""`chainrule course check`: the course, proved.

For every exercise: the stub fails, the solution passes, every other right answer passes, every wrong answer is rejected
*and named as what it is*; there are hints, an explanation, a title, minutes and a difficulty; the links lead somewhere;
the notebooks build; no two wrong answers of different names behave the same; and in the notebook with the solutions,
where an answer is sought among all the cells that were run, each check passes too.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chainrule.course import building, proofreading
from chainrule.course.answers import pick
from chainrule.course.bank import Exercise, Wrong, source_of
from chainrule.course.judging import expected, judge
from chainrule.course.lesson import Lesson, Task, chosen, folders
from chainrule.course.naming import alike, mistakes
from chainrule.course.notebook import checked
from chainrule.course.runner import Runner
from chainrule.course.showing import seen
from chainrule.errors import ChainruleError

WORKERS = 2


@dataclass
class Report:
    """What was proved: how much was looked at, and what is wrong, in words."""

    lessons: int = 0
    exercises: int = 0
    right_answers: int = 0
    wrong_answers: int = 0
    named: int = 0
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __add__(self, other: Report) -> Report:
        return Report(
            self.lessons + other.lessons,
            self.exercises + other.exercises,
            self.right_answers + other.right_answers,
            self.wrong_answers + other.wrong_answers,
            self.named + other.named,
            self.failures + other.failures,
            self.seconds + other.seconds,
        )

    def as_data(self) -> dict[str, Any]:
        """For JSON."""
        return {**vars(self), "seconds": round(self.seconds, 2)}

    def __repr__(self) -> str:
        lines = [f"✗ {failure}" for failure in self.failures]
        lines.append(
            f"{self.lessons} lessons, {self.exercises} exercises, {self.right_answers} right answers pass, "
            f"{self.named} of {self.wrong_answers} wrong answers named, "
            f"{len(self.failures)} failures, {self.seconds:.1f} s"
        )
        return "\n".join(lines)


def check(names: Sequence[str] = (), folder: Path | None = None) -> Report:
    """Check the lessons of these names or numbers, or all."""
    begun = time.monotonic()
    paths = chosen(names, list(folders(folder)))
    with ThreadPoolExecutor(WORKERS) as pool:
        report = sum(pool.map(_lesson, paths), Report())
    report.seconds = time.monotonic() - begun
    return report


def _lesson(path: Path) -> Report:
    """The report of one lesson; what cannot even be read is a failure of it."""
    report = Report(lessons=1)
    try:
        lesson = Lesson(path)
        bank = lesson.bank
    except (ChainruleError, SyntaxError, TypeError, NameError) as error:
        report.failures.append(f"{path.name}: {error}")
        return report
    report.failures += proofreading.of_lesson(lesson)
    with Runner() as runner:
        for id in lesson.tasks:
            if id in bank:
                report += _exercise(lesson, lesson.tasks[id], bank[id], runner)
        report.failures += _in_notebook(lesson, runner)
    return report


def _exercise(lesson: Lesson, task: Task, exercise: Exercise, runner: Runner) -> Report:
    report = Report(exercises=1)
    say = report.failures.append
    for lack in (*proofreading.of_task(task), *proofreading.of_exercise(exercise)):
        say(f"{task.id}: {lack}")
    try:
        stub = runner.run(lesson, task.id, task.stub)
        if stub.load or not stub.loaded:
            say(f"{task.id}: the stub must run as it is: {stub.load or stub.ended}")
        if judge(task.id, task.stub, runner=runner, lesson=lesson).passed:
            say(f"{task.id}: the stub passes")
        for i, code in enumerate(("solution", *exercise.right)):
            source = task.solution if i == 0 else source_of(code, task.solution)
            verdict = judge(task.id, source, runner=runner, lesson=lesson)
            report.right_answers += verdict.passed
            if not verdict.passed:
                say(f"{task.id}: {'the solution' if i == 0 else f'right answer {i}'} does not pass: {verdict.text}")
            if i == 0 and not verdict.passed:
                return report
        report.failures += _raising(lesson, task, exercise, runner)
        for wrong in exercise.wrong:
            _wrong(lesson, task, wrong, runner, report)
        for clash in _clashes(lesson, task.id, exercise, runner):
            say(f"{task.id}: {clash}")
    except ChainruleError as error:
        say(f"{task.id}: {error}")
    return report


def _in_notebook(lesson: Lesson, runner: Runner) -> Iterator[str]:
    """Checks that fail in the notebook with the solutions, its cells run in order, as a learner's are."""
    run: list[str] = []
    for cell in json.loads(building.solved(lesson))["cells"]:
        if cell["cell_type"] != "code":
            continue
        run.append("".join(cell["source"]))
        id = cell["metadata"].get("chainrule", {}).get("check", "")
        if id in lesson.bank:
            try:
                verdict = checked(id, run, lesson=lesson, runner=runner)
            except ChainruleError:
                continue  # its solution breaks off: that was said above
            if not verdict.passed:
                yield f"{id}: in the notebook, the check of the solution says: {verdict.text}"
    for id, task in lesson.tasks.items():
        if pick(lesson, id, run) not in (task.solution, None):
            yield f"{id}: when the notebook has run, its answer is sought in another cell, which defines its names too"


def _wrong(lesson: Lesson, task: Task, wrong: Wrong, runner: Runner, report: Report) -> None:
    """Each way a mistake is written is rejected, and named as itself."""
    for i, code in enumerate(wrong.codes):
        way = f"{wrong.name!r}" + (f" (also, {i})" if i else "")
        report.wrong_answers += 1
        verdict = judge(task.id, source_of(code, task.solution), runner=runner, lesson=lesson)
        report.named += verdict.mistake == wrong.name
        if verdict.passed:
            report.failures.append(f"{task.id}: the wrong answer {way} passes")
        elif verdict.stage == "missing":
            report.failures.append(
                f"{task.id}: the wrong answer {way} does not define what is asked for: {verdict.text}"
            )
        elif verdict.mistake != wrong.name:
            report.failures.append(f"{task.id}: the wrong answer {way} is named {verdict.mistake!r}: {verdict.text}")


def _raising(lesson: Lesson, task: Task, exercise: Exercise, runner: Runner) -> Iterator[str]:
    """Cases on which the solution raises what it should not, or does not raise what it should."""
    for case, outcome in zip(exercise.cases, expected(lesson, task.id, runner), strict=True):
        value = outcome["value"]
        got = value["type"] if value["kind"] == "raised" else ""
        if got and not case.raises:
            yield f"{task.id}: the solution raises {seen(value)} in {case.shown!r}: must it? write raises={got!r}"
        elif got != case.raises:
            yield f"{task.id}: {case.shown!r} says raises={case.raises!r}; the solution raises {got or 'nothing'}"


def _clashes(lesson: Lesson, id: str, exercise: Exercise, runner: Runner) -> Iterator[str]:
    """Wrong answers of different names that the cases cannot tell apart."""
    known = mistakes(lesson, id, runner)
    for i, one in enumerate(known):
        for other in known[:i]:
            if one.name != other.name and alike(one.behaviour, other.behaviour, exercise.cases):
                yield f"{one.name!r} and {other.name!r} behave the same on every case: add one that tells them apart"
