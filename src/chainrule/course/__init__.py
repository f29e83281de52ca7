"""The course: lessons, exercises, checks that name the mistake.

    lessons/NN_name   one folder a lesson: ``lesson.py`` (the text) and ``bank.py`` (the checks and the mistakes)
    cells, lesson     how a lesson is read
    bank              how a check is written
    child, server     an answer runs in a process of its own, with limits
    judging           source in, verdict out: the one way from an answer to what is said about it
    building          a lesson as notebooks
    notebook, keeper  what a learner calls, and who remembers
    checking          `chainrule course check`: the course, proved

``docs/authoring.md`` shows how to add an exercise.

In a notebook:

    from chainrule.course import check, hint, solution
"""

from chainrule.course.notebook import check as check
from chainrule.course.notebook import hint as hint
from chainrule.course.notebook import solution as solution

__all__ = ["check", "hint", "solution"]
