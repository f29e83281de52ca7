"""The report: one page, and the pictures beside it, in a folder that needs no network."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path

import numpy as np

import chainrule
from chainrule.errors import require
from chainrule.files import write_atomically
from chainrule.ladder import pictures, table
from chainrule.ladder.listing import code_style, highlighted, new_lines, paragraphs, without_docstring
from chainrule.ladder.pictures import Climb, colour_of
from chainrule.ladder.run import Row
from chainrule.ladder.rungs import BUILT, RUNGS, built, source
from chainrule.ladder.table import duration
from chainrule.ladder.tasks import Task
from chainrule.viz.canvas import DARK, LIGHT

TITLES = {"sine": "A cubic for the sine", "digits": "A network for handwritten digits"}
INTRODUCTIONS: dict[str, Callable[[Task], str]] = {
    "sine": lambda task: (
        f"Four numbers, moved {len(task.batches):,} times a little downhill, bend a cubic towards the sine curve: "
        f"{len(task.x):,} points, all of them in every step, the sum of squares as the loss."
    ),
    "digits": lambda task: (
        f"{len(task.x) + len(task.x_test):,} real digits of 8 × 8 pixels. 64 numbers go in, 32 units bend them, "
        f"10 scores come out, and the highest is the answer. {len(task.batches):,} steps, each on a batch of at "
        f"most {len(task.batches[0])}, with softmax cross-entropy as the loss."
    ),
}
CAPTIONS = {
    "sine-fit": "The sine, the cubic where the longest run left it, and the best cubic there is, found without "
    "gradients. That even the best one misses the sine is the model's limit, not the training's.",
    "digits-confusion": "Each test digit stands in the row of what it is and the column of what it was read as. "
    "The diagonal is right; what is off it shows which digits look alike to the network.",
    "digits-misread": "Digits it misreads. Some would be hard for a person, too.",
    "digits-learned": "What training added to the 64 weights of each of the 32 hidden units, laid out as the pixels "
    "they look at. A unit that never fires gets no slope: its tile stays blank.",
}
FROM_NN = {
    "compiled": "Beside the rung nn, only the marked lines are new.",
    "torch": "Now with PyTorch: beside the rung nn, only the marked lines are new.",
}
DOOR = "This is the door out: the same file, with all of PyTorch behind it."
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight")


def write(climbs: Sequence[Climb], out: Path, seed: int) -> Path:
    """Write the report into the folder ``out`` and return the path of its page.

    Each file is replaced whole, the page last: whoever opens it finds every picture it shows.
    """
    tqdm = require("tqdm", "tqdm", "the progress bar").tqdm
    ran = [(task, [row for row in rows if row.steps]) for task, rows in climbs]
    ran = [(task, rows) for task, rows in ran if rows]
    with tqdm(pictures.draw(ran, out), "report", delay=1, leave=False, unit=" pictures", file=sys.stderr) as bar:
        drawn = set(bar)
    write_atomically(out / "index.html", page(climbs, ran, drawn, seed))
    return out / "index.html"


def page(climbs: Sequence[Climb], ran: Sequence[Climb], drawn: set[str], seed: int) -> str:
    """The whole page, given all rows, those that ran, and the pictures there are."""
    body = [opening(climbs, ran), summary(climbs)]
    body += [chapter(task, rows, drawn) for task, rows in climbs]
    body += [costs(ran), on_the_way(climbs), closing(climbs, seed)]
    style = files(__package__).joinpath("report.css").read_text("utf-8")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>chainrule ladder</title>
<style>
{code_style()}
{style}
</style>
</head>
<body>
{"".join(body)}
</body>
</html>
"""


def opening(climbs: Sequence[Climb], ran: Sequence[Climb]) -> str:
    """What this is, whether it holds, and the picture that says it all."""
    rows = [row for _, rows in climbs for row in rows]
    rungs = len({row.rung for row in rows if row.steps})
    astray = [f"{row.task} / {row.rung}" for row in rows if row.status == "differs"]
    gap = max((row.difference for row in rows if row.steps), default=0.0)
    verdict = (
        f"and <strong>{escape(', '.join(astray))}</strong> did not give the numbers that hand gives."
        if astray
        else f"the numbers do not: the largest difference from the gradients worked out by hand is {gap:.0e}, relative."
    )
    caption = (
        "Left: the loss of every rung, each drawn inside the one before, hand outermost. One striped line means one "
        "and the same training. Right: what a step costs, on a logarithmic scale."
    )
    return f"""
<h1>The same training at {NUMBERS[rungs]} rung{"s" * (rungs != 1)}</h1>
<p class="lead">From the same starting weights, on the same batches of the same data, rung by rung up the ladder of
abstraction. What you write changes, and what it costs; {verdict}</p>
{figure("ladder", caption, wide=True) if ran else ""}"""


def summary(climbs: Sequence[Climb]) -> str:
    """The table."""
    heads = "".join(f"<th>{escape(heading)}</th>" for heading in table.HEADINGS)
    tables = "".join(
        f"""<div class="wide"><table><caption>{escape(task.name)}: {escape(task.formula)}</caption>
<thead><tr>{heads}</tr></thead><tbody>{"".join(table_row(row) for row in rows)}</tbody></table></div>"""
        for task, rows in climbs
    )
    return f"""{tables}<p class="note">{escape(table.NOTE)}</p>"""


def table_row(row: Row) -> str:
    """One rung in the table, with a link to its source."""
    name, *rest = table.cells(row)
    numbers = "".join(f"<td>{escape(cell)}</td>" for cell in rest)
    link = f"""<a href="#{row.task}-{row.rung}">{name}</a>"""
    return f"""<tr class="{row.status}" {colours(row)}><td>{link}</td>{numbers}</tr>"""


def chapter(task: Task, rows: Sequence[Row], drawn: set[str]) -> str:
    """One task: what it is, how it ended, and every rung."""
    remarks = " ".join(table.remarks(task, rows))
    mine = [name for name in CAPTIONS if name.startswith(task.name) and f"{name}.png" in drawn]
    endings = "".join(figure(name, CAPTIONS[name]) for name in mine)
    return f"""
<h2 id="{task.name}">{escape(TITLES[task.name])}</h2>
<p>{escape(INTRODUCTIONS[task.name](task))} {escape(remarks)}</p>
<div class="two">{endings}</div>
{"".join(rung(task, row) for row in rows)}"""


def rung(task: Task, row: Row) -> str:
    """One rung: what it teaches, its source, and its loss beside it."""
    text = source(row.task, row.rung)
    (what, onward), code = paragraphs(text), without_docstring(text)
    marked = new_lines(code, without_docstring(source(row.task, "nn"))) if row.rung in FROM_NN else []
    picture = figure(f"{row.task}-{row.rung}", caption(task, row)) if row.steps else ""
    missing = f"""<p class="missing">{row.status}: {escape(row.reason)}</p>""" if row.reason else ""
    return f"""
<article class="rung" id="{row.task}-{row.rung}" {colours(row)}>
<header><span class="number">{RUNGS.index(row.rung) + 1}</span><h3>{row.rung}</h3></header>
<p>{what} {FROM_NN.get(row.rung, "")}</p>{missing}
<div class="pair"><div>{highlighted(code, marked)}{numbers(row) if row.steps else ""}
<p class="next">{DOOR if row.rung == RUNGS[-1] else onward}</p></div>{picture}</div>
</article>"""


def numbers(row: Row) -> str:
    """The figures of one rung."""
    on_top = f" + {row.built} built on the way" if row.built else ""
    entries = {
        "lines": f"{row.lines}{on_top}",
        "a step takes": duration(row.us_per_step),
        "final loss": f"{row.final_loss:.6f}",
        "from hand": table.verdict(row),
    }
    if row.accuracy is not None:
        entries["reads rightly"] = f"{row.accuracy:.1%}"
    return (
        "<dl>"
        + "".join(f"<div><dt>{term}</dt><dd>{escape(text)}</dd></div>" for term, text in entries.items())
        + "</dl>"
    )


def caption(task: Task, row: Row) -> str:
    """What one sees in a rung's picture."""
    pale = " Pale: every single batch." if task.name == "digits" else ""
    if row.rung == "hand":
        return f"The loss, step by step, both axes logarithmic.{pale} This run is what all others are held against."
    stopped = ""
    if row.steps < len(row.hand.losses) or row.steps < len(task.batches):
        stopped = f" It stops after {row.steps:,} of {len(task.batches):,} steps, at {duration(row.us_per_step)} each."
    return (
        f"The loss of this rung (line) inside that of hand (band).{pale}{stopped} Below: how far apart the two are at "
        f"each step, relative; dashed, the most that counts as the same."
    )


def costs(ran: Sequence[Climb]) -> str:
    """The price of each rung."""
    text = (
        "The scalar engine pays for every number with an object of its own; whole arrays at once take that price away "
        "again, and machine code takes most of what Python still costs. Grey lines are those a learner has built on "
        "the way and can now rely on."
    )
    return f"""<h2 id="cost">What each rung costs</h2>{figure("cost", text, wide=True)}""" if ran else ""


def on_the_way(climbs: Sequence[Climb]) -> str:
    """The sources of what the rungs stand on."""
    names = [name for name in RUNGS if name in BUILT and any(row.rung == name for _, rows in climbs for row in rows)]
    parts = "".join(
        f"""<details><summary><code>chainrule/{BUILT[name]}</code>, for the rung {name}</summary>
{highlighted(built(name))}</details>"""
        for name in names
    )
    return f"""<h2 id="built">Built on the way</h2>{parts}""" if parts else ""


def closing(climbs: Sequence[Climb], seed: int) -> str:
    """With what this was made."""
    dtype = climbs[0][0].x.dtype.name
    made = f"chainrule {chainrule.__version__}, NumPy {np.__version__}, Python {platform.python_version()}"
    return f"<footer>{dtype}, seed {seed}. Made by <code>chainrule ladder</code>: {made}.</footer>"


def figure(name: str, text: str, wide: bool = False) -> str:
    """A picture for light and for dark, with its caption."""
    return f"""<figure><div class="{"wide" if wide else "plain"}"><picture>
<source srcset="{name}-dark.png" media="(prefers-color-scheme: dark)"><img src="{name}.png" alt="{escape(text)}">
</picture></div><figcaption>{escape(text)}</figcaption></figure>"""


def colours(row: Row) -> str:
    """The colours of a rung, as CSS variables in a style attribute."""
    return f"""style="--light: {colour_of(row, LIGHT)}; --dark: {colour_of(row, DARK)}\""""
