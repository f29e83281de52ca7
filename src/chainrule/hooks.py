"""Hooks: functions of yours that are called at a certain point, until their handle is removed.

Handle          what registering a hook returns: ``handle.remove()`` ends it
hang            put a hook among the others
GradientHooks   those of one tensor: called with its gradient, and after it was added to ``.grad``
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from chainrule.tracing import edition

_next = count()


class Handle:
    """Ends a hook: ``handle.remove()``, or at the end of a ``with`` block."""

    def __init__(self, *homes: dict[int, Any]) -> None:
        self.id, self._homes = next(_next), homes

    def remove(self) -> None:
        """Take the hook away; again does nothing."""
        edition[0] += 1
        for home in self._homes:
            home.pop(self.id, None)

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *error: Any) -> None:
        self.remove()


def hang(home: dict[int, Any], hook: Any, first: bool = False) -> Handle:
    """Put ``hook`` at the end of ``home`` (or ``first``); hooks are called in the order of the dict."""
    edition[0] += 1
    handle = Handle(home)
    others = list(home.items()) if first else []
    if first:
        home.clear()
    home[handle.id] = hook
    home.update(others)
    return handle


class GradientHooks:
    """The hooks of one tensor.

    before   gradient -> another gradient, called when the gradient is complete
    after    tensor -> nothing, called when ``.grad`` has it
    """

    __slots__ = ("after", "before")

    def __init__(self) -> None:
        self.before: dict[int, Callable[[Any], Any]] = {}
        self.after: dict[int, Callable[[Any], Any]] = {}

    def passed(self, g: Any) -> Any:
        """The gradient as the hooks leave it."""
        for hook in list(self.before.values()):
            g = hook(g)
        return g
