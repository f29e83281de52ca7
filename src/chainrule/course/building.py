"""Notebooks, built from a lesson: the learner's, and the one with the solutions.

The same lesson gives the same bytes: cells are numbered and carry a hash of their text as id, nothing else is random.
In the learner's notebook there is no solution, no hint and no explanation, only the calls that show them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from chainrule.course.cells import Cell
from chainrule.course.lesson import PARTS, Lesson

SETUP = "from chainrule.course import check, hint, solution"
CHECK = 'check("{id}")  # stuck? hint("{id}") shows one hint after the other; solution("{id}") a solution'
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def student(lesson: Lesson) -> str:
    """The learner's notebook: stubs, and a check after each."""
    return _notebook(lesson, _for_students(lesson))


def solved(lesson: Lesson) -> str:
    """The notebook with the solutions in place of the stubs, and the explanations."""
    return _notebook(lesson, _with_solutions(lesson))


def file_name(lesson: Lesson) -> str:
    """What the learner's notebook is called: ``05_backward.ipynb``."""
    return f"{lesson.name}.ipynb"


def _for_students(lesson: Lesson) -> Iterator[tuple[Cell, dict[str, Any]]]:
    for cell in lesson.cells:
        part = next((part for part in PARTS if part in cell.tags), "")
        if part in ("", "exercise", "stub"):
            yield cell, _marked(part, cell)
        if part == "stub":
            yield _check(str(cell.tags["stub"]))


def _with_solutions(lesson: Lesson) -> Iterator[tuple[Cell, dict[str, Any]]]:
    for cell in lesson.cells:
        part = next((part for part in PARTS if part in cell.tags), "")
        if part in ("", "exercise", "solution", "explanation"):
            yield cell, _marked(part, cell)
        if part == "solution":
            yield _check(str(cell.tags["solution"]))


def _check(id: str) -> tuple[Cell, dict[str, Any]]:
    return Cell("code", CHECK.format(id=id)), {"chainrule": {"check": id}}


def _marked(part: str, cell: Cell) -> dict[str, Any]:
    """What a cell is for, for those who read the notebook back."""
    return {"chainrule": {part: str(cell.tags[part])}} if part else {}


def _notebook(lesson: Lesson, content: Iterator[tuple[Cell, dict[str, Any]]]) -> str:
    cells = list(content)
    cells.insert(1, (Cell("code", SETUP), {}))
    book = {
        "cells": [_cell(i, cell, metadata) for i, (cell, metadata) in enumerate(cells)],
        "metadata": {
            "chainrule": {"lesson": lesson.name},
            "kernelspec": KERNEL,
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(book, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _cell(i: int, cell: Cell, metadata: dict[str, Any]) -> dict[str, Any]:
    digest = hashlib.sha256(f"{cell.kind}\n{cell.text}".encode()).hexdigest()[:8]
    made: dict[str, Any] = {
        "cell_type": cell.kind,
        "id": f"{i:03}-{digest}",
        "metadata": metadata,
        "source": cell.text.splitlines(keepends=True),
    }
    return {**made, "execution_count": None, "outputs": []} if cell.kind == "code" else made
