"""`reset`: exercises begun anew.  What was written before is put among the backups first, never lost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chainrule.course.handout import exercise_path, handout, notebook_path
from chainrule.course.lesson import Lesson
from chainrule.course.workspace import Workspace


def reset(workspace: Workspace, lesson: Lesson, ids: Sequence[str] = ()) -> tuple[list[str], Path | None]:
    """Begin these exercises anew, or the whole lesson: the files that were written, and where the old ones are.

    Of the notebook only the cells of these exercises change; the whole of it does if the whole lesson is reset, or if
    it can no longer be read.
    """
    files, book = handout(lesson), notebook_path(lesson)
    wanted = {exercise_path(lesson, id): files[exercise_path(lesson, id)] for id in ids or lesson.tasks}
    wanted[book] = _with_stubs(workspace.folder / book, files[book], ids)
    paths = {name: workspace.folder / name for name in wanted}
    names = [name for name, path in paths.items() if path.is_file() and path.read_bytes() != wanted[name]]
    backup = workspace.backup(names) if names else None
    for name in names:
        workspace.restore(name, wanted[name], files[name])
    workspace.progress.forget(ids or lesson.tasks)
    return names, backup


def _with_stubs(path: Path, fresh: bytes, ids: Sequence[str]) -> bytes:
    """The learner's notebook with the stubs of these exercises as the lesson has them."""
    if not ids or not path.is_file():
        return fresh
    stubs = {id: cell for cell in json.loads(fresh)["cells"] if (id := _mark(cell)) in ids}
    try:
        book = json.loads(path.read_bytes())
        book["cells"] = [_fresh(cell, stubs) for cell in book["cells"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        return fresh
    if book == json.loads(path.read_bytes()):
        return path.read_bytes()
    return (json.dumps(book, indent=1, ensure_ascii=False) + "\n").encode()


def _fresh(cell: dict[str, Any], stubs: dict[str, dict[str, Any]]) -> dict[str, Any]:
    stub = stubs.get(_mark(cell))
    if not stub or cell["cell_type"] != "code":
        return cell
    if "".join(cell["source"]) == "".join(stub["source"]):
        return cell
    return {**cell, "source": stub["source"], "outputs": [], "execution_count": None}


def _mark(cell: dict[str, Any]) -> str:
    """The exercise of which a cell is the stub."""
    return str(cell.get("metadata", {}).get("chainrule", {}).get("stub", ""))
