"""Functions of one number, place by place (and two of two)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.ops.base import Op
from chainrule.ops.choosing import where
from chainrule.ops.elementwise import Binary, Elementwise, flush


class Float(Elementwise):
    """A function whose results are floating numbers, whatever it is given."""

    kind = "float"


class Exp(Float):
    """e to the power x.  Slope: itself.

    >>> chainrule.exp(chainrule.tensor([0.0, 1.0]))
    tensor([1.0000, 2.7183])
    """

    ufunc = np.exp
    vjp = (lambda g, out: g * out,)


class Log(Float):
    """Natural logarithm; -inf at 0 and nan below.  Slope: 1 / x.

    >>> chainrule.log(chainrule.tensor([1.0, 0.0]))
    tensor([0., -inf])
    """

    ufunc = np.log
    vjp = (lambda g, x: g / x,)


class Sin(Float):
    """Sine, of radians.  Slope: cos x."""

    ufunc = np.sin
    vjp = (lambda g, x: g * cos(x),)


class Cos(Float):
    """Cosine, of radians.  Slope: -sin x."""

    ufunc = np.cos
    vjp = (lambda g, x: -g * sin(x),)


class Tanh(Float):
    """Squash every number into (-1, 1).  Slope: 1 - tanh².

    >>> chainrule.tanh(chainrule.tensor([0.0, 1000.0]))
    tensor([0., 1.])
    """

    ufunc = np.tanh
    vjp = (lambda g, out: g * (1.0 - out * out),)


class Sqrt(Float):
    """Square root; nan below 0.  Slope: 1 / (2 sqrt x), infinite at 0."""

    ufunc = np.sqrt
    vjp = (lambda g, out: g / (2.0 * out),)


class Sigmoid(Float):
    """The logistic function 1 / (1 + e^-x), into (0, 1).  Slope: σ (1 - σ).

    Computed from e^-|x|, which cannot overflow: 1 / (1 + e^-|x|) for x ≥ 0, e^-|x| / (1 + e^-|x|) below.

    >>> chainrule.sigmoid(chainrule.tensor([-1000.0, 0.0, 1000.0]))
    tensor([0.0000, 0.5000, 1.0000])
    """

    vjp = (lambda g, out: g * (out * (1.0 - out)),)

    def run(self, x: Any) -> Any:
        e = np.exp(-np.abs(x))
        return np.where(np.signbit(x), e, 1.0) / (1.0 + e)


class Logsigmoid(Float):
    """log σ(x) = -log(1 + e^-x), exact at both ends.  Slope: σ(-x).  Both flushed (see `Flush`) where x is large."""

    vjp = (lambda g, x: g * flush.act(sigmoid.act(-x)),)

    def run(self, x: Any) -> Any:
        return np.minimum(x, 0) - np.log1p(flush.run(np.exp(-np.abs(x))))


class Relu(Elementwise):
    """max(x, 0).  Slope: 1 where x > 0, else 0 (at 0 too, as in PyTorch).

    >>> chainrule.relu(chainrule.tensor([-1.0, 0.0, 2.0]))
    tensor([0., 0., 2.])
    """

    vjp = (lambda g, out: where(out <= 0, 0.0, g),)

    def run(self, x: Any) -> Any:
        return np.maximum(x, 0)


class Expm1(Float):
    """e^x - 1, exact near 0 where e^x is almost 1.  Slope: e^x."""

    ufunc = np.expm1
    vjp = (lambda g, out: g * (out + 1.0),)


class Log1p(Float):
    """log(1 + x), exact near 0.  Slope: 1 / (1 + x)."""

    ufunc = np.log1p
    vjp = (lambda g, x: g / (1.0 + x),)


class Log2(Float):
    """Logarithm to base 2.  Slope: 1 / (x ln 2)."""

    ufunc = np.log2
    vjp = (lambda g, x: g / (x * math.log(2.0)),)


class Log10(Float):
    """Logarithm to base 10.  Slope: 1 / (x ln 10)."""

    ufunc = np.log10
    vjp = (lambda g, x: g / (x * math.log(10.0)),)


class Exp2(Float):
    """2 to the power x.  Slope: 2^x ln 2."""

    ufunc = np.exp2
    vjp = (lambda g, out: g * out * math.log(2.0),)


class Tan(Float):
    """Tangent, of radians.  Slope: 1 + tan²."""

    ufunc = np.tan
    vjp = (lambda g, out: g * (1.0 + out * out),)


class Asin(Float):
    """The angle whose sine is x.  Slope: 1 / √(1 - x²)."""

    ufunc = np.arcsin
    vjp = (lambda g, x: g / sqrt(1.0 - x * x),)


class Acos(Float):
    """The angle whose cosine is x.  Slope: -1 / √(1 - x²)."""

    ufunc = np.arccos
    vjp = (lambda g, x: -g / sqrt(1.0 - x * x),)


class Atan(Float):
    """The angle whose tangent is x.  Slope: 1 / (1 + x²)."""

    ufunc = np.arctan
    vjp = (lambda g, x: g / (1.0 + x * x),)


class Sinh(Float):
    """(e^x - e^-x) / 2.  Slope: cosh x."""

    ufunc = np.sinh
    vjp = (lambda g, x: g * cosh(x),)


class Cosh(Float):
    """(e^x + e^-x) / 2.  Slope: sinh x."""

    ufunc = np.cosh
    vjp = (lambda g, x: g * sinh(x),)


class Asinh(Float):
    """The number whose sinh is x.  Slope: 1 / √(x² + 1)."""

    ufunc = np.arcsinh
    vjp = (lambda g, x: g / sqrt(x * x + 1.0),)


class Acosh(Float):
    """The number from 0 on whose cosh is x.  Slope: 1 / √(x² - 1)."""

    ufunc = np.arccosh
    vjp = (lambda g, x: g / sqrt((x - 1.0) * (x + 1.0)),)


class Atanh(Float):
    """The number whose tanh is x.  Slope: 1 / (1 - x²)."""

    ufunc = np.arctanh
    vjp = (lambda g, x: g / (1.0 - x * x),)


class Erf(Float):
    """2 / √π times the integral of e^-t² from 0 to x.  Slope: 2 / √π e^-x².

    Computed, to the last digit of float64, from its power series for |x| < 0.65 and from `_erfc` beyond.

    >>> chainrule.erf(chainrule.tensor([0.0, 1.0, -10.0]))
    tensor([ 0.0000,  0.8427, -1.0000])
    """

    vjp = (lambda g, x: g * (2.0 / math.sqrt(math.pi)) * exp(-x * x),)

    def run(self, x: Any) -> Any:
        wide = np.asarray(x, np.float64)
        size = np.abs(wide)
        near = wide * np.polynomial.polynomial.polyval(np.minimum(size, 1.0) ** 2, _SERIES)
        return np.where(size < 0.65, near, np.copysign(1.0 - _erfc(size), wide)).astype(x.dtype)


_SERIES = [2 / math.sqrt(math.pi) * (-1) ** k / (math.factorial(k) * (2 * k + 1)) for k in range(14)]

# Chebyshev coefficients, in 2t - 1, of log(e^(x²) erfc(x) / t) for t = 2 / (2 + x): fitted in 50-digit arithmetic
# at 64 Chebyshev points; the first left out is below 1e-17
_ERFC = [
    -0.6513268598908547, 0.6419697923564902, 0.019476473204185836, -0.009561514786808632, -0.0009465953444820369,
    0.00036683949785276145, 4.252332480690777e-05, -2.0278578112534242e-05, -1.6242900046470256e-06,
    1.3036558355805232e-06, 1.5626441722066142e-08, -8.523809591492654e-08, 6.5290544390988515e-09,
    5.059343495551469e-09, -9.91364156493033e-10, -2.273651222931836e-10, 9.646791102015527e-11,
    2.3940380830391146e-12, -6.886027526497553e-12, 8.944879273090725e-13, 3.130921399342958e-13,
    -1.1270822361367252e-13, 3.810905255189232e-16, 7.106097613609237e-15, -1.5230282014571043e-15,
    -9.457494571291233e-17, 1.210237189224279e-16, -2.816663087747177e-17,
]  # fmt: skip


def _erfc(x: Any) -> Any:
    """1 - erf(x) for x ≥ 0."""
    t = 2.0 / (2.0 + x)
    return t * np.exp(-x * x + np.polynomial.chebyshev.chebval(2.0 * t - 1.0, _ERFC))


class Erfc(Float):
    """1 - erf(x), exact where erf is almost 1.  Slope: -2 / √π e^-x²."""

    vjp = (lambda g, x: g * (-2.0 / math.sqrt(math.pi)) * exp(-x * x),)

    def run(self, x: Any) -> Any:
        wide = np.asarray(x, np.float64)
        far = _erfc(np.abs(wide))
        return np.where(wide < 0, 2.0 - far, far).astype(x.dtype)


class Atan2(Binary):
    """The angle of the point (y, x) = (other, input).  Slopes: x / (x² + y²) and -y / (x² + y²)."""

    ufunc, kind = np.arctan2, "float"
    vjp = (lambda g, x, y: g * y / (x * x + y * y), lambda g, x, y: -g * x / (x * x + y * y))


class Hypot(Binary):
    """√(x² + y²), without overflow on the way.  Slopes: x / hypot and y / hypot."""

    ufunc, kind = np.hypot, "float"
    vjp = (lambda g, out, x: g * (x / out), lambda g, out, y: g * (y / out))


exp: Op = Exp()
log: Op = Log()
sin: Op = Sin()
cos: Op = Cos()
tanh: Op = Tanh()
sqrt: Op = Sqrt()
sigmoid: Op = Sigmoid()
logsigmoid: Op = Logsigmoid()
relu: Op = Relu()
expm1: Op = Expm1()
log1p: Op = Log1p()
log2: Op = Log2()
log10: Op = Log10()
exp2: Op = Exp2()
tan: Op = Tan()
asin: Op = Asin()
acos: Op = Acos()
atan: Op = Atan()
sinh: Op = Sinh()
cosh: Op = Cosh()
asinh: Op = Asinh()
acosh: Op = Acosh()
atanh: Op = Atanh()
erf: Op = Erf()
erfc: Op = Erfc()
atan2: Op = Atan2()
hypot: Op = Hypot()
