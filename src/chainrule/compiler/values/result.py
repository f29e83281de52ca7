"""`Result`: the Value a compiled function returns: one operation, whose children are the leaves below it.

Its slopes are the whole derivative of the result in each leaf. They are computed natively, when somebody asks
(``backward`` does), from what the leaves held when the function was called.
"""

from __future__ import annotations

from collections.abc import Callable

from chainrule.value import Value

Derivative = tuple[tuple[Value, ...], tuple[float, ...]]


class Result(Value):
    """A Value made by a compiled function."""

    __slots__ = ("_derive", "_derived")
    _derive: Callable[[], Derivative]
    _derived: Derivative | None

    def __new__(cls, data: float, grad: float, label: str, derive: Callable[[], Derivative]) -> Result:
        """``derive()`` gives the leaves and the slopes."""
        result = object.__new__(cls)
        result.data, result.grad, result.label, result._op = data, grad, label, "compiled"
        result._derive, result._derived = derive, None
        return result

    def __init__(self, *given: object) -> None:
        """Everything is set where it is made."""

    def _all(self) -> Derivative:
        if self._derived is None:
            self._derived = self._derive()
        return self._derived

    @property
    def _prev(self) -> tuple[Value, ...]:  # type: ignore[override]
        return self._all()[0]

    @property
    def _slopes(self) -> tuple[float, ...]:  # type: ignore[override]
        return self._all()[1]
