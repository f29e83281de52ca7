"""What a lesson lacks, seen without running anything: parts of exercises, links, notebooks.

Each function yields what is wrong, in words; nothing if all is well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from chainrule.course import building
from chainrule.course.bank import Exercise
from chainrule.course.cells import Cell
from chainrule.course.child import compiled
from chainrule.course.lesson import DIFFICULTIES, PARTS, Lesson, Task
from chainrule.course.names import bound, parsed

HINTS, WRONG_ANSWERS = 2, 4  # at least so many for each exercise
SENTENCE = 8  # words of an explanation, at least
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def of_lesson(lesson: Lesson) -> Iterator[str]:
    """What is missing or wrong in a lesson as a whole."""
    head = lesson.cells[0].tags if lesson.cells else {}
    if not lesson.title or not lesson.minutes or head.get("lesson") != lesson.number:
        yield f'{lesson.name}: the first cell must have the tags lesson={lesson.number} title="..." minutes=...'
    for id in lesson.tasks:
        if not id.startswith(f"{lesson.number}."):
            yield f"{lesson.name}: the id of exercise {id} must begin with {lesson.number}."
    yield from _shared_names(lesson)
    yield from _taken_names(lesson)
    for id in sorted({*lesson.tasks} - {*lesson.bank}):
        yield f"{id}: it is in lesson.py and not in bank.py"
    for id in sorted({*lesson.bank} - {*lesson.tasks}):
        yield f"{id}: it is in bank.py and not in lesson.py"
    for cell in lesson.cells:
        for lack in _of_cell(lesson, cell):
            yield f"{lesson.name}, line {cell.line}: {lack}"
    yield from _leaks(lesson)


def _shared_names(lesson: Lesson) -> Iterator[str]:
    """Names that two exercises ask for: the answer to one would be taken for the answer to the other."""
    asked: dict[str, str] = {}
    for task in lesson.tasks.values():
        for name in task.names:
            if asked.setdefault(name, task.id) != task.id:
                yield f"{task.id}: it asks for {name}, as {asked[name]} does; call it something else"


def _taken_names(lesson: Lesson) -> Iterator[str]:
    """Names that an exercise asks for and a later cell of the lesson defines: it would replace the learner's."""
    asked: dict[str, str] = {}
    for cell in lesson.cells:
        if cell.kind != "code":
            continue
        if "stub" in cell.tags:
            asked |= dict.fromkeys(lesson.tasks[str(cell.tags["stub"])].names, str(cell.tags["stub"]))
        if not {*PARTS} & {*cell.tags}:
            for name in sorted(bound(cell.text) & {*asked}):
                where = f"{lesson.name}, line {cell.line}"
                yield f"{where}: it defines {name}, which exercise {asked[name]} asks for; call it something else"


def of_task(task: Task) -> Iterator[str]:
    """What is missing in the text of an exercise."""
    for part in ("title", "text", "stub", "solution", "explanation"):
        if not getattr(task, part).strip():
            yield f"it has no {part}"
    if not task.text.startswith("#"):
        yield "its text must begin with a heading"
    if task.difficulty not in DIFFICULTIES:
        yield f"difficulty={task.difficulty}: write 1 (warm-up), 2 or 3 (stretch)"
    if task.minutes < 1:
        yield "it has no minutes"
    if len(task.hints) < HINTS:
        yield f"it has {len(task.hints)} hints; write at least {HINTS}, from a nudge to nearly the answer"
    if not all(hint.strip() for hint in task.hints):
        yield "a hint is empty"
    if not task.names:
        yield "its stub defines nothing"


def of_exercise(exercise: Exercise) -> Iterator[str]:
    """What is missing in the bank."""
    if not exercise.cases:
        yield "it has no cases"
    for case in exercise.cases:
        if not case.why.strip() and not case.slopes:
            yield f"a case says no why: {case.shown!r}"
        for block in filter(None, (case.block, case.slopes)):
            try:
                compiled(block)
            except SyntaxError as error:
                yield f"a case cannot be run: {error}"
    if not exercise.right:
        yield "it has no other right answer: write one that goes about it differently"
    if len(exercise.wrong) < WRONG_ANSWERS:
        yield f"it has {len(exercise.wrong)} wrong answers; write at least {WRONG_ANSWERS}"
    names = [wrong.name for wrong in exercise.wrong]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"two wrong answers are named {name!r}; put the second code into also=[...] of the first"
    for wrong in exercise.wrong:
        if not wrong.name.strip() or len(wrong.says.split()) < SENTENCE:
            yield f"the wrong answer {wrong.name!r} needs a name and a sentence that explains it"


def _of_cell(lesson: Lesson, cell: Cell) -> Iterator[str]:
    """What is wrong with one cell."""
    if not cell.text.strip():
        yield "the cell is empty"
    if cell.kind == "code":
        try:
            compile(cell.text, lesson.text.name, "exec", dont_inherit=True)
            if cell.text.strip() and not parsed(cell.text).body:
                yield "the cell is empty: there are comments in it and no code"
        except SyntaxError as error:
            yield f"the cell is no Python: {error}"
        return
    for link in LINK.findall(cell.text):
        if not _alive(lesson, link):
            yield f"the link {link} leads nowhere; write a whole address, #a-heading, or NN_name.ipynb for a lesson"


def _alive(lesson: Lesson, link: str) -> bool:
    """Whether a link can lead somewhere: a whole http address, a place on the page, or another lesson's notebook."""
    if link.startswith(("http://", "https://")):
        return bool(re.fullmatch(r"https?://[\w.-]+\.\w+(:\d+)?(/\S*)?", link))
    name = link.partition("#")[0]
    return not name or (name.endswith(".ipynb") and (lesson.folder.parent / name[:-6] / "lesson.py").exists())


def _leaks(lesson: Lesson) -> Iterator[str]:
    """What stands in the learner's notebook and should not."""
    shown = ["".join(cell["source"]) for cell in json.loads(building.student(lesson))["cells"]]
    for task in lesson.tasks.values():
        secrets = [("solution", task.solution), ("explanation", task.explanation), *(("hint", h) for h in task.hints)]
        for part, secret in secrets:
            if secret and any(secret in text for text in shown):
                yield f"{task.id}: its {part} stands in the learner's notebook"
