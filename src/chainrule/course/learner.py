"""The commands of a learner: learn, check, hint, solution, watch, progress, reset."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from chainrule.course import answers, keeper
from chainrule.course.desk import laid_out, lesson_called, targets
from chainrule.course.lesson import find, lessons
from chainrule.course.verdict import Verdict
from chainrule.course.workspace import DEFAULT, VARIABLE

if TYPE_CHECKING:
    import click

OK, NOT_PASSED = 0, 1

LEARN = """Open the course in the browser, at the lesson where you stopped.  It runs in JupyterLab, on this machine.
Your notebooks are in a folder of your own, which an update never overwrites.  Ctrl-C ends it."""
CHECK = """Check answers and say what is wrong.

\b
chainrule check 5.2            the exercise 5.2, where you saved it last
chainrule check 5              every exercise of lesson 5
chainrule check FILE           all that a notebook or a .py file answers
chainrule check 5.2 FILE       a file as the answer to 5.2

Exit code 0 if all pass, 1 if not."""
HINT = """Show a hint.  Each call shows one more, from a nudge to nearly the answer."""
SOLUTION = (
    """Show the solution.  It is shown, with why it is one, when your own answer has passed, or with --give-up."""
)
WATCH = """Check again whenever you save.  WHAT is a lesson (5) or an exercise (5.2); without it, all of
them, beginning where you stopped."""
PROGRESS = """Show what is done."""
RESET = """Begin an exercise or a lesson anew.  What you wrote is put into the folder backups first."""


def commands() -> Iterator[click.Command]:
    """The commands, as click knows them."""
    import click

    folder = click.Option(
        ["--dir", "folder"], metavar="DIR", help=f"Your folder of the course.  [${VARIABLE}, or {DEFAULT}]"
    )
    as_json = click.Option(["--json", "as_json"], is_flag=True, help="JSON on standard output, nothing else.")
    exercise = click.Argument(["id"], metavar="EXERCISE")
    what = click.Argument(["what"], required=False, metavar="[WHAT]")
    no_browser = click.Option(["--no-browser", "no_browser"], is_flag=True, help="Only print the address.")
    port = click.Option(["--port"], type=click.IntRange(1, 65535), metavar="N", help="[one that is free]")
    give_up = click.Option(["--give-up", "give_up"], is_flag=True, help="Show it though nothing has passed.")
    several = click.Argument(["what"], nargs=-1, required=True, metavar="WHAT [FILE]...")
    for name, callback, help, params in (
        ("learn", learn, LEARN, [no_browser, folder, port]),
        ("check", check, CHECK, [several, folder, as_json]),
        ("hint", hint, HINT, [exercise, folder]),
        ("solution", solution, SOLUTION, [exercise, give_up, folder]),
        ("watch", watch, WATCH, [what, folder]),
        ("progress", progress, PROGRESS, [folder, as_json]),
        ("reset", reset, RESET, [click.Argument(["what"], metavar="EXERCISE|LESSON"), folder]),
    ):
        brief = help.partition(".")[0] + "."
        yield click.Command(name, params=list(params), callback=callback, help=help, short_help=brief)


def learn(no_browser: bool, folder: str | None, port: int | None) -> int:
    """Serve the course until Ctrl-C."""
    from chainrule.course import jupyter
    from chainrule.course.handout import notebook_path

    workspace = laid_out(folder)
    lesson = workspace.lesson()
    page = notebook_path(lesson)
    workspace.progress.opened(lesson)
    if there := jupyter.running(workspace, page):
        print(f"The course is open already: {there}", flush=True)
        return OK if no_browser else _browse(there)
    print(f"Your folder: {workspace.folder}\nStarting JupyterLab ...", flush=True)
    try:
        with jupyter.ended_gently(), jupyter.server(workspace, page, port, not no_browser) as (address, process):
            print(f"Lesson {lesson.number}, {lesson.title}: {address}\nCtrl-C ends it.", flush=True)
            process.wait()
    except KeyboardInterrupt:
        pass
    print(f"\nClosed. Your work is in {workspace.folder}; chainrule learn goes on with it.", flush=True)
    return OK


def check(what: tuple[str, ...], folder: str | None, as_json: bool) -> int:
    """Check, say what came of it; 1 unless everything passes."""
    verdicts = []
    for each in targets(what, folder):
        verdict = answers.verdict(each.lesson, each.id, answers.read(each.path, each.id))
        said = each.kept.progress.record(verdict) if each.kept else ""
        verdicts.append((each.path, verdict, said))
    if as_json:
        print(json.dumps([{"file": str(path), **v.as_data()} for path, v, _ in verdicts], indent=2, ensure_ascii=False))
    else:
        _tell(verdicts)
    return OK if all(verdict.passed for _, verdict, _ in verdicts) else NOT_PASSED


def hint(id: str, folder: str | None) -> int:
    """One more hint."""
    from chainrule.course import notebook
    from chainrule.course.terminal import console, show_help

    find(id)
    laid_out(folder)
    shown = notebook.hint(id)
    more = len(shown.parts) < len(find(id).tasks[id].hints)
    shown.remark = (
        f"chainrule hint {id} again shows the next."
        if more
        else f"That was the last; chainrule solution {id} shows a solution."
    )
    show_help(shown, console())
    return OK


def solution(id: str, give_up: bool, folder: str | None) -> int:
    """The solution, or why not yet; then 1."""
    from chainrule.course import notebook
    from chainrule.course.terminal import console, show_help

    find(id)
    laid_out(folder)
    if not give_up and not keeper.current().passed(id):
        print(
            f"The solution of {id} is shown when your answer passes (chainrule check {id}). "
            f"Perhaps a hint: chainrule hint {id}. To see it now: chainrule solution {id} --give-up"
        )
        return NOT_PASSED
    show_help(notebook.solution(id, give_up=True), console())
    return OK


def watch(what: str | None, folder: str | None) -> int:
    """Check what is saved until q or Ctrl-C."""
    from chainrule.course.terminal import console
    from chainrule.course.watching import Watch

    course = [lesson_called(what.partition(".")[0])] if what else lessons()
    start = [what] if what and "." in what else []
    find(what) if what and "." in what else None
    workspace = laid_out(folder)
    lesson = course[0] if what else workspace.lesson()
    left = [id for id in lesson.tasks if not workspace.progress.passed(id)]
    Watch(workspace, course, next(iter([*start, *left, *lesson.tasks])), console()).run()
    return OK


def progress(folder: str | None, as_json: bool) -> int:
    """What is done, and what comes next."""
    workspace, course = laid_out(folder), lessons()
    if as_json:
        entries = {id: workspace.progress.of(id) for lesson in course for id in lesson.tasks}
        print(json.dumps({"folder": str(workspace.folder), "exercises": entries}, indent=2, ensure_ascii=False))
        return OK
    from chainrule.course.terminal import console, show_progress

    to = console()
    show_progress(course, workspace.progress.all(), to)
    to.print(workspace.progress.told(workspace.lesson(course)), markup=False)
    return OK


def reset(what: str, folder: str | None) -> int:
    """Begin anew; where the old work is."""
    from chainrule.course import resetting

    lesson = find(what) if "." in what else lesson_called(what)
    workspace = laid_out(folder)
    names, backup = resetting.reset(workspace, lesson, [what] if "." in what else ())
    if not backup:
        print(f"{what} is as new: there was nothing of yours to put away.")
        return OK
    print(f"{what} begins anew: {', '.join(names)}. What you had is in {backup}")
    if any(name.endswith(".ipynb") for name in names):
        print("If the notebook is open in the browser: File → Reload Notebook from Disk.")
    return OK


def _tell(verdicts: Sequence[tuple[Path, Verdict, str]]) -> None:
    """One verdict in full; of several, those that were tried in full, the others in a line."""
    from chainrule.course.terminal import console, show_verdict

    to = console()
    for path, verdict, said in verdicts:
        alone = len(verdicts) == 1
        if not alone and verdict.stage in ("stub", "missing"):
            to.print(f"○ {verdict.exercise} {verdict.title}: {verdict.headline}", style="dim", markup=False)
            continue
        show_verdict(verdict, to)
        if said and alone:
            to.print(f"\n{said}", markup=False, soft_wrap=True)
        if not verdict.passed:
            to.print(
                f"\nchecked: {path}\nstuck? chainrule hint {verdict.exercise}\n",
                style="dim",
                markup=False,
                soft_wrap=True,
            )
    if len(verdicts) > 1:
        to.print(f"{sum(v.passed for _, v, _ in verdicts)} of {len(verdicts)} pass", style="bold")


def _browse(address: str) -> int:
    import webbrowser

    webbrowser.open(address)
    return OK
