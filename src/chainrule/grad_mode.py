"""Whether operations are being remembered: the switch, and the blocks that turn it."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any


class _Mode(threading.local):
    """The switch; each thread has its own."""

    recording = True


mode = _Mode()


class no_grad:
    """Run operations without remembering them, as a ``with`` block or a decorator.

    >>> x = chainrule.ones(2, requires_grad=True)
    >>> with chainrule.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    recording = False

    def __enter__(self) -> None:
        self._before = mode.recording
        mode.recording = self.recording

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        mode.recording = self._before

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            with type(self)():
                return function(*args, **kwargs)

        return inside


class enable_grad(no_grad):
    """Remember operations again, inside a ``no_grad``."""

    recording = True


def is_grad_enabled() -> bool:
    """Whether operations are being remembered."""
    return mode.recording
