"""Who keeps what a learner has done: `current` is asked, `use` puts another in its place.

    record(verdict)   an answer was checked; what to add to the verdict about it, if anything
    passed(id)        whether an answer to it has ever passed
    hinted(id)        one more hint was shown; how many have been, this one included
    gave_up(id)       the solution was shown before a pass

In a learner's workspace the keeper is its `Progress`, which writes everything down; elsewhere a `Memory`, which
forgets when Python ends.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from chainrule.course.verdict import Verdict
from chainrule.course.workspace import around


class Keeper(Protocol):
    """What a keeper of progress can do."""

    def record(self, verdict: Verdict) -> str: ...
    def passed(self, id: str) -> bool: ...
    def hinted(self, id: str) -> int: ...
    def gave_up(self, id: str) -> None: ...


class Memory:
    """A keeper for as long as Python runs.

    >>> memory = Memory()
    >>> memory.hinted("5.2"), memory.hinted("5.2"), memory.passed("5.2")
    (1, 2, False)
    """

    def __init__(self) -> None:
        self.done: set[str] = set()
        self.hints: dict[str, int] = {}

    def record(self, verdict: Verdict) -> str:
        """Remember a pass."""
        if verdict.passed:
            self.done.add(verdict.exercise)
        return ""

    def passed(self, id: str) -> bool:
        """Whether an answer to it has passed."""
        return id in self.done

    def hinted(self, id: str) -> int:
        """Count one more hint."""
        self.hints[id] = self.hints.get(id, 0) + 1
        return self.hints[id]

    def gave_up(self, id: str) -> None:
        """Nothing to remember: giving up is no pass."""


_KEEPER: list[Keeper] = []


def current() -> Keeper:
    """The keeper in use: if none was put in place, the one of the workspace that the current folder is in."""
    if not _KEEPER:
        found = around(Path.cwd())
        _KEEPER.append(found.progress if found else Memory())
    return _KEEPER[0]


def use(keeper: Keeper) -> None:
    """Have `check`, `hint` and `solution` report to this keeper from now on."""
    _KEEPER[:] = [keeper]
