"""A made-up class: answers that are right, make a known mistake, are the stub or not there, and what that must give."""

from __future__ import annotations

import json
import random
import shutil
import sys
from pathlib import Path

from chainrule.course.bank import Wrong, source_of
from chainrule.course.building import student
from chainrule.course.lesson import FOLDER, Lesson

LOOP = "while True:\n    pass"


def answers(lesson: Lesson, draw: random.Random) -> dict[str, tuple[str | None, str, str | None]]:
    """For each exercise: the source (None: nothing), what kind of answer it is, the name of the mistake."""
    made = {}
    for task in lesson.tasks.values():
        bank = lesson.bank[task.id]
        kind = draw.choices(["passed", "mistake", "untried", "absent"], [4, 5, 1, 1])[0]
        wrong: Wrong = draw.choice(list(bank.wrong))
        code = draw.choice([wrong.code, *wrong.also])
        right = draw.choice([task.solution, *bank.right])
        source = {
            "passed": source_of(right, task.solution),
            "mistake": source_of(code, task.solution),
            "untried": task.stub,
        }
        made[task.id] = (
            source.get(kind),
            "untried" if kind == "absent" else kind,
            wrong.name if kind == "mistake" else None,
        )
    return made


def hand_in(folder: Path, lesson: Lesson, made: dict[str, tuple[str | None, str, str | None]], form: str) -> None:
    """Write a learner's answers: as the lesson's "notebook", or as one of the "files" for each."""
    folder.mkdir(parents=True)
    if form == "files":
        for id, (source, _, _) in made.items():
            if source is not None:
                (folder / f"{id}.py").write_text(source)
        return
    book = json.loads(student(lesson))
    book["cells"] = [cell for cell in book["cells"] if made.get(marked(cell), ("",))[0] is not None]
    for cell in book["cells"]:
        if marked(cell) in made:
            cell["source"] = made[marked(cell)][0]
    (folder / "my work.ipynb").write_text(json.dumps(book))


def marked(cell: dict) -> str:
    return cell["metadata"].get("chainrule", {}).get("stub", "")


def classroom(
    folder: Path, lesson: Lesson, learners: int = 40, seed: int = 0
) -> dict[tuple[str, str], tuple[str, str | None]]:
    """Write a class into ``folder``; for each learner and exercise the kind of result and the mistake's name."""
    draw = random.Random(seed)
    known = {}
    for i in range(learners):
        name, made = f"learner {i:02}", answers(lesson, draw)
        if all(source is None for source, _, _ in made.values()):
            made[next(iter(made))] = (next(iter(lesson.tasks.values())).stub, "untried", None)
        hand_in(folder / name, lesson, made, draw.choice(["notebook", "files"]))
        known |= {(name, id): (kind, mistake) for id, (_, kind, mistake) in made.items()}
    return known


# ------------------------------------------------------------------ the command, with the lessons of a folder only

RUN = """
import sys
from pathlib import Path
from chainrule.course import lesson
lesson.FOLDER = Path(sys.argv.pop(1))
from chainrule.cli import main
sys.exit(main())
"""


def command(lessons: Path, *arguments: object) -> list[str]:
    """`chainrule ...` in a process of its own, where the course is the lessons in this folder."""
    return [sys.executable, "-c", RUN, str(lessons), *map(str, arguments)]


def one_lesson(folder: Path, name: str = "05_backward") -> Path:
    """A course of one lesson, in ``folder``, which may be changed."""
    shutil.copytree(FOLDER / name, folder / name)
    return folder
