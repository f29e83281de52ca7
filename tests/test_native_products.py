"""Matrix products in compiled code, in tiles or by BLAS, are NumPy's for every layout and size."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from numba import njit

from chainrule.compiler.native import tiles, vectors
from chainrule.compiler.native.memory import PLAIN
from chainrule.compiler.native.products import product_add_f32, product_add_f64, product_f32, product_f64

LAYOUTS = list(itertools.product([False, True], repeat=2))
# the longest with full tiles, strips and squares, and rests of each; single rows and columns; factors worth turning
SIZES = [(1, 1, 1), (1, 7, 2), (5, 5, 5), (6, 1, 3), (1, 40, 33), (33, 65, 17), (40, 33, 35), (7, 100, 50), (50, 9, 90)]
# more than one layer, with a rest; rows that lie on top of one another in a cache
DEEP = [(9, 33, tiles.DEPTH + 40), (3, 7, 2 * tiles.DEPTH), (40, tiles.PAGE // 4, 9)]
PRODUCTS = {("f4", False): product_f32, ("f8", False): product_f64, ("f4", True): product_add_f32,
            ("f8", True): product_add_f64}  # fmt: skip


@functools.cache
def native(ta: bool, tb: bool, m: int, n: int, k: int, dtype: str, add: bool) -> Any:
    """The product for just these sizes."""
    product = PRODUCTS[dtype, add]
    if add:
        return njit(lambda alpha, A, B, C: product(ta, tb, m, n, k, alpha, A, B, C), **PLAIN)
    return njit(lambda A, B, C: product(ta, tb, m, n, k, A, B, C), **PLAIN)


def inside(numbers: Any) -> tuple[Any, Any]:
    """The numbers in memory with nan before and behind, and that memory."""
    around = np.full(numbers.size + 64, np.nan, numbers.dtype)
    middle = around[32:-32].reshape(numbers.shape)
    middle[...] = numbers
    return middle, around


def check(ta: bool, tb: bool, m: int, n: int, k: int, dtype: str, add: bool) -> None:
    """The product is NumPy's, nothing outside of A and B is read, and nothing outside of C is written."""
    stream = np.random.default_rng(m * n + k)
    shapes = [(k, m) if ta else (m, k), (n, k) if tb else (k, n), (m, n)]
    (A, _), (B, _), (C, memory) = (inside(stream.standard_normal(shape).astype(dtype)) for shape in shapes)
    expected = (A.T if ta else A).astype("f8") @ (B.T if tb else B).astype("f8")
    if add:
        expected = C + 0.5 * expected
        native(ta, tb, m, n, k, dtype, True)(A.dtype.type(0.5), A, B, C)
    else:
        native(ta, tb, m, n, k, dtype, False)(A, B, C)
    scale = max(np.abs(expected).max(), 1.0)
    np.testing.assert_allclose(C, expected, rtol=0, atol=scale * (1e-5 if dtype == "f4" else 1e-14))
    assert np.isnan(memory[:32]).all()
    assert np.isnan(memory[-32:]).all()


@pytest.mark.parametrize("sizes", SIZES + DEEP)
def test_products_are_numpys(sizes: tuple[int, int, int]) -> None:
    for ta, tb in LAYOUTS:
        check(ta, tb, *sizes, "f4", add=False)
    for dtype, add in (("f4", True), ("f8", False), ("f8", True)):
        check(*LAYOUTS[sum(sizes) % 4], *sizes, dtype, add=add)


@pytest.fixture
def machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A processor with vectors of so many bytes, and so many registers."""
    size, registers = request.param
    monkeypatch.setattr(vectors, "width", lambda bytes_: vectors.Width(size // bytes_, registers))
    native.cache_clear()
    yield
    native.cache_clear()


@pytest.mark.parametrize("machine", [(16, 16), (16, 32), (32, 16), (64, 32)], indirect=True, ids=str)
@pytest.mark.usefixtures("machine")
def test_products_on_other_processors() -> None:
    for sizes, (ta, tb) in zip([(33, 65, 17), (40, 33, 35), (7, 100, 50), (50, 9, 90)], LAYOUTS, strict=True):
        check(ta, tb, *sizes, "f4", add=ta)
        check(ta, tb, *sizes, "f8", add=tb)


def test_infinite_and_missing_numbers_go_where_they_go_in_numpy() -> None:
    A, B = np.ones((17, 9), "f4"), np.ones((9, 21), "f4")
    A[3, 4], A[16, 0], B[2, 20] = np.nan, np.inf, -np.inf
    C = np.empty((17, 21), "f4")
    native(False, False, 17, 21, 9, "f4", add=False)(A, B, C)
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(C, A @ B)


def test_what_does_not_fit_a_cache_is_left_to_blas() -> None:
    A, B, C = (np.ones(shape, "f4") for shape in ((3000, 90), (90, 3), (3000, 3)))
    for m, blas in ((3000, True), (30, False)):
        assert tiles.fits(m, 90, 4) != blas
        product = native(False, False, m, 3, 90, "f4", add=False)
        product(A[:m], B, C[:m])
        assert (C[:m] == 90).all()
        (code,) = product.inspect_llvm().values()
        assert ("chainrule_sgemm" in code) == blas


def test_sizes_that_are_not_known_are_left_to_blas() -> None:
    @njit(**PLAIN)
    def product(m: Any, n: Any, k: Any, A: Any, B: Any, C: Any) -> None:
        product_add_f64(True, False, m, n, k, 2.0, A, B, C)

    A, B, C = np.arange(6.0).reshape(3, 2), np.arange(12.0).reshape(3, 4), np.ones((2, 4))
    product(2, 4, 3, A, B, C)
    np.testing.assert_array_equal(C, 1 + 2 * A.T @ B)


def test_a_product_of_the_wrong_type_is_refused_when_compiled() -> None:
    with pytest.raises(Exception, match="a matrix product of float32 needs arrays of float32"):
        native(False, False, 2, 2, 2, "f4", add=False)(np.ones((2, 2)), np.ones((2, 2)), np.ones((2, 2)))
