"""Which mistake it is: the wrong answer of the bank that behaves like the learner's.

Behaviour is compared, not text: one outcome a case, in order, as far as the answer came.  So it does not matter how
the mistake was written, and a name is given only if *everything* the cases can see is the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.course.bank import Case, source_of
from chainrule.course.lesson import Lesson, kept
from chainrule.course.outcomes import Outcome, differ, tolerance
from chainrule.course.runner import Run, Runner
from chainrule.course.showing import Encoded

# exceptions that any slip can raise: two answers do the same only if they fail with the same words
SLIPS = (
    "NameError",
    "AttributeError",
    "TypeError",
    "SyntaxError",
    "IndentationError",
    "KeyError",
    "ModuleNotFoundError",
)


@dataclass(frozen=True)
class Behaviour:
    """What an answer did: the outcome of each case, or of loading it; a last one says why it was ended, if it was."""

    outcomes: list[Outcome]
    loaded: bool


@dataclass(frozen=True)
class Known:
    """A wrong answer of the bank, and what it does."""

    name: str
    says: str
    behaviour: Behaviour


def behaviour(run: Run) -> Behaviour:
    """What a run shows of an answer."""
    if run.load:
        return Behaviour([{"value": run.load}], False)
    outcomes = list(run.outcomes)
    if run.ended:
        outcomes.append({"value": {"kind": "raised", "type": run.ended["reason"], "text": ""}})
    return Behaviour(outcomes, run.loaded)


def mistake(lesson: Lesson, id: str, shown: Behaviour, runner: Runner) -> tuple[str, str] | None:
    """Name and explanation of the wrong answer that behaves like this one, or None."""
    cases = lesson.bank[id].cases
    same = (each for each in mistakes(lesson, id, runner) if alike(shown, each.behaviour, cases))
    return next(((each.name, each.says) for each in same), None)


def mistakes(lesson: Lesson, id: str, runner: Runner) -> list[Known]:
    """What every wrong answer of the bank does, every way it is written."""

    def find_out() -> list[Known]:
        solution = lesson.tasks[id].solution
        return [
            Known(
                wrong.name, " ".join(wrong.says.split()), behaviour(runner.run(lesson, id, source_of(code, solution)))
            )
            for wrong in lesson.bank[id].wrong
            for code in wrong.codes
        ]

    return kept(lesson, f"{id} mistakes", find_out)


def alike(one: Behaviour, other: Behaviour, cases: Sequence[Case]) -> bool:
    """Whether the cases cannot tell two answers apart."""
    if one.loaded != other.loaded or len(one.outcomes) != len(other.outcomes):
        return False
    nearness = [tolerance(case) for case in cases]
    pairs = zip(one.outcomes, other.outcomes, [*nearness, *nearness[-1:]], strict=False)
    return all(_same_slip(x["value"], y["value"]) and differ(x, y, near) is None for x, y, near in pairs)


def _same_slip(one: Encoded, other: Encoded) -> bool:
    """False for two exceptions of a kind that says little by itself, with different words."""
    if one["kind"] != "raised" or other["kind"] != "raised" or one["type"] not in SLIPS:
        return True
    return _words(one) == _words(other)


def _words(error: Encoded) -> str:
    """An exception's text without numbers and without the name of the function it was in."""
    return re.sub(r"\d+(\.\d+)?|^[\w.<>]+\(\)", "", error["text"])
