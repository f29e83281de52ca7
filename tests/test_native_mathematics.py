"""exp, log, tanh, … for loops: how far from the truth, what comes out at the edges, and that loops use vectors."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule

pytest.importorskip("numba")

from numba import njit

from chainrule.compiler.native import mathematics
from chainrule.ops.dtypes import NEGLIGIBLE

ULPS = 4.0
PLAIN = {"error_model": "numpy", "fastmath": {"contract"}}
WIDE = np.longdouble
TRUTH: dict[str, Callable[[Any], Any]] = {
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "tanh": np.tanh,
    "sigmoid": lambda x: np.where(x < 0, np.exp(-np.abs(x)), WIDE(1)) / (1 + np.exp(-np.abs(x))),
    "logsigmoid": lambda x: np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x))),
    "sin": np.sin,
    "cos": np.cos,
}
NEED_80_BITS = pytest.mark.skipif(np.finfo(np.longdouble).nmant < 63, reason="no wider number to compare with")


def looped(name: str) -> Any:
    """The function over a whole array, as generated code calls it."""
    function = getattr(mathematics, name)

    @njit(**PLAIN)
    def loop(x: Any, out: Any) -> None:
        for i in range(x.shape[0]):
            out[i] = function(x[i])

    return loop


LOOPS = {f"{name}_f{bits}": looped(f"{name}_f{bits}") for name in (*TRUTH, "erf") for bits in (32, 64)}


def ours(name: str, x: Any) -> Any:
    out = np.empty_like(x)
    LOOPS[f"{name}_f{8 * x.dtype.itemsize}"](x, out)
    return out


def samples(dtype: str) -> Any:
    """Where functions bend, where they overflow, and every power of two there is."""
    stream = np.random.default_rng(11)
    whole = {"f4": np.uint32, "f8": np.uint64}[dtype]
    bits = stream.integers(0, np.iinfo(whole).max, 60_000, dtype=whole, endpoint=True).view(dtype)
    dense = [np.linspace(-edge, edge, 30_001) for edge in (1e-3, 2, 20, 110, 750)]
    near_one = 1 + stream.standard_normal(20_000) * 1e-3
    return np.concatenate([bits, *(part.astype(dtype) for part in (*dense, near_one))])


def ulps(out: Any, truth: Any) -> Any:
    """The distance in units of the last place of the right answer; 0 where both are the same, also inf and nan."""
    right = truth.astype(out.dtype)
    unit = np.spacing(np.abs(np.where(np.isfinite(right), right, 1))).astype(WIDE)
    with np.errstate(invalid="ignore"):
        return np.where((out == right) | (np.isnan(out) & np.isnan(right)), 0, np.abs(out.astype(WIDE) - truth) / unit)


@NEED_80_BITS
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("name", TRUTH)
def test_within_4_ulps(name: str, dtype: str) -> None:
    x = samples(dtype)
    if name in ("sin", "cos"):  # NumPy's own, on 80 bits, loses its digits further out
        x = x[~(np.abs(x) > 1e9)]
    if name == "logsigmoid":  # beyond, it is 0: see the next test
        x = x[~(x > -math.log(NEGLIGIBLE[x.dtype]))]
    with np.errstate(all="ignore"):
        far = ulps(ours(name, x), TRUTH[name](x.astype(WIDE)))
    worst = np.argmax(np.where(np.isnan(far), np.inf, far))
    assert far[worst] <= ULPS, f"{name}({x[worst]!r}) is {far[worst]} units off"


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_logsigmoid_is_flushed_where_the_operation_is(dtype: str) -> None:
    edge = -math.log(NEGLIGIBLE[np.dtype(dtype)])
    x = np.concatenate([np.linspace(edge - 2, edge + 2, 1001), [800.0, 1e30, np.inf]]).astype(dtype)
    eager, found = chainrule.ops.logsigmoid.run(x), ours("logsigmoid", x)
    away = np.abs(x - edge) > 1e-4
    assert ((found == 0) == (eager == 0))[away].all()
    assert (found[x > edge + 1e-4] == 0).all()
    assert (found[x < edge - 1e-4] < 0).all()


@NEED_80_BITS
def test_the_measure_can_fail() -> None:
    x = np.linspace(-50, 50, 1001, dtype=np.float32)
    exact = np.exp(x.astype(WIDE))
    right = exact.astype(np.float32)
    assert ulps(right, exact).max() == 0
    assert 4.5 < ulps(right + 5 * np.spacing(right), exact).max() < 5.6


def test_erf() -> None:
    x = np.concatenate([np.linspace(-5, 5, 20_001), [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-40, 1e30]])
    exact = np.array([math.erf(number) for number in x])
    assert (ours("erf", x) == exact)[:-3].all()
    narrow = x.astype("f4")
    exact = np.array([math.erf(number) for number in narrow.astype("f8")])
    assert ulps(ours("erf", narrow), exact.astype(WIDE)).max() < ULPS


@pytest.mark.parametrize("name", ["sin", "cos"])
def test_a_large_angle_of_float32_keeps_its_digits(name: str) -> None:
    mpmath = pytest.importorskip("mpmath")
    x = np.array([2**20, 2**20 + 1, 1e9, 16367173 * 2.0**72, 1e30, 3.4e38, -3.4e38], np.float32)
    with mpmath.workprec(400):
        exact = np.array([float(getattr(mpmath, name)(mpmath.mpf(float(number)))) for number in x])
    assert ulps(ours(name, x), exact.astype(WIDE)).max() < 2


EDGES = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, -2.0, 1e-45, -1e-45, 1e-39, 5e-324, 1e-310, -1e-310,
         88.72283, 88.7229, 103.9, -103.97, -104.5, 709.78, 709.79, -745.1, -745.2, -746.0, 3e38, -3e38]  # fmt: skip


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("name", [*TRUTH, "erf"])
def test_edges_are_those_of_eager(name: str, dtype: str) -> None:
    with np.errstate(all="ignore"):
        x = np.array(EDGES).astype(dtype)
        eager = getattr(chainrule, name, None) or getattr(chainrule.nn.functional, name)
        expected = eager(chainrule.tensor(x)).numpy()
    out = ours(name, x)
    special = ~np.isfinite(expected) | (expected == 0)
    assert (np.isnan(out) == np.isnan(expected)).all()
    assert (out[special & ~np.isnan(out)] == expected[special & ~np.isnan(out)]).all()
    assert (np.signbit(out) == np.signbit(expected))[~np.isnan(out)].all()
    usual = ~special
    np.testing.assert_allclose(
        out[usual], expected[usual], rtol=8 * np.finfo(dtype).eps, atol=np.finfo(dtype).smallest_subnormal
    )


def vector_instructions(dispatcher: Any) -> int:
    """Floating-point instructions on whole registers in the machine code of a function."""
    (assembly,) = dispatcher.inspect_asm().values()
    return len(re.findall(r"\bv?(?:fn?m\w+|mul|add|max|min)p[sd]\b|\bf(?:mla|mul|add)\s+v\d+\.[24]", assembly))


@pytest.mark.parametrize("name", ["exp_f32", "log_f32", "tanh_f32", "sigmoid_f32", "exp_f64", "sin_f32"])
def test_loops_work_on_many_numbers_at_once(name: str) -> None:
    ours(name[:-4], np.ones(3, "f4" if name.endswith("32") else "f8"))
    assert vector_instructions(LOOPS[name]) > 10


# ---------------------------------------------------------------------------------------- reductions


def reduced(step: Any, start: float) -> Any:
    @njit(**PLAIN)
    def reduce(x: Any) -> Any:
        total = np.float32(start)
        for i in range(2000):
            total = step(total, x[i])
        return total

    return reduce


add_in_order = njit(inline="always")(lambda total, x: total + x)


def test_only_reductions_may_change_their_order() -> None:
    x = np.random.default_rng(0).standard_normal(2000).astype("f4")
    loose, strict = reduced(mathematics.add_r, 0.0), reduced(add_in_order, 0.0)
    in_order = np.float32(0)
    for number in x:
        in_order += number
    assert strict(x) == in_order
    assert loose(x) == pytest.approx(x.sum(), rel=1e-4)
    assert vector_instructions(loose) > 0 == vector_instructions(strict)


def test_products_and_extremes() -> None:
    x = (1 + np.random.default_rng(0).standard_normal(2000) * 1e-3).astype("f4")
    assert reduced(mathematics.mul_r, 1.0)(x) == pytest.approx(x.prod(), rel=1e-4)
    largest, smallest = reduced(mathematics.max_r, -np.inf), reduced(mathematics.min_r, np.inf)
    assert (largest(x), smallest(x)) == (x.max(), x.min())
    assert vector_instructions(largest) > 0
    x[777] = np.nan
    assert np.isnan(largest(x))
    assert np.isnan(smallest(x))
