"""Large products by two threads: the same numbers, whoever does what, and no thread left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from numba import njit

from chainrule.compiler.native import team, tiles
from chainrule.compiler.native.memory import PLAIN
from chainrule.compiler.native.products import product_add_f64, product_f32
from chainrule.compiler.native.team import STATE


@pytest.fixture(autouse=True)
def _two(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two processors, whatever there are; every product is large; nobody was late."""
    monkeypatch.setattr(team, "cores", lambda: 2)
    monkeypatch.setattr(team, "LARGE", 1)
    monkeypatch.setattr(tiles, "LARGE", 1)
    STATE[:] = 0
    yield
    STATE[:] = 0


def several(times: int) -> tuple[Any, Any]:
    """Two products in turns, many times, and the sum of the second."""

    @njit(**PLAIN)
    def run(A: Any, B: Any, C: Any, D: Any, E: Any) -> None:
        for _ in range(times):
            product_f32(False, True, 70, 130, 33, A, B, C)
            product_add_f64(True, False, 5, 200, 40, 0.5, D[0], D[1], E)

    stream = np.random.default_rng(0)
    A, B, C = (stream.standard_normal(shape).astype("f4") for shape in ((70, 33), (130, 33), (70, 130)))
    D, E = np.zeros((2, 40, 200)), np.zeros((5, 200))
    D[0].ravel()[:200] = stream.standard_normal(200)
    D[1] = stream.standard_normal((40, 200))
    first = D[0].ravel()[:200].reshape(40, 5)

    def checked() -> None:
        E[:], C[:] = 0, np.nan
        run(A, B, C, D, E)
        np.testing.assert_allclose(C, A.astype("f8") @ B.T, rtol=0, atol=1e-4)
        np.testing.assert_allclose(E, times / 2 * first.T @ D[1], rtol=1e-9, atol=1e-9 * times)

    return checked, run


@pytest.mark.parametrize("times", [1, 3000])
def test_the_numbers_are_the_same(times: int) -> None:
    checked, _ = several(times)
    checked()  # alone
    before = threading.active_count()
    with team.team(10):
        assert threading.active_count() == before + 1
        for _ in range(5):
            checked()
    assert threading.active_count() == before
    checked()


def test_each_strip_is_done_once() -> None:
    @njit(**PLAIN)
    def run(A: Any, B: Any, C: Any) -> None:
        for _ in range(2000):
            product_add_f64(False, False, 8, 400, 5, 1.0, A, B, C)

    A, B, C = np.ones((8, 5)), np.ones((5, 400)), np.zeros((8, 400))
    with team.team(10):
        run(A, B, C)
    assert (C == 10_000).all()


def test_after_a_long_wait_products_are_done_alone() -> None:
    checked, _ = several(10)
    with team.team(10):
        STATE[team.ALONE] = 12
        checked()
        assert STATE[team.ALONE] <= 0 or STATE[team.LATE] > 0
        STATE[team.ALONE] = 100
        STATE[team.JOB] = 0
        checked()
        assert STATE[team.ALONE] == 80
        assert STATE[team.FRAME] != 0  # of the first products, which were shared


def test_no_team_where_it_is_of_no_use(monkeypatch: pytest.MonkeyPatch) -> None:
    before = threading.active_count()
    with team.team(0):  # no product is large
        assert threading.active_count() == before
    with team.team(10), team.team(10):  # one at a time
        assert threading.active_count() == before + 1
    monkeypatch.setattr(team, "cores", lambda: 1)
    with team.team(10):
        assert threading.active_count() == before


def test_one_thread_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert team.cores() == 1
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(team.os, "sched_getaffinity", lambda _: {0, 3}, raising=False)
    assert team.cores() == 2


def test_an_error_within_ends_it() -> None:
    before = threading.active_count()
    with pytest.raises(KeyError), team.team(10):
        raise KeyError
    assert threading.active_count() == before
