"""What came of a class: points for a gradebook, and which mistakes were made how often, as tables and as a picture.

points.csv     a line for each learner, a column for each exercise
answers.csv    a line for each answer: points, the mistake's name, seconds
grades.json    all of it
summary.md, summary.html, summary.png
"""

from __future__ import annotations

import base64
import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.course.grading import Grades, Result
from chainrule.errors import require
from chainrule.files import write_atomically

if TYPE_CHECKING:
    from rich.console import Console

UNNAMED = "another one, without a name"


@dataclass(frozen=True)
class Row:
    """One exercise: how many passed, had not begun, could not be judged; which mistakes the others made."""

    exercise: str
    title: str
    learners: int
    passed: int
    untried: int
    errors: int
    mistakes: Counter[str]  # by name, those without one under UNNAMED

    def told(self) -> list[str]:
        """The mistakes, most frequent first."""
        return [f"{times}× {name}" for name, times in ordered(self.mistakes)]


def rows(grades: Grades) -> list[Row]:
    """The table, one row for each exercise."""
    made = []
    for lesson in grades.lessons:
        for task in lesson.tasks.values():
            results = grades.of(task.id)
            kinds = Counter(result.kind for result in results)
            named = Counter(r.mistake or UNNAMED for r in results if r.kind in ("mistake", "wrong"))
            made.append(
                Row(task.id, task.title, len(results), kinds["passed"], kinds["untried"], kinds["error"], named)
            )
    return made


def ordered(mistakes: Counter[str]) -> list[tuple[str, int]]:
    """Most frequent first, those without a name last."""
    return sorted(mistakes.items(), key=lambda pair: (pair[0] == UNNAMED, -pair[1], pair[0]))


def write(grades: Grades, out: Path) -> list[Path]:
    """Write every file into ``out``; where they are."""
    table = rows(grades)
    picture = plot(table)
    texts: dict[str, str | bytes] = {
        "points.csv": _csv(_points(grades)),
        "answers.csv": _csv(_answers(grades)),
        "grades.json": json.dumps(as_data(grades), indent=1, ensure_ascii=False) + "\n",
        "summary.md": markdown(grades, table),
        "summary.png": picture,
        "summary.html": html(grades, table, picture),
    }
    for name, text in texts.items():
        write_atomically(out / name, text)
    return [out / name for name in texts]


def as_data(grades: Grades) -> dict[str, Any]:
    """All there is, for JSON."""
    return {
        "exercises": [{**asdict(row), "mistakes": dict(ordered(row.mistakes))} for row in rows(grades)],
        "learners": {
            name: {"points": sum(r.points for r in mine), "of": sum(r.of for r in mine)}
            for name, mine in ((name, _of(grades, name)) for name in grades.learners)
        },
        "answers": [{**asdict(result), "passed": result.passed} for result in grades.results],
        "unread": [{"learner": learner, "reason": reason} for learner, reason in grades.unread],
    }


def show(grades: Grades, to: Console) -> None:
    """The summary in a terminal."""
    tables = require("rich.table", "rich", "the summary")
    table = tables.Table(box=None, header_style="dim", pad_edge=False, title=_head(grades), title_justify="left")
    for heading, justify in (("exercise", "left"), ("passed", "right"), ("not begun", "right"), ("mistakes", "left")):
        table.add_column(heading, justify=justify, no_wrap=heading != "mistakes")
    for row in rows(grades):
        table.add_row(f"{row.exercise} {row.title}", str(row.passed), str(row.untried), "\n".join(row.told()))
    to.print(table)
    for learner, reason in grades.unread:
        to.print(f"not read, {learner}: {reason}", markup=False, soft_wrap=True)


def markdown(grades: Grades, table: Sequence[Row]) -> str:
    """The summary as Markdown."""
    lines = [f"# {_head(grades)}", "", "![passed, mistakes, not begun, for each exercise](summary.png)", ""]
    lines += ["| exercise | passed | not begun | mistakes |", "|---|---:|---:|---|"]
    for row in table:
        cells = (f"{row.exercise} {row.title}", str(row.passed), str(row.untried), ", ".join(row.told()))
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    lines += ["", *(f"Not read: {learner}: {reason}" for learner, reason in grades.unread)]
    return "\n".join(lines).rstrip() + "\n"


STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em}
body{color:#1c2024;background:#fff}table{border-collapse:collapse;width:100%}
td,th{text-align:left;vertical-align:top;padding:.35em .8em;border-bottom:1px solid #e4e7eb}
th{color:#6b737c;font-weight:normal}td.n,th.n{text-align:right}img{max-width:100%}ul{margin:0;padding-left:1.1em}
@media(prefers-color-scheme:dark){body{color:#e8eaed;background:#111418}td,th{border-color:#2a3037}img{border-radius:6px}}"""


def html(grades: Grades, table: Sequence[Row], picture: bytes) -> str:
    """The summary as one page that needs no other file."""
    body = []
    for row in table:
        items = "".join(f"<li>{escape(told)}</li>" for told in row.told())
        body.append(
            f"<tr><td>{row.exercise} {escape(row.title)}</td><td class=n>{row.passed}</td>"
            f"<td class=n>{row.untried}</td><td><ul>{items}</ul></td></tr>"
        )
    unread = "".join(f"<p>Not read: {escape(learner)}: {escape(reason)}</p>" for learner, reason in grades.unread)
    head = escape(_head(grades))
    shown = base64.b64encode(picture).decode()
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{head}</title><style>{STYLE}</style><h1>{head}</h1>"
        f'<img alt="passed, mistakes, not begun, for each exercise" src="data:image/png;base64,{shown}">'
        "<table><tr><th>exercise<th class=n>passed<th class=n>not begun<th>mistakes</tr>"
        f"{''.join(body)}</table>{unread}</html>\n"
    )


def plot(table: Sequence[Row], most: int = 12) -> bytes:
    """The picture: left how each exercise went, right the most frequent mistakes."""
    from chainrule.viz.canvas import LIGHT, canvas, title

    frequent = sorted(
        ((times, row.exercise, name) for row in table for name, times in row.mistakes.items() if name != UNNAMED),
        key=lambda each: (-each[0], each[1:]),
    )[:most]
    height = max(2.6, 0.34 * max(len(table), len(frequent)) + 1.4)
    figure, (left, right) = canvas(13, height, columns=(1, 1))
    parts = (
        ("passed", "#2b9a66", [row.passed for row in table]),
        ("a mistake with a name", LIGHT.alarm, [_named(row) for row in table]),
        ("another mistake", "#8b5cf6", [row.mistakes[UNNAMED] + row.errors for row in table]),
        ("not begun", LIGHT.grid, [row.untried for row in table]),
    )
    places, begin = list(range(len(table))), [0] * len(table)
    for name, colour, counts in parts:
        left.barh(places, counts, left=begin, color=colour, label=name, height=0.7)
        begin = [a + b for a, b in zip(begin, counts, strict=True)]
    left.set_yticks(places, [f"{row.exercise}  {row.title}" for row in table], color=LIGHT.ink)
    left.legend(ncols=4, loc="lower left", bbox_to_anchor=(-0.02, 1.0), frameon=False, fontsize=8.5, handlelength=1)
    places = list(range(len(frequent)))
    right.barh(places, [times for times, _, _ in frequent], color=LIGHT.alarm, height=0.7)
    right.set_yticks(places, [f"{id}  {name}" for _, id, name in frequent], color=LIGHT.ink)
    title(right, "the most frequent mistakes")
    for ax in (left, right):
        ax.invert_yaxis()
        ax.grid(False, axis="y")
        ax.locator_params(axis="x", integer=True)
        ax.set_xlabel("learners", color=LIGHT.faint, size=9.5)
    shown = io.BytesIO()
    figure.savefig(shown, format="png", dpi=130)
    return shown.getvalue()


def _named(row: Row) -> int:
    return sum(times for name, times in row.mistakes.items() if name != UNNAMED)


def _head(grades: Grades) -> str:
    which = ", ".join(str(lesson.number) for lesson in grades.lessons)
    passed = sum(result.passed for result in grades.results)
    return (
        f"{len(grades.learners)} learners, lesson{'s' * (len(grades.lessons) > 1)} {which}: "
        f"{passed} of {len(grades.results)} answers pass"
    )


def _of(grades: Grades, learner: str) -> list[Result]:
    return [result for result in grades.results if result.learner == learner]


def _points(grades: Grades) -> list[list[Any]]:
    ids = [id for lesson in grades.lessons for id in lesson.tasks]
    table: list[list[Any]] = [["learner", *ids, "points", "of"]]
    for name in grades.learners:
        mine = {result.exercise: result for result in _of(grades, name)}
        points = [mine[id].points for id in ids]
        table.append([name, *points, sum(points), sum(mine[id].of for id in ids)])
    return table


def _answers(grades: Grades) -> list[list[Any]]:
    columns = ("learner", "exercise", "points", "of", "stage", "mistake", "headline", "seconds", "file")
    return [list(columns), *([getattr(result, name) for name in columns] for result in grades.results)]


def _csv(table: Sequence[Sequence[Any]]) -> str:
    """A table as CSV; a text that a spreadsheet would take for a formula is marked as text."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for line in table:
        writer.writerow(f"'{x}" if isinstance(x, str) and x[:1] in ("=", "+", "-", "@") else x for x in line)
    return text.getvalue()
