"""`Parameter`: a tensor that training changes."""

from __future__ import annotations

from typing import Any

from chainrule.creation import as_array
from chainrule.tensor import Tensor


class Parameter(Tensor):
    """A tensor that training changes: a module that is given one as an attribute lists it.

    >>> chainrule.nn.Parameter(chainrule.zeros(2)).requires_grad
    True
    """

    __slots__ = ()

    def __init__(self, data: Any, requires_grad: bool = True) -> None:
        super().__init__(as_array(data), requires_grad)

    def __repr__(self) -> str:
        return f"Parameter containing:\n{Tensor.__repr__(Tensor(self.array, self.requires_grad))}"
