"""+ - * / ** and what is near them, place by place."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, DtypeError
from chainrule.ops.base import Op
from chainrule.ops.choosing import where
from chainrule.ops.dtypes import bool_
from chainrule.ops.elementwise import Binary, Elementwise, Step
from chainrule.ops.functions import log


class Scaled(Binary):
    """A sum or difference whose second term may be taken ``alpha`` times."""

    def bind(self, *args: Any, alpha: Any = None, **kwargs: Any) -> Any:
        inputs, meta = super().bind(*args, **kwargs)
        return inputs if alpha is None else (inputs[0], alpha * inputs[1]), meta


class Add(Scaled):
    """Sum of two tensors, place by place.  The slope is 1 in both.

    >>> chainrule.add(chainrule.tensor([1.0, 2.0]), 10)
    tensor([11., 12.])
    """

    ufunc, symbol = np.add, "+"
    vjp = (lambda g: g, lambda g: g)


class Sub(Scaled):
    """Difference of two tensors.  The slope is 1 in the first and **-1** in the second.

    >>> chainrule.sub(chainrule.tensor([1.0, 2.0]), 10)
    tensor([-9., -8.])
    """

    ufunc, symbol = np.subtract, "-"
    vjp = (lambda g: g, lambda g: -g)
    not_for_bools = "bool tensors has no meaning; write x ^ y, x & ~y, or convert: x.float() - y.float()"


class Mul(Binary):
    """Product of two tensors, place by place.  The slope in each is the other.

    >>> chainrule.mul(chainrule.tensor([1.0, 2.0]), 10)
    tensor([10., 20.])
    """

    ufunc, symbol = np.multiply, "*"
    vjp = (lambda g, y: g * y, lambda g, x: g * x)


class Div(Binary):
    """Quotient x / y; integers are divided as floats.  Slopes: 1 / y and -x / y².

    >>> chainrule.div(chainrule.tensor([1, 2]), 4)
    tensor([0.2500, 0.5000])
    """

    ufunc, symbol, kind = np.true_divide, "/", "float"
    vjp = (lambda g, y: g / y, lambda g, x, y: -g * x / (y * y))


class Pow(Binary):
    """Power x ** y.  Slopes: y x^(y-1) and x^y ln x, taken as 0 where y = 0 and where x = 0 ≤ y.

    >>> chainrule.pow(chainrule.tensor([1.0, 2.0, 3.0]), 2)
    tensor([1., 4., 9.])
    """

    symbol = "**"
    vjp = (lambda g, x, y: _slope_in_base(g, x, y), lambda g, out, x, y: _slope_in_exponent(g, out, x, y))

    def run(self, x: Any, y: Any) -> Any:
        if type(y) in (int, float):
            if y == 2:
                return np.multiply(x, x)
            if y == 3:
                return np.multiply(np.multiply(x, x), x)  # twenty times faster than np.power, and what PyTorch does
            if y < 0 and getattr(x, "dtype", np.dtype(float)).kind in "iu":
                raise DtypeError(f"pow of {x.dtype} to {y}: integers have no negative powers; write x.float() ** {y}")
        try:
            out = np.power(x, y)
            return out if out.dtype != np.int8 else out.astype(bool_)  # NumPy's answer to two bools
        except ValueError as error:
            if "negative" not in str(error):  # the shapes do not fit
                raise
            raise DtypeError(
                "pow of integers to a tensor with negative numbers: integers have no negative powers; "
                "write x.float() ** y"
            ) from None


def _slope_in_base(g: Any, x: Any, y: Any) -> Any:
    if type(y) in (int, float):
        return 2.0 * g * x if y == 2 else g * y * x ** (y - 1) if y else g * 0.0
    return where(y == 0, 0.0, g * y * x ** (y - 1))


def _slope_in_exponent(g: Any, out: Any, x: Any, y: Any) -> Any:
    if type(x) in (int, float):
        return g * out * (math.log(x) if x > 0 else math.nan) if x else where(y >= 0, 0.0, g * -math.inf)
    return where((x == 0) & (y >= 0), 0.0, g * out * log(x))


class Neg(Elementwise):
    """The number with its sign turned: -x.  Slope: -1."""

    ufunc, symbol = np.negative, "-"
    vjp = (lambda g: -g,)
    not_for_bools = "a bool tensor has no meaning; write ~x for 'not x'"


class Abs(Elementwise):
    """The size of a number.  Slope: its sign, and 0 at 0.

    >>> chainrule.abs(chainrule.tensor([-2.0, 0.0, 3.0]))
    tensor([2., 0., 3.])
    """

    ufunc = np.absolute
    vjp = (lambda g, x: g * sign(x),)


class Sign(Elementwise):
    """-1, 0 or 1.  The slope is 0 everywhere it exists, and taken as 0 at the step.

    nan stays nan (PyTorch answers 0): whoever made it should hear of it.
    """

    vjp = (lambda g: g * 0.0,)

    def run(self, x: Any) -> Any:
        return np.array(x) if getattr(x, "dtype", None) == bool_ else np.sign(x)


class Floor(Step):
    """The largest whole number not above x."""

    ufunc = np.floor


class Ceil(Step):
    """The smallest whole number not below x."""

    ufunc = np.ceil


class Trunc(Step):
    """The whole number next to x on the way to 0."""

    ufunc = np.trunc


class Round(Step):
    """The nearest whole number, or multiple of 10^-decimals; halves go to the even neighbour.

    >>> chainrule.round(chainrule.tensor([0.5, 1.5, -2.5]))
    tensor([ 0.,  2., -2.])
    """

    ufunc = staticmethod(np.round)

    def bind(self, input: Any, *, decimals: int = 0) -> Any:
        return (input,), {"decimals": decimals}


class WholeDivision(Binary):
    """A division with a whole part; integers may not be divided by 0."""

    def run(self, *inputs: Any, **meta: Any) -> Any:
        if all(np.asarray(x).dtype == bool_ for x in inputs):
            raise DtypeError(f"{self.name} of bools has no meaning; convert one first: x.long()")
        divisor = np.asarray(inputs[1])
        if divisor.dtype.kind in "iub" and not divisor.all() and np.asarray(inputs[0]).dtype.kind in "iub":
            raise ArgumentError(f"{self.name} of integers by 0 has no result; write x.float() to get inf or nan")
        return self.ufunc(*inputs)


class FloorDivide(WholeDivision):
    """x / y rounded down to a whole number; no gradient."""

    ufunc, symbol, vjp = np.floor_divide, "//", (None, None)


class Remainder(WholeDivision):
    """What x has beyond a whole number of y, with the sign of y: x - y floor(x / y).  Slopes: 1 and -floor(x / y)."""

    ufunc, symbol = np.remainder, "%"
    vjp = (lambda g: g, lambda g, x, y: -g * floor(x / y))


class Fmod(WholeDivision):
    """What x has beyond a whole number of y, with the sign of x: x - y trunc(x / y).  Slopes: 1 and -trunc(x / y)."""

    ufunc = np.fmod
    vjp = (lambda g: g, lambda g, x, y: -g * trunc(x / y))


add: Op = Add()
sub: Op = Sub()
mul: Op = Mul()
div: Op = Div()
pow: Op = Pow()
neg: Op = Neg()
abs: Op = Abs()
sign: Op = Sign()
floor: Op = Floor()
ceil: Op = Ceil()
trunc: Op = Trunc()
round: Op = Round()
floor_divide: Op = FloorDivide()
remainder: Op = Remainder()
fmod: Op = Fmod()
