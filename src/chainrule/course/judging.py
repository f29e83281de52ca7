"""From an answer's source to the verdict: the one way, for notebooks, terminals, grading and `course check`.

The answer is run; its outcomes are held against what is expected, case by case; the first difference is told.  Then
every wrong answer of the bank is run on the same cases: the one that behaves the same names the mistake.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chainrule.course import saying
from chainrule.course.bank import Exercise
from chainrule.course.lesson import Lesson, Task, find, kept
from chainrule.course.names import same_code
from chainrule.course.naming import behaviour, mistake
from chainrule.course.oracle import recorded
from chainrule.course.outcomes import Outcome, first_difference
from chainrule.course.runner import Run, Runner, shared
from chainrule.course.showing import seen
from chainrule.course.verdict import Verdict
from chainrule.errors import StateError


def judge(id: str, source: str, *, runner: Runner | None = None, lesson: Lesson | None = None) -> Verdict:
    """What there is to say about ``source`` as an answer to the exercise ``id``.

    It runs in ``runner``, or in the one this process shares; ``lesson`` saves reading it again.  StateError if the
    course itself is broken there.

    >>> judge("5.1", "def slopes(a, b, c):\\n    return b - c").stage
    'type'
    """
    lesson = lesson or find(id)
    runner = runner or shared()
    task, exercise = lesson.tasks[id], lesson.bank[id]
    run = runner.run(lesson, id, source)
    if run.broken:
        raise _broken(lesson, id, f"the code given with it raised {seen(run.broken)}")
    said = _said(lesson, task, exercise, run, runner)
    if said["stage"] != "passed" and same_code(source, task.stub):
        said = {
            "stage": "stub",
            "headline": "not begun yet: this is still the stub. Change it, run it, and check again.",
        }
    verdict = Verdict(
        id, task.title, said["stage"] == "passed", **said, notes=saying.notes(run),
        printed=run.printed, hints=tuple(task.hints), seconds=run.seconds,
    )  # fmt: skip
    if verdict.stage in ("passed", "stub", "missing"):
        return verdict
    found = mistake(lesson, id, behaviour(run), runner)
    return replace(verdict, mistake=found[0], explanation=found[1]) if found else verdict


def expected(lesson: Lesson, id: str, runner: Runner) -> list[Outcome]:
    """What each case must give: the solution's outcomes, or the recorded ones; StateError if it breaks off."""
    return kept(lesson, f"{id} expected", lambda: _expected(lesson, id, runner))


def _expected(lesson: Lesson, id: str, runner: Runner) -> list[Outcome]:
    cases = lesson.bank[id].cases
    run = runner.run(lesson, id, lesson.tasks[id].solution)
    if said := run.broken or run.load:
        raise _broken(lesson, id, f"its solution raised {seen(said)}")
    if run.ended or run.missing:
        raise _broken(lesson, id, f"its solution ended: {run.ended}, it lacks {run.missing or 'no name'}")
    return [
        {**outcome, **({"value": recorded(lesson.folder, case.oracle)} if case.oracle else {})}
        for case, outcome in zip(cases, run.outcomes, strict=True)
    ]


def _broken(lesson: Lesson, id: str, what: str) -> StateError:
    return StateError(f"exercise {id}: {what}; this is a fault of the course: chainrule course check {lesson.number}")


def _said(lesson: Lesson, task: Task, exercise: Exercise, run: Run, runner: Runner) -> dict[str, Any]:
    """What there is to say about a run, in this order: does it run, is everything there, the cases one by one."""
    if run.load:
        return saying.not_running(run.load, exercise)
    if not run.loaded:
        return saying.ended(run, exercise)
    if run.missing:
        return saying.missing(run.missing)
    if found := first_difference(run.outcomes, exercise.cases, expected(lesson, task.id, runner)):
        return saying.differing(exercise, found)
    if run.ended:
        return saying.ended(run, exercise)
    return {"stage": "passed", "headline": "right."}
