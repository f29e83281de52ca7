"""What a learner gets of a lesson: the notebook, a file for each exercise, and what the text shows besides.

There is no solution, no hint and no explanation in any of it.
"""

from __future__ import annotations

import re
import textwrap

from chainrule.course.building import file_name, student
from chainrule.course.lesson import Lesson, Task
from chainrule.course.names import bound

WIDTH = 92
OURS = ("lesson.py", "bank.py", "oracle.py", "oracle.json")  # of a lesson's folder, what stays with us
_AS_IS = re.compile(r"\s*(```|\$\$|\||    )")  # lines of code, formulas and tables are not broken


def handout(lesson: Lesson) -> dict[str, bytes]:
    """The files of a lesson: where they lie in a learner's folder, and what is in them."""
    files = {f"{lesson.name}/{file_name(lesson)}": student(lesson).encode()}
    for task in lesson.tasks.values():
        files[exercise_path(lesson, task.id)] = exercise_file(lesson, task).encode()
    for path in sorted(lesson.folder.rglob("*")):
        inside = path.relative_to(lesson.folder)
        if path.is_file() and str(inside) not in OURS and path.suffix != ".pyc":
            files[f"{lesson.name}/{inside.as_posix()}"] = path.read_bytes()
    return files


def notebook_path(lesson: Lesson) -> str:
    """Where the lesson's notebook lies: ``05_backward/05_backward.ipynb``."""
    return f"{lesson.name}/{file_name(lesson)}"


def exercise_path(lesson: Lesson, id: str) -> str:
    """Where the file of an exercise lies: ``05_backward/5.2.py``."""
    return f"{lesson.name}/{id}.py"


def exercise_file(lesson: Lesson, task: Task) -> str:
    """One exercise as a Python file, for an editor: the task as a comment, then the stub."""
    there = sorted(set().union(*map(bound, lesson.given(task.id))) - {*task.names})
    facts = [f"Lesson {lesson.number}, {lesson.title}. About {task.minutes} minutes."]
    facts += [f"Already there when it is checked: {', '.join(there)}."] if there else []
    facts += [f"Save, then: chainrule check {task.id}      Stuck? chainrule hint {task.id}"]
    text = re.sub(r"^#+ ", "", task.text)
    lines = [part for line in [*text.splitlines(), "", *facts] for part in _broken(line)]
    return "\n".join([*(f"# {line}".rstrip() for line in lines), "", "", task.stub]) + "\n"


def _broken(line: str) -> list[str]:
    """A line as lines that are not too long."""
    if _AS_IS.match(line):
        return [line]
    begins = re.match(r"\s*([-*]|\d+\.)?\s*", line)
    indent = " " * len(begins[0]) if begins else ""
    return textwrap.wrap(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) or [""]
