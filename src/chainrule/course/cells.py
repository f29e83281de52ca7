"""Cells of a lesson: Jupytext's percent format, read and written without Jupytext.

    # %% [markdown] exercise="5.2" title="Subtraction" difficulty=2
    # Text is commented out, line by line.

    # %% stub="5.2"
    code = "as it stands"

A cell has a ``kind`` ("markdown" or "code"), a ``text`` and ``tags``: what its header says after ``# %%``, as
``name="words"`` or ``name=number``.  Reading and writing are each other's inverse on what `write` writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from chainrule.errors import ArgumentError

Tag = str | int
MARK = "# %%"
_HEADER = re.compile(r"# %%(?P<markdown> \[markdown\])?(?P<tags>( \w+=(\"[^\"]*\"|\d+))*) *$")
_TAG = re.compile(r"(\w+)=(?:\"([^\"]*)\"|(\d+))")


@dataclass(frozen=True)
class Cell:
    """One cell: markdown or code, its text, its tags, and the line its header stands on."""

    kind: str
    text: str
    tags: dict[str, Tag] = field(default_factory=dict)
    line: int = field(default=0, compare=False)


def read(source: str, name: str = "lesson.py") -> list[Cell]:
    """The cells of a percent-format source; ArgumentError, with the line, for what is not in the format.

    >>> for cell in read('# %% [markdown] hint="1.1"\\n# Look *left*.\\n\\n# %%\\nx = 1\\n'):
    ...     print(cell.kind, cell.tags, repr(cell.text))
    markdown {'hint': '1.1'} 'Look *left*.'
    code {} 'x = 1'
    """
    cells: list[Cell] = []
    header: tuple[str, dict[str, Tag], int] | None = None
    body: list[str] = []
    for number, line in enumerate([*source.splitlines(), MARK], 1):
        if not line.startswith(MARK):
            if header is None and line.strip():
                raise ArgumentError(
                    f"{name}, line {number}: a lesson begins with a cell; write {MARK} [markdown] first"
                )
            body.append(line)
            continue
        if header:
            kind, tags, start = header
            cells.append(Cell(kind, _text(kind, body, start, name), tags, start))
        header, body = (*_header(line, number, name), number), []
    return cells


def write(cells: Iterable[Cell]) -> str:
    """The percent-format source of these cells."""
    return "\n".join(_written(cell) for cell in cells)


def _header(line: str, number: int, name: str) -> tuple[str, dict[str, Tag]]:
    """What a header says: the kind and the tags."""
    found = _HEADER.match(line)
    if not found:
        raise ArgumentError(
            f"{name}, line {number}: {line!r} is no header of a cell; "
            f'write {MARK} or {MARK} [markdown], then tags such as hint="5.2" or minutes=8'
        )
    tags: dict[str, Tag] = {
        key: int(digits) if digits else words for key, words, digits in _TAG.findall(found["tags"] or "")
    }
    return "markdown" if found["markdown"] else "code", tags


def _text(kind: str, body: list[str], start: int, name: str) -> str:
    """The text of a cell, without the comment signs if it is markdown and without empty lines around."""
    if kind == "markdown":
        for number, line in enumerate(body, start + 1):
            if line.strip() and line.rstrip() != "#" and not line.startswith("# "):
                raise ArgumentError(f'{name}, line {number}: text is commented out; begin the line with "# "')
        body = [line[2:] if line.startswith("# ") else "" for line in body]
    return "\n".join(line.rstrip() for line in body).strip("\n")


def _written(cell: Cell) -> str:
    tags = "".join(
        f" {key}={value}" if isinstance(value, int) else f' {key}="{value}"' for key, value in cell.tags.items()
    )
    lines = cell.text.split("\n") if cell.text else []
    if cell.kind == "markdown":
        lines = [f"# {line}".rstrip() for line in lines]
    header = f"{MARK} [markdown]{tags}" if cell.kind == "markdown" else f"{MARK}{tags}"
    return "\n".join([header, *lines]) + "\n"
