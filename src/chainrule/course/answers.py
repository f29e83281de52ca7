"""Which source is the answer to an exercise: among the cells of a notebook, in a file, among cells that were run.

Sheet    what a file holds: the sources of its code cells, and the exercises it is about
read     a file as a Sheet: a notebook, a Python file for one exercise (5.2.py), a script with cells (# %%)
pick     the answer to an exercise among some cells
judged   the verdict on it
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chainrule.course.judging import judge
from chainrule.course.lesson import PARTS, Lesson
from chainrule.course.names import bound, defined, needed, parsed, same_code
from chainrule.course.runner import Runner
from chainrule.course.verdict import Verdict
from chainrule.errors import ArgumentError

LARGEST = 50_000_000  # bytes of a file that are still read: notebooks carry their pictures
_CALL = re.compile(r"""\bcheck\(\s*["'](\d+\.\d+)["']""")
_MARK = re.compile(r"""\b(?:stub|exercise)["']?\s*[=:]\s*["'](\d+\.\d+)["']""")
_IN_NAME = re.compile(r"(?<![\d.])(\d{1,2}\.\d{1,2})(?![\d])")


@dataclass(frozen=True)
class Sheet:
    """The code cells of a file, in the order in which they count, and the exercises they may answer.

    ``whole`` is the exercise to which the whole file is the answer, if it is a file for one.
    """

    cells: tuple[str, ...]
    ids: tuple[str, ...]
    lesson: str = ""
    whole: str = ""


def read(path: Path, id: str = "") -> Sheet:
    """What a file holds; ArgumentError, with the reason, if that cannot be found out.

    With ``id``, a Python file without cells is taken as the answer to that exercise, whatever its name.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise ArgumentError(f"{path} has {path.stat().st_size:,} bytes: clear the outputs of the notebook")
        text = path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise ArgumentError(f"{path} is no text (byte {error.start}): save it as UTF-8") from None
    except OSError as error:
        raise ArgumentError(f"{path} cannot be read: {error.strerror}; name a notebook or a .py file") from None
    return _notebook(path, text) if path.suffix == ".ipynb" else _script(path, text, id)


def pick(lesson: Lesson, id: str, cells: Sequence[str]) -> str | None:
    """The answer to ``id``: the last cell that defines all its names, or else the last that defines one; or None.

    The lesson's own cells and other exercises' stubs do not count, and its own stub only if there is nothing else.

    >>> from chainrule.course.lesson import find
    >>> lesson = find("5.2")
    >>> mine = "def subtract(a, b): return a + -1 * b"
    >>> pick(lesson, "5.2", [mine, lesson.tasks["5.2"].stub, "subtract(a, b)"]) == mine
    True
    """
    own = {cell.text.strip() for cell in lesson.cells if not {*PARTS} & {*cell.tags}}
    own |= {task.stub.strip() for task in lesson.tasks.values() if task.id != id}
    stub = lesson.tasks[id].stub
    names = {*lesson.tasks[id].names}
    there = [(names & {*defined(cell)}, cell) for cell in cells if cell.strip() not in own]
    ranked = [
        (not same_code(cell, stub), len(found) == len(names), i, cell) for i, (found, cell) in enumerate(there) if found
    ]
    return max(ranked)[-1] if ranked else None


def judged(
    lesson: Lesson, id: str, source: str | None, cells: Sequence[str] = (), *, runner: Runner | None = None
) -> Verdict:
    """The verdict on ``source``; a gentle refusal if there is none, or if it leans on others of the ``cells``."""
    task = lesson.tasks[id]

    def refuse(headline: str) -> Verdict:
        return Verdict(id, task.title, False, "missing", headline, hints=tuple(task.hints))

    if source is None:
        told = "` and `".join(task.names)
        return refuse(f"no cell that defines `{told}` has been run yet; run the cell with your answer first.")
    there = set().union(*map(bound, lesson.given(id)))
    elsewhere = set().union(*(bound(cell) for cell in cells if cell != source))
    if borrowed := sorted((needed(source) - there) & elsewhere):
        told = "`, `".join(borrowed)
        return refuse(
            f"your answer uses `{told}`, which another cell defines. The check runs the answer's cell alone: put the "
            "definition (or the import) into it, run it, and check again."
        )
    return judge(id, source, runner=runner, lesson=lesson)


def verdict(lesson: Lesson, id: str, sheet: Sheet, *, runner: Runner | None = None) -> Verdict:
    """The verdict on the answer to ``id`` that a file holds, in words for one who saves and does not run."""
    source = answer(lesson, id, sheet)
    told = judged(lesson, id, source, () if sheet.whole else sheet.cells, runner=runner)
    if source is None:
        return replace(told, headline=f"there is no cell that defines `{'` and `'.join(lesson.tasks[id].names)}`.")
    return (
        replace(told, headline="not begun yet: this is still the stub. Change it and save it.")
        if told.stage == "stub"
        else told
    )


def answer(lesson: Lesson, id: str, sheet: Sheet) -> str | None:
    """The source of the answer to ``id`` that a file holds; None if there is none."""
    return sheet.cells[0] if sheet.whole == id else pick(lesson, id, sheet.cells)


def _notebook(path: Path, text: str) -> Sheet:
    try:
        book = json.loads(text)
        cells = [_Cell(each) for each in book["cells"] if each["cell_type"] == "code"]
        marked = [each.get("metadata", {}).get("chainrule", {}) for each in book["cells"]]
        lesson = str(book.get("metadata", {}).get("chainrule", {}).get("lesson", ""))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArgumentError(
            f"{path} is no notebook that Jupyter could open ({type(error).__name__}: {error}); "
            "save it again from Jupyter"
        ) from None
    if all(cell.count for cell in cells if defined(cell.source)):
        cells.sort(key=lambda cell: cell.count)  # which one was run last
    ids = [str(id) for mark in marked for part in ("stub", "check") if (id := mark.get(part))]
    ids += [id for cell in cells for id in _CALL.findall(cell.source)]
    return Sheet(tuple(cell.source for cell in cells), tuple(dict.fromkeys(ids)), lesson or path.stem)


def _script(path: Path, text: str, id: str) -> Sheet:
    parts = re.split(r"(?m)^# ?%%(.*)$", text)
    if len(parts) == 1:
        named = _IN_NAME.search(path.stem)
        if not id and not named:
            raise ArgumentError(
                f"{path}: its name does not say which exercise it is; call it 5.2.py, "
                f"or write: chainrule check 5.2 {path.name}"
            )
        id = id or (named[1] if named else "")
        return Sheet((text,), (id,), whole=id)
    cells = [parts[0], *(body for head, body in zip(parts[1::2], parts[2::2], strict=True) if "[markdown]" not in head)]
    return Sheet(tuple(map(_without_magics, cells)), tuple(dict.fromkeys(_MARK.findall(text) + _CALL.findall(text))))


class _Cell:
    """A code cell of a notebook: what is in it, and as which one it was run (0: not since the kernel started)."""

    def __init__(self, cell: dict[str, Any]) -> None:
        source = cell["source"]
        self.source = _without_magics(source if isinstance(source, str) else "".join(source))
        self.count = int(cell.get("execution_count") or 0)


def _without_magics(source: str) -> str:
    """A cell without the lines only a notebook understands (``%time``, ``!ls``); line numbers stay."""
    try:
        parsed(source)
    except (SyntaxError, ValueError):
        return "\n".join("" if line.lstrip().startswith(("%", "!", "?")) else line for line in source.split("\n"))
    return source
