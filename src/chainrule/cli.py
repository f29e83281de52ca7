"""The command ``chainrule``.

Whatever a person can get wrong ends in one line on standard error and exit code 2; Ctrl-C in one line and 130;
a rung that does not give the numbers of ``hand`` in one line and 1.  What is heavy is imported when a command
needs it, so ``chainrule --help`` starts at once.
"""

from __future__ import annotations

import difflib
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule import __version__
from chainrule.errors import ArgumentError, ChainruleError, require

if TYPE_CHECKING:
    import click

OK, DIFFERS, MISUSED, STOPPED = 0, 1, 2, 130

LADDER = """Train the same networks at every rung of abstraction, from gradients worked out by hand to PyTorch, from
the same start on the same data, and hold each rung against `hand`: same numbers, or exit code 1.

\b
Tasks:  sine    a cubic for the sine curve
        digits  a network for 1,797 handwritten digits
Rungs:  hand, parts, value, layers, tensor, nn, compiled, torch"""
BRIEFLY = "The same training at every rung of abstraction."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line (``sys.argv`` unless given) and return its exit code."""
    try:
        import click
    except ModuleNotFoundError:
        return _say('the command line needs the package click: pip install "chainrule[course]"', MISUSED)
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with commands().make_context("chainrule", given or ["--help"]) as context:
            return int(context.command.invoke(context) or OK)
    except click.exceptions.Exit as end:  # --help, --version
        return end.exit_code
    except click.ClickException as error:
        return _say(error.format_message(), MISUSED)
    except ChainruleError as error:
        return _say(str(error), MISUSED)
    except KeyboardInterrupt:
        return _say("stopped", STOPPED)
    except BrokenPipeError:  # whoever read the output has gone (| head): nothing is left to say
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK


def commands() -> click.Group:
    """Every command, as click knows them."""
    import click

    from chainrule.course import learner, teacher
    from chainrule.course.commands import course

    options = [
        click.Option(["--task"], default="all", help="sine, digits or all.  [all]", metavar="NAME"),
        click.Option(["--rung"], multiple=True, help="A rung, or all; may be repeated.  [all]", metavar="NAME"),
        click.Option(["--steps"], type=int, help="At most so many steps for every rung.", metavar="N"),
        click.Option(["--dtype"], default="float64", help="float64 or float32.  [float64]", metavar="NAME"),
        click.Option(["--seed"], type=int, default=0, help="Start, split and order of the digits.  [0]", metavar="N"),
        click.Option(["--json", "as_json"], is_flag=True, help="One JSON object on standard output, and nothing else."),
        click.Option(["--out"], default="out/ladder", help="Where the report goes.  [out/ladder]", metavar="DIR"),
        click.Option(["--no-report", "no_report"], is_flag=True, help="No report: no files are written."),
    ]
    group = click.Group("chainrule", help="Learn how neural networks work by building one.")
    version = click.version_option(__version__, package_name="chainrule", message="%(prog)s %(version)s")
    group.add_command(click.Command("ladder", params=list(options), callback=ladder, help=LADDER, short_help=BRIEFLY))
    for each in (*learner.commands(), *teacher.commands(), course()):
        group.add_command(each)
    return version(group)


def ladder(
    task: str, rung: tuple[str, ...], steps: int | None, dtype: str, seed: int, as_json: bool, out: str, no_report: bool
) -> int:
    """Climb the ladder, show what came of it, and return the exit code."""
    from chainrule.ladder import table
    from chainrule.ladder.run import TOLERANCE, climb
    from chainrule.ladder.rungs import RUNGS
    from chainrule.ladder.tasks import TASKS

    names = _chosen("--task", [task], TASKS)
    rungs = _chosen("--rung", rung or ["all"], RUNGS)
    _one_of("--dtype", dtype, TOLERANCE)
    if steps is not None and steps < 1:
        raise ArgumentError(f"--steps {steps}: training takes at least one step; write --steps 1 or more")
    if seed < 0:
        raise ArgumentError(f"--seed {seed}: a seed is a whole number from 0 up; write --seed 0")
    folder = None if no_report else _writable(Path(out))
    _all_there(table=not as_json, report=not no_report)

    tasks = [TASKS[name](dtype, seed) for name in names]
    climbs = [(each, list(climb(each, rungs, steps))) for each in tasks]
    page = _reported(climbs, folder, seed) if folder else None
    if as_json:
        print(json.dumps(_data(climbs, dtype, seed, page), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        table.show(climbs)
        if page:
            print(f"report: {page}")
    astray = [row for _, rows in climbs for row in rows if row.status == "differs"]
    if astray:
        told = "; ".join(f"{row.task}/{row.rung}: {row.reason}" for row in astray)
        return _say(f"not the numbers of hand: {told}", DIFFERS)
    return OK


def _all_there(table: bool, report: bool) -> None:
    """MissingPackage for a package that will be needed: better now than after the training."""
    if table:
        require("rich", "rich", "the table (--json goes without)")
    for package in ("matplotlib", "pygments") if report else ():
        require(package, package, "the report (--no-report goes without)")


def _reported(climbs: Any, folder: Path, seed: int) -> Path:
    """Write the report into ``folder``; its page."""
    from chainrule.ladder import report

    return report.write(climbs, folder, seed)


def _data(climbs: Any, dtype: str, seed: int, page: Path | None) -> dict[str, Any]:
    """All there is to tell, for JSON."""
    from chainrule.ladder import table

    return {
        "dtype": dtype,
        "seed": seed,
        "report": str(page) if page else None,
        "tasks": {task.name: table.facts(task, rows) for task, rows in climbs},
        "rows": [table.as_data(row) for _, rows in climbs for row in rows],
    }


def _chosen(option: str, given: Iterable[str], choices: Iterable[str]) -> list[str]:
    """The choices asked for, each once and in their own order; ``all`` is every one; ArgumentError for any other."""
    choices = list(choices)
    for name in given:
        _one_of(option, name, [*choices, "all"])
    return [name for name in choices if name in given or "all" in given]


def _one_of(option: str, name: str, choices: Iterable[str]) -> None:
    """ArgumentError unless ``name`` is one of the choices, with the one that looks most like it."""
    choices = list(choices)
    if name not in choices:
        close = difflib.get_close_matches(name, choices, 1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise ArgumentError(f"{option} {name}: there is no such choice, only {', '.join(choices)}{hint}")


def _writable(folder: Path) -> Path:
    """Make ``folder`` if need be, and try it: ArgumentError if files cannot be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise ArgumentError(f"--out {folder}: cannot write there ({reason}); name another folder") from None


def _say(message: str, code: int) -> int:
    """One line on standard error; the exit code."""
    print(f"chainrule: {' '.join(message.split())}", file=sys.stderr)
    return code
