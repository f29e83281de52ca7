"""Where tensors live: on the CPU."""

from __future__ import annotations

from typing import Any

from chainrule.errors import ArgumentError


class device:
    """Where a tensor lives: ``device("cpu")``.  Anything else is refused.

    >>> chainrule.device("cpu")
    device(type='cpu')
    >>> chainrule.device("cuda")
    Traceback (most recent call last):
        ...
    chainrule.errors.ArgumentError: device 'cuda': chainrule computes on the CPU; write device("cpu") or leave it out
    """

    def __init__(self, type: Any = "cpu") -> None:
        self.type = getattr(type, "type", type)
        if self.type not in ("cpu", "cpu:0"):
            raise ArgumentError(
                f'device {self.type!r}: chainrule computes on the CPU; write device("cpu") or leave it out'
            )
        self.type, self.index = "cpu", None

    def __repr__(self) -> str:
        return "device(type='cpu')"

    def __str__(self) -> str:
        return "cpu"

    def __eq__(self, other: object) -> bool:
        return str(other) == "cpu"

    def __hash__(self) -> int:
        return hash("cpu")


def is_place(target: Any) -> bool:
    """Whether an argument of ``to`` names a device; an ArgumentError for one that is not here.

    >>> is_place("cpu"), is_place("float32")
    (True, False)
    """
    if isinstance(target, device):
        return True
    if isinstance(target, str) and target.partition(":")[0] in ("cpu", "cuda", "mps", "xpu", "meta"):
        device(target)
        return True
    return False
