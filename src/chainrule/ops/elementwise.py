"""Operations that look at one place of their inputs at a time; shapes broadcast.

Symbols: x, y the inputs; out the result; g the gradient of the loss with respect to it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, DtypeError, OperandError
from chainrule.ops.base import Op, Shape, broadcast_shapes
from chainrule.ops.dtypes import as_dtype, bool_, result_type


class Elementwise(Op):
    """An operation that NumPy runs place by place: state its ``ufunc``."""

    ufunc: Any = None

    def __init__(self, name: str = "") -> None:
        super().__init__(name)
        if type(self).run is Elementwise.run:
            self.run = self.ufunc  # type: ignore[method-assign]  # one call less, for every operation of every step

    def run(self, *inputs: Any, **meta: Any) -> Any:
        return self.ufunc(*inputs)

    def infer(self, *shapes: Shape, **meta: Any) -> Shape:
        return broadcast_shapes(self.name, *shapes)


class Binary(Elementwise):
    """An elementwise operation of two inputs."""

    inputs = "x y"


# ---------------------------------------------------------------------------------------- arithmetic


class Add(Binary):
    """Sum of two tensors, place by place.  The slope is 1 in both.

    >>> chainrule.add(chainrule.tensor([1.0, 2.0]), 10)
    tensor([11., 12.])
    """

    ufunc, symbol = np.add, "+"
    vjp = (lambda g: g, lambda g: g)


class Sub(Binary):
    """Difference of two tensors.  The slope is 1 in the first and **-1** in the second.

    >>> chainrule.sub(chainrule.tensor([1.0, 2.0]), 10)
    tensor([-9., -8.])
    """

    ufunc, symbol = np.subtract, "-"
    vjp = (lambda g: g, lambda g: -g)

    def run(self, x: Any, y: Any) -> Any:
        if bool_ in (getattr(x, "dtype", None), getattr(y, "dtype", None)):
            raise DtypeError(
                "sub of bool tensors has no meaning; write x ^ y, x & ~y, or convert: x.float() - y.float()"
            )
        return super().run(x, y)


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

    symbol = "-"
    vjp = (lambda g: -g,)

    def run(self, x: Any) -> Any:
        if getattr(x, "dtype", None) == bool_:
            raise DtypeError("neg of a bool tensor has no meaning; write ~x for 'not x'")
        return np.negative(x)


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


# ---------------------------------------------------------------------------------------- functions


class Exp(Elementwise):
    """e to the power x.  Slope: itself.

    >>> chainrule.exp(chainrule.tensor([0.0, 1.0]))
    tensor([1.0000, 2.7183])
    """

    ufunc, kind = np.exp, "float"
    vjp = (lambda g, out: g * out,)


class Log(Elementwise):
    """Natural logarithm; -inf at 0 and nan below.  Slope: 1 / x.

    >>> chainrule.log(chainrule.tensor([1.0, 0.0]))
    tensor([0., -inf])
    """

    ufunc, kind = np.log, "float"
    vjp = (lambda g, x: g / x,)


class Sin(Elementwise):
    """Sine, of radians.  Slope: cos x."""

    ufunc, kind = np.sin, "float"
    vjp = (lambda g, x: g * cos(x),)


class Cos(Elementwise):
    """Cosine, of radians.  Slope: -sin x."""

    ufunc, kind = np.cos, "float"
    vjp = (lambda g, x: -g * sin(x),)


class Tanh(Elementwise):
    """Squash every number into (-1, 1).  Slope: 1 - tanh².

    >>> chainrule.tanh(chainrule.tensor([0.0, 1000.0]))
    tensor([0., 1.])
    """

    ufunc, kind = np.tanh, "float"
    vjp = (lambda g, out: g * (1.0 - out * out),)


class Sqrt(Elementwise):
    """Square root; nan below 0.  Slope: 1 / (2 sqrt x), infinite at 0."""

    ufunc, kind = np.sqrt, "float"
    vjp = (lambda g, out: g / (2.0 * out),)


class Sigmoid(Elementwise):
    """The logistic function 1 / (1 + e^-x), into (0, 1).  Slope: σ (1 - σ).

    Computed from e^-|x|, which cannot overflow: 1 / (1 + e^-|x|) for x ≥ 0, e^-|x| / (1 + e^-|x|) below.

    >>> chainrule.sigmoid(chainrule.tensor([-1000.0, 0.0, 1000.0]))
    tensor([0.0000, 0.5000, 1.0000])
    """

    kind = "float"
    vjp = (lambda g, out: g * (out * (1.0 - out)),)

    def run(self, x: Any) -> Any:
        e = np.exp(-np.abs(x))
        return np.where(np.signbit(x), e, 1.0) / (1.0 + e)


class Logsigmoid(Elementwise):
    """log σ(x) = -log(1 + e^-x), exact at both ends.  Slope: σ(-x)."""

    kind = "float"
    vjp = (lambda g, x: g * sigmoid(-x),)

    def run(self, x: Any) -> Any:
        return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


class Relu(Elementwise):
    """max(x, 0).  Slope: 1 where x > 0, else 0 (at 0 too, as in PyTorch).

    >>> chainrule.relu(chainrule.tensor([-1.0, 0.0, 2.0]))
    tensor([0., 0., 2.])
    """

    vjp = (lambda g, out: where(out <= 0, 0.0, g),)

    def run(self, x: Any) -> Any:
        return np.maximum(x, 0)


# ---------------------------------------------------------------------------------------- choosing


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
        return np.where(condition, x, y)


# ---------------------------------------------------------------------------------------- asking


class Compare(Binary):
    """A question with the answer True or False at each place; no gradient."""

    vjp = (None, None)


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


# ---------------------------------------------------------------------------------------- the same number


class Cast(Elementwise):
    """The same numbers in another dtype.  The gradient is cast back; through whole numbers and bools there is none."""

    kind, vjp = "any", (lambda g, x_dtype: cast(g, x_dtype),)

    def bind(self, input: Any, dtype: Any) -> Any:
        dtype = as_dtype(dtype)
        return (input if dtype.kind == "f" else detach(input),), {"dtype": dtype}

    def run(self, x: Any, dtype: Any) -> Any:
        return np.asarray(x).astype(dtype)


class Clone(Elementwise):
    """A copy with memory of its own; gradients flow through it."""

    kind, vjp = "any", (lambda g: g,)

    def run(self, x: Any) -> Any:
        return np.array(x, order="C")


class Detach(Elementwise):
    """The same memory, cut off from the graph: a constant to every gradient."""

    kind, vjp, shares_memory = "any", (None,), True

    def run(self, x: Any) -> Any:
        return x.view() if isinstance(x, np.ndarray) else x


add: Op = Add()
sub: Op = Sub()
mul: Op = Mul()
div: Op = Div()
pow: Op = Pow()
neg: Op = Neg()
abs: Op = Abs()
sign: Op = Sign()
exp: Op = Exp()
log: Op = Log()
sqrt: Op = Sqrt()
sin: Op = Sin()
cos: Op = Cos()
tanh: Op = Tanh()
sigmoid: Op = Sigmoid()
logsigmoid: Op = Logsigmoid()
relu: Op = Relu()
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
cast: Op = Cast()
clone: Op = Clone()
detach: Op = Detach()
