"""One or the other, place by place: what a condition takes, and the questions that make conditions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, DtypeError, OperandError
from chainrule.ops.base import Op
from chainrule.ops.dtypes import bool_, result_type
from chainrule.ops.elementwise import Binary, Compare, Elementwise, cast


class Maximum(Binary):
    """The larger of two, place by place.  The gradient goes to the larger, half to each at a tie."""

    ufunc = np.maximum
    vjp = (lambda g, x, y: _unless_beaten(g, x < y, x == y), lambda g, x, y: _unless_beaten(g, x > y, x == y))


class Minimum(Binary):
    """The smaller of two, place by place.  The gradient goes to the smaller, half to each at a tie."""

    ufunc = np.minimum
    vjp = (lambda g, x, y: _unless_beaten(g, x > y, x == y), lambda g, x, y: _unless_beaten(g, x < y, x == y))


def _unless_beaten(g: Any, beaten: Any, ties: Any) -> Any:
    """Nothing of the gradient where the other side wins, half of it at a tie, else all (next to nan, both get it)."""
    return where(beaten, 0.0, where(ties, 0.5 * g, g))


class Clamp(Elementwise):
    """Every number moved into [min, max]; either bound may be None.  Slope: 1 inside and on the bounds, else 0.

    >>> chainrule.clamp(chainrule.tensor([-3.0, 0.5, 3.0]), min=-1, max=1)
    tensor([-1.0000,  0.5000,  1.0000])
    """

    vjp = (lambda g, x, min, max: where(_inside(x, min, max), g, 0.0),)

    def bind(self, input: Any, min: Any = None, max: Any = None) -> Any:
        if min is None and max is None:
            raise ArgumentError("clamp needs a bound: write clamp(x, min=...), clamp(x, max=...) or both")
        for name, bound in (("min", min), ("max", max)):
            if not isinstance(bound, int | float | np.number | None):
                shown = repr(bound) if isinstance(bound, str) else type(bound).__name__
                raise OperandError(
                    f"clamp with {name}={shown}: a bound is a number; for tensors write "
                    f"maximum(x, low) and minimum(x, high)"
                )
            if isinstance(bound, float) and input.dtype.kind != "f":
                input = cast(input, result_type((input, bound)))
        return (input,), {"min": min, "max": max}

    def run(self, x: Any, min: Any, max: Any) -> Any:
        return np.clip(x, min, max)


def _inside(x: Any, low: Any, high: Any) -> Any:
    if low is None:
        return x <= high
    return x >= low if high is None else (x >= low) & (x <= high)


class Where(Elementwise):
    """x where the condition holds, else y.  The gradient goes to the one that was taken.

    >>> chainrule.where(chainrule.tensor([True, False]), chainrule.tensor([1.0, 2.0]), 0.0)
    tensor([1., 0.])
    """

    inputs = "condition x y"
    vjp = (None, lambda g, condition: where(condition, g, 0.0), lambda g, condition: where(condition, 0.0, g))

    def meet(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        return (inputs[0], *super().meet(inputs[1:]))  # the condition keeps its own dtype

    def run(self, condition: Any, x: Any, y: Any) -> Any:
        if getattr(condition, "dtype", bool_) != bool_:
            raise DtypeError(
                f"where with a condition of dtype {condition.dtype}: it must be bool, an answer for each place; "
                f"write where(x > 0, ...) or where(condition.bool(), ...)"
            )
        if not (isinstance(x, np.generic | np.ndarray) or isinstance(y, np.generic | np.ndarray)):
            x = np.asarray(x, result_type((x, y)))  # two Python numbers: NumPy would answer in float64
        if _nothing(y) and _floats(x):
            return masked(x, condition)
        if _nothing(x) and _floats(y):
            return masked(y, np.logical_not(condition))
        return np.where(condition, x, y)


def masked(x: Any, condition: Any) -> Any:
    """``x`` where the condition holds, else 0; inf and nan where it does not hold are gone too.

    The bits of a number, read as a whole number, times 1 or 0: NumPy's own `where` asks at every place, and where
    the answers are mixed the processor guesses wrong half of the time, which costs ten times as much.

    >>> masked(np.array([1.0, np.inf, np.nan]), np.array([True, False, True]))
    array([ 1.,  0., nan])
    """
    return (x.view(f"i{x.itemsize}") * condition).view(x.dtype)


def _nothing(x: Any) -> bool:
    return type(x) in (int, float) and x == 0 and math.copysign(1.0, x) > 0.0


def _floats(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind == "f"


# ---------------------------------------------------------------------------------------- asking


class Eq(Compare):
    """x == y at each place."""

    ufunc, symbol = np.equal, "=="


class Ne(Compare):
    """x != y at each place."""

    ufunc, symbol = np.not_equal, "!="


class Lt(Compare):
    """x < y at each place."""

    ufunc, symbol = np.less, "<"


class Le(Compare):
    """x <= y at each place."""

    ufunc, symbol = np.less_equal, "<="


class Gt(Compare):
    """x > y at each place."""

    ufunc, symbol = np.greater, ">"


class Ge(Compare):
    """x >= y at each place."""

    ufunc, symbol = np.greater_equal, ">="


class Bitwise(Elementwise):
    """On bools, logic; on integers, the same bit by bit."""

    def run(self, *inputs: Any, **meta: Any) -> Any:
        try:
            return self.ufunc(*inputs)
        except TypeError:
            dtype = result_type(inputs)
            raise DtypeError(
                f"{self.name} of dtype {dtype}: it takes whole numbers or bools; compare first, as in (x > 0) & (y > 0)"
            ) from None


class BitwiseAnd(Bitwise, Compare):
    """x & y: for bool tensors, both."""

    ufunc, symbol = np.bitwise_and, "&"


class BitwiseOr(Bitwise, Compare):
    """x | y: for bool tensors, either or both."""

    ufunc, symbol = np.bitwise_or, "|"


class BitwiseXor(Bitwise, Compare):
    """x ^ y: for bool tensors, exactly one."""

    ufunc, symbol = np.bitwise_xor, "^"


class BitwiseNot(Bitwise):
    """~x: for bool tensors, not x."""

    ufunc, symbol, vjp = np.bitwise_not, "~", (None,)


maximum: Op = Maximum()
minimum: Op = Minimum()
clamp: Op = Clamp()
where: Op = Where()
eq: Op = Eq()
ne: Op = Ne()
lt: Op = Lt()
le: Op = Le()
gt: Op = Gt()
ge: Op = Ge()
bitwise_and: Op = BitwiseAnd()
bitwise_or: Op = BitwiseOr()
bitwise_xor: Op = BitwiseXor()
bitwise_not: Op = BitwiseNot()
