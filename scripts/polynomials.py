"""Fit the polynomials of `chainrule.compiler.native.mathematics`: the smallest largest error, by Remez's exchange.

    python scripts/polynomials.py           prints the coefficients, and the error that is left
    python scripts/polynomials.py --check   exits 1 if they are not those in the module

Needs mpmath (which comes with torch) and the extra compile; takes some seconds.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import mpmath
from mpmath import mpf

from chainrule.compiler.native import mathematics

Function = Callable[[Any], Any]
mpmath.mp.dps = 60
HALF_LOG2 = mpmath.log(2) / 2 * mpf("1.001")
LARGEST_Z = ((mpmath.sqrt(2) - 1) / (mpmath.sqrt(2) + 1)) ** 2 * mpf("1.001")
QUARTER = (mpmath.pi / 4 * mpf("1.0001")) ** 2


def fit(f: Function, weight: Function, low: Any, high: Any, degree: int) -> tuple[list[float], float]:
    """The polynomial of ``degree`` whose weighted distance from f on [low, high] is smallest, and that distance."""
    low, high, count = mpf(low), mpf(high), degree + 2
    middle, half, fine = (low + high) / 2, (high - low) / 2, 40 * count
    grid = [middle - half * mpmath.cos(mpmath.pi * k / fine) for k in range(fine + 1)]
    points = grid[:: fine // (count - 1)][:count]
    for _ in range(12):
        rows = [[x**k for k in range(degree + 1)] + [(-1) ** i / weight(x)] for i, x in enumerate(points)]
        solved = mpmath.lu_solve(mpmath.matrix(rows), mpmath.matrix([f(x) for x in points]))
        coefficients = [solved[k] for k in range(degree + 1)]
        errors = [(mpmath.polyval(coefficients[::-1], x) - f(x)) * weight(x) for x in grid]
        runs = [[0]]  # of one sign
        for k in range(1, fine + 1):
            if (errors[k] > 0) == (errors[k - 1] > 0):
                runs[-1].append(k)
            else:
                runs.append([k])
        peaks = [max(run, key=lambda k: abs(errors[k])) for run in runs]
        if len(peaks) < count:
            break
        while len(peaks) > count:
            peaks.pop(0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1)
        points = [grid[k] for k in peaks]
    return [float(c) for c in coefficients], float(max(abs(error) for error in errors))


def exp_rest(r: Any) -> Any:
    return mpf(1) / 2 + r / 6 + r * r / 24 if abs(r) < 1e-12 else (mpmath.expm1(r) - r) / r**2


def log_rest(z: Any) -> Any:
    return mpf(2) / 3 + 2 * z / 5 if z < 1e-20 else (2 * mpmath.atanh(mpmath.sqrt(z)) / mpmath.sqrt(z) - 2) / z


def sin_rest(z: Any) -> Any:
    return -mpf(1) / 6 + z / 120 if z < 1e-20 else (mpmath.sin(mpmath.sqrt(z)) / mpmath.sqrt(z) - 1) / z


def cos_rest(z: Any) -> Any:
    return mpf(1) / 24 - z / 720 if z < 1e-20 else (mpmath.cos(mpmath.sqrt(z)) - 1 + z / 2) / z**2


def erf_rest(z: Any) -> Any:
    root = mpmath.sqrt(z)
    return 2 / mpmath.sqrt(mpmath.pi) if z < 1e-25 else mpmath.erf(root) / root


def log_erfc(x: Any) -> Any:
    return mpmath.log(mpmath.erfc(x))


SMALL = mpf("1e-9")  # keeps a weight from vanishing
TABLE = {
    "exp, float32": (exp_rest, lambda r: r * r + mpf("1e-6"), -HALF_LOG2, HALF_LOG2, mathematics.EXP[False]),
    "exp, float64": (exp_rest, lambda r: r * r + mpf("1e-6"), -HALF_LOG2, HALF_LOG2, mathematics.EXP[True]),
    "log, float32": (log_rest, lambda z: z / 2 + SMALL, 0, LARGEST_Z, mathematics.LOG[False]),
    "log, float64": (log_rest, lambda z: z / 2 + SMALL, 0, LARGEST_Z, mathematics.LOG[True]),
    "sin": (sin_rest, lambda z: z + SMALL, 0, QUARTER, mathematics.SIN),
    "cos": (cos_rest, lambda z: z * z + SMALL, 0, QUARTER, mathematics.COS),
    "erf, near": (erf_rest, lambda z: 1 / erf_rest(z), 0, 1, mathematics.ERF_NEAR),
    "erf, far": (log_erfc, lambda x: mpmath.erfc(x) / mpmath.erf(x), 1, 4, mathematics.ERF_FAR),
}


def main() -> int:
    differ = 0
    for name, (f, weight, low, high, used) in TABLE.items():
        coefficients, error = fit(f, weight, low, high, len(used) - 1)
        print(f"{name}: error {error:.1e}\n    {coefficients}")
        if coefficients != used:
            differ += 1
            print(f"    in the module: {used}")
    return 1 if differ and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
