"""exp, log, tanh, … of one number, written for loops: no jumps, so LLVM computes 8 or 16 at a time.

``exp_f32, exp_f64, log_f32, …`` are for generated code to call; each is within 4 units in the last place, and inf, nan,
the two zeros and subnormal numbers come out as NumPy's.  Polynomials were fitted by the exchange method of Remez in 60
digits (`scripts/polynomials.py`); the ways to reduce an argument are classical (Muller, Elementary Functions, 2016).

    n    a whole number;  r  what is left of x after taking n pieces of it away
    q    e^r - 1
"""

from __future__ import annotations

import math

import numpy as np
from numba import types

from chainrule.compiler.native.emitting import (
    Bits,
    Number,
    either,
    polynomial,
    scalar,
    size,
    where,
    with_sign,
)
from chainrule.ops.dtypes import NEGLIGIBLE

INF, NAN = math.inf, math.nan
# 1.5 · 2^(digits - 1): adding it to a small number rounds that to a whole one, which then stands in the last bits
ROUNDER = {False: 1.5 * 2.0**23, True: 1.5 * 2.0**52}
ROUNDER_BITS = {False: 0x4B400000, True: 0x4338000000000000}
DIGITS = {False: 23, True: 52}
BIAS = {False: 127, True: 1023}

# (e^r - 1 - r) / r² for |r| ≤ log(2) / 2
EXP = {
    False: [0.5000000078325125, 0.16666666861150087, 0.041666268501505045, 0.008333264243457322,
            0.001394617732384611, 0.00019918451574804994],
    True: [0.5, 0.16666666666666685, 0.04166666666666673, 0.00833333333331662, 0.0013888888888858558,
           0.00019841269897361168, 2.4801587373568192e-05, 2.755723392989177e-06, 2.7557233474700764e-07,
           2.5112348405211147e-08, 2.0926915215829804e-09],
}  # fmt: skip
# (2 artanh(s) / s - 2) / s², in s²
LOG = {
    False: [0.6666677671146685, 0.3997749618553309, 0.2987305962966595],
    True: [0.6666666666666735, 0.3999999999941111, 0.28571428743259214, 0.22222198476232152, 0.18183569732197685,
           0.15313903317842953, 0.14797508139740306],
}  # fmt: skip
# (sin(r) - r) / r³ and (cos(r) - 1 + r²/2) / r⁴ for |r| ≤ π/4, in r² (float32)
SIN = [-0.16666654936579295, 0.008332177682701617, -0.000195172343294646]
COS = [0.041666646856699914, -0.0013887367007409015, 2.4438389569859372e-05]
# erf(x) / x in x² for |x| < 1, and log erfc(x) for 1 ≤ x ≤ 4
ERF_NEAR = [1.1283791657270887, -0.3761262582510113, 0.11283585150676004, -0.0268538118463975, 0.005188327319515221,
            -0.0008010189247274423, 7.853844045899821e-05]  # fmt: skip
ERF_FAR = [-0.0003415849366198641, -1.127088938662673, -0.6381452508873238, -0.10310639043543592,
           0.021837888718971854, -0.0029476140662091687, 0.000186374617863414]  # fmt: skip
# log 2 and π / 2 in pieces: the first ones so short that a multiple by n is exact
LOG2 = {False: (0.693359375, -2.12194440e-4), True: (0.6931471803691238, 1.9082149292705877e-10)}
HALF_PI = (1.5707963267341256, 6.077100506506192e-11)
FAR = 2.0**20  # up to here a multiple of the first piece of π/2 is exact
TWO_OVER_PI = 0xA2F9836E4E441529FC2757D1F534DDC0DB6295993C439041FE5163ABDEBBC561B7246E  # · 2^-280
# for x = m 2^(e - 150): bits of m TWO_OVER_PI 2^(e - 150) from 2^1 to 2^-94
_WINDOWS = [(TWO_OVER_PI << e) >> 336 & (1 << 96) - 1 for e in range(256)]
TURNS = {"high": [bits >> 32 for bits in _WINDOWS], "low": [bits & 0xFFFFFFFF for bits in _WINDOWS]}


def _whole(x: Number) -> tuple[Number, Bits]:
    """The nearest whole number, as a number and as an integer."""
    shifted = x + ROUNDER[x.double]
    return shifted - ROUNDER[x.double], shifted.bits() - ROUNDER_BITS[x.double]


def _power_of_two(n: Bits, double: bool) -> Number:
    """2^n, for the n of normal numbers."""
    return ((n + BIAS[double]) << DIGITS[double]).number()


def _expm1_reduced(x: Number) -> tuple[Bits, Number]:
    """n and q with e^x = 2^n (1 + q) and |q| ≤ √2 - 1."""
    high, low = LOG2[x.double]
    n, whole = _whole(x * (1.0 / math.log(2.0)))
    r = (x - n * high) - n * low
    return whole, r + r * r * polynomial(r, EXP[x.double])


def exp(x: Number) -> Number:
    """e^x: 2^n e^r.  The power of two in two halves: neither overflows, and subnormal results are rounded once.

    What is 0 is not computed: to round a product to 0 takes a processor as long as to make a subnormal number.
    """
    top, bottom = (710.0, -746.0) if x.double else (89.0, -104.0)
    gone = x < bottom
    clamped = where(x > top, top, where(gone, 0.0, x))  # nan stays: both comparisons fail
    n, q = _expm1_reduced(clamped)
    half = (n + 2048 >> 1) - 1024  # a logical shift, so of something from 0 on
    return where(gone, 0.0, (1.0 + q) * _power_of_two(half, x.double) * _power_of_two(n - half, x.double))


def expm1(x: Number) -> Number:
    """e^x - 1 = 2^n (q + (1 - 2^-n)), exact near 0, where n is 0."""
    top, bottom = (710.0, -40.0) if x.double else (89.0, -20.0)
    clamped = where(x > top, top, where(x < bottom, bottom, x))
    n, q = _expm1_reduced(clamped)
    half = (n + 2048 >> 1) - 1024
    first, second = _power_of_two(half, x.double), _power_of_two(n - half, x.double)
    inverse = _power_of_two(-half, x.double) * _power_of_two(half - n, x.double)
    return where(x.equals(0.0), x, (q + (1.0 - inverse)) * first * second)


def _log_parts(x: Number) -> tuple[Number, Number]:
    """k and f with x = 2^k (1 + f) and √½ ≤ 1 + f < √2, for normal x above 0."""
    digits = DIGITS[x.double]
    root = 0x3FE6A09E667F3BCD if x.double else 0x3F3504F3  # the bits of √½
    bits = x.bits()
    biased = bits - root + (BIAS[x.double] << digits) >> digits  # k + BIAS
    fraction = bits - (biased - BIAS[x.double] << digits)
    k = (biased + ROUNDER_BITS[x.double]).number() - (ROUNDER[x.double] + BIAS[x.double])
    return k, fraction.number() - 1.0


def _log_of(k: Number, f: Number, rest: Number | None = None) -> Number:
    """k log 2 + log(1 + f) + rest.  With s = f / (2 + f): log(1 + f) = 2 artanh s = f - f²/2 + s (f²/2 + s² L(s²))."""
    high, low = LOG2[f.double]
    s = f / (2.0 + f)
    z = s * s
    square = 0.5 * f * f
    tail = s * (square + z * polynomial(z, LOG[f.double])) + k * low
    if rest is not None:
        tail = tail + rest
    return k * high - ((square - tail) - f)


def _raised(x: Number) -> tuple[Number, Number]:
    """x, times a power of two if it is subnormal, and the exponent of that power."""
    tiny, exponent = (2.0**-1022, 54.0) if x.double else (2.0**-126, 24.0)
    small = x < tiny
    return where(small, x * 2.0**exponent, x), where(small, x.constant(exponent), 0.0)


def log(x: Number) -> Number:
    """log x = k log 2 + log(1 + f); -inf at 0, nan below."""
    raised, exponent = _raised(x)
    k, f = _log_parts(raised)
    inside = where(x < INF, _log_of(k - exponent, f), x)
    return where(x > 0.0, inside, where(x.equals(0.0), -INF, x.constant(NAN)))


def log1p(x: Number) -> Number:
    """log(1 + x) = log u + (x - (u - 1)) / u for u = 1 + x rounded: the quotient gives back what rounding took."""
    u = 1.0 + x
    k, f = _log_parts(u)
    lost = where(size(x) > 1.0, 1.0 - (u - x), x - (u - 1.0))
    inside = where(x < INF, _log_of(k, f, lost / u), x)
    near = where(x.equals(0.0), x, inside)  # -0 stays -0
    return where(x > -1.0, near, where(x.equals(-1.0), -INF, x.constant(NAN)))


def tanh(x: Number) -> Number:
    """(e^2|x| - 1) / (e^2|x| + 1) with the sign of x."""
    far = 20.0 if x.double else 10.0  # from here on it is 1 in every digit
    absolute = size(x)
    n, q = _expm1_reduced(2.0 * where(absolute > far, far, absolute))
    power = _power_of_two(n, x.double)
    t = q * power + (power - 1.0)
    return with_sign(where(absolute < far, t / (t + 2.0), where(absolute > 0.0, 1.0, x)), x)


def sigmoid(x: Number) -> Number:
    """1 / (1 + e^-x), from e^-|x|, which cannot overflow.  Beside the 1 what is below e^-40 counts for nothing."""
    e = exp(where(x > 40.0, -40.0, -size(x)))
    return where(x < 0.0, e, 1.0) / (1.0 + e)


def logsigmoid(x: Number) -> Number:
    """log σ(x) = min(x, 0) - log(1 + e^-|x|), where a negligible e^-|x| is flushed (see `ops.elementwise.Flush`)."""
    small = NEGLIGIBLE[np.dtype("float64" if x.double else "float32")]
    far = size(x) > 1.0 - math.log(small)
    e = exp(where(far, math.log(small) - 1.0, -size(x)))
    return where(x > 0.0, 0.0, x) - log1p(where(e < small, 0.0, e))


def _turns_near(x: Number) -> tuple[Bits, Number]:
    """n and r with x = n π/2 + r and |r| ≤ π/4, worked out in float64, for 0 ≤ x ≤ FAR (float32)."""
    n, whole = _whole(x.wide() * (2.0 / math.pi))
    return whole, x.wide() - n * HALF_PI[0] - n * HALF_PI[1]


def _turns_far(x: Number) -> tuple[Bits, Number]:
    """n and r for any float32 x: m 2^e times 2/π in whole numbers (Payne & Hanek 1983).

    Of x · 2/π = n + r · 2/π only n modulo 4 counts, so whole turns are never computed: `TURNS` holds, for each e, the
    96 bits of 2/π that matter.
    """
    bits = x.bits()
    m, place = (bits & 0x7FFFFF | 0x800000).doubled(), bits >> 23 & 255
    high, low = (place.look_up(f"turns_{part}", table) for part, table in TURNS.items())
    turns = m * high + (m * low >> 32)  # 2 bits before the point, 62 after it
    n = turns + (1 << 61) >> 62
    return n, (turns - (n << 62)).signed_number() * (math.pi / 2 * 2.0**-62)


def _sine_after(x: Number, quarters: int) -> Number:
    """sin(x + quarters · π/2) for float32 x ≥ 0: by the quadrant, ± the polynomial of the sine or of the cosine."""
    (n, near), (n_far, far) = _turns_near(x), _turns_far(x)
    is_far = x > FAR
    r = where(is_far, far, near).narrow()
    z = r * r
    sine = r + r * z * polynomial(z, SIN)
    cosine = 1.0 - (0.5 * z - z * z * polynomial(z, COS))
    n = n_far.instead_of(n, is_far) + quarters
    value = where((n & 1).is_zero(), sine, cosine)
    return where(x < INF, where((n & 2).is_zero(), value, -value), NAN)


def sin(x: Number) -> Number:
    """sin x: float32 in vectors, for any x; float64 by the system's library, as NumPy's."""
    if x.double:
        return x.library("sin")
    value = _sine_after(size(x), 0)
    return where(x > 0.0, value, where(x < 0.0, -value, x))


def cos(x: Number) -> Number:
    """cos x, likewise."""
    return x.library("cos") if x.double else _sine_after(size(x), 1)


def erf(x: Number) -> Number:
    """float32: x P(x²) for |x| < 1, 1 - e^Q(|x|) beyond; float64: the system's library (not in vectors)."""
    if x.double:
        return x.library("erf")
    absolute = size(x)
    near = absolute * polynomial(x * x, ERF_NEAR)
    far = 1.0 - exp(polynomial(where(absolute > 4.0, 4.0, absolute), ERF_FAR))  # 1 in every digit from 3.9 on
    return with_sign(where(absolute < 1.0, near, where(absolute > 0.0, far, x)), x)


def total(a: Number, b: Number) -> Number:
    """a + b, one step of a sum that may be taken in any order, so also in vectors."""
    return a.loosely("fadd", b)


def product(a: Number, b: Number) -> Number:
    """a b, one step of a product that may be taken in any order."""
    return a.loosely("fmul", b)


def largest(a: Number, b: Number) -> Number:
    """The larger of two; nan if either is, as `numpy.maximum`."""
    return a.call("llvm.maximum", b)


def smallest(a: Number, b: Number) -> Number:
    """The smaller of two; nan if either is, as `numpy.minimum`."""
    return a.call("llvm.minimum", b)


F32, F64 = types.float32, types.float64
exp_f32, exp_f64 = scalar(exp, F32), scalar(exp, F64)
expm1_f32, expm1_f64 = scalar(expm1, F32), scalar(expm1, F64)
log_f32, log_f64 = scalar(log, F32), scalar(log, F64)
log1p_f32, log1p_f64 = scalar(log1p, F32), scalar(log1p, F64)
tanh_f32, tanh_f64 = scalar(tanh, F32), scalar(tanh, F64)
sigmoid_f32, sigmoid_f64 = scalar(sigmoid, F32), scalar(sigmoid, F64)
logsigmoid_f32, logsigmoid_f64 = scalar(logsigmoid, F32), scalar(logsigmoid, F64)
sin_f32, sin_f64 = scalar(sin, F32), scalar(sin, F64)
cos_f32, cos_f64 = scalar(cos, F32), scalar(cos, F64)
erf_f32, erf_f64 = scalar(erf, F32), scalar(erf, F64)
add_r, mul_r, max_r, min_r = either(total), either(product), either(largest), either(smallest)
