"""The recording under way, if there is one: what `chainrule.compile` puts here to watch a step run.

Whoever does something that the one door does not see asks here whether to tell: values that leave the tensors
for Python, draws of random numbers, options of an optimizer.
"""

from __future__ import annotations

from typing import Any

tapes: list[Any] = []
"""The recording under way: empty, or one."""


def tape() -> Any:
    """The recording of this thread, or None."""
    return tapes[-1] if tapes and tapes[-1].here() else None


def left(tensor: Any, how: str) -> None:
    """Numbers of ``tensor`` leave for Python by ``how``, where no recording can follow them."""
    if tapes and tapes[-1].here():
        tapes[-1].spoil(f"{how} takes numbers out of the tensors", tensor)


def found(condition: Any) -> bool:
    """The truth of a 0-d ``condition``; in a recording it is kept as a check, made again in each compiled step."""
    truth = bool(condition.array if hasattr(condition, "array") else condition)
    if tapes and tapes[-1].here():
        tapes[-1].check(condition, truth)
    return truth
