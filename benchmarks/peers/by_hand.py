"""Numba written by hand, as fast as we can write it for each network: the ceiling. All fused into one loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from benchmarks.peers.by_hand_classifier import classifier
from benchmarks.peers.workloads import Contestant, Workload

native = numba.njit(fastmath={"contract", "reassoc", "nsz", "arcp"}, error_model="numpy")


def contestants(w: Workload, shuffle: bool) -> dict[str, Contestant | str]:
    """One for each network but LeNet."""
    makers: dict[str, Callable[[], Contestant]] = {
        "cubic": lambda: cubic(w), "tiny": lambda: tiny(w, shuffle), "mlp": lambda: classifier(w)
    }  # fmt: skip
    return {"by hand": makers[w.kind]() if w.kind in makers else "not run: nobody writes this by hand"}


# ---------------------------------------------------------------------------------------- w1


@native
def _cubic(x: Any, y: Any, p: Any, rate: Any, epochs: int) -> Any:
    total = np.float32(0)
    for _ in range(epochs):
        a, b, c, d = p
        total, ga, gb, gc, gd = np.float32(0), np.float32(0), np.float32(0), np.float32(0), np.float32(0)
        for i in range(x.size):
            u = x[i]
            e = a + u * (b + u * (c + u * d)) - y[i]
            total += e * e
            ga += e
            gb += e * u
            gc += e * u * u
            gd += e * u * u * u
        r = rate * np.float32(2)
        p[0], p[1], p[2], p[3] = a - r * ga, b - r * gb, c - r * gc, d - r * gd
    return total


def cubic(w: Workload) -> Contestant:
    """One loop over the points."""
    p, (x, y) = np.array(w.first_weights(), np.float32), w.data()
    return Contestant(lambda epochs: float(_cubic(x, y, p, np.float32(w.rate), epochs)), lambda: list(p))


# ---------------------------------------------------------------------------------------- w2


@native
def _tiny(x: Any, y: Any, p: Any, rate: Any, size: int, order: Any, shuffle: bool, state: Any, epochs: int) -> Any:
    """p holds w1 (4), b1 (4), w2 (4), b2."""
    f = np.float32
    n = x.size
    bx, by = np.empty(size, np.float32), np.empty(size, np.float32)
    a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d = p
    total = f(0)
    for _ in range(epochs):
        if shuffle:
            for i in range(n - 1, 0, -1):
                state[0] = state[0] * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
                j = np.int64(((state[0] >> np.uint64(32)) * np.uint64(i + 1)) >> np.uint64(32))
                order[i], order[j] = order[j], order[i]
        for start in range(0, n, size):
            m = min(size, n - start)
            for i in range(m):
                bx[i], by[i] = x[order[start + i]], y[order[start + i]]
            total = f(0)
            ga0, ga1, ga2, ga3, gb0, gb1, gb2, gb3 = f(0), f(0), f(0), f(0), f(0), f(0), f(0), f(0)
            gc0, gc1, gc2, gc3, gd = f(0), f(0), f(0), f(0), f(0)
            for i in range(m):
                u = bx[i]
                h0, h1, h2, h3 = (
                    max(f(0), a0 * u + b0),
                    max(f(0), a1 * u + b1),
                    max(f(0), a2 * u + b2),
                    max(f(0), a3 * u + b3),
                )
                e = c0 * h0 + c1 * h1 + c2 * h2 + c3 * h3 + d - by[i]
                total += e * e
                gd += e
                gc0 += e * h0
                gc1 += e * h1
                gc2 += e * h2
                gc3 += e * h3
                t0, t1, t2, t3 = (
                    (e if h0 > 0 else f(0)),
                    (e if h1 > 0 else f(0)),
                    (e if h2 > 0 else f(0)),
                    (e if h3 > 0 else f(0)),
                )
                gb0 += t0
                gb1 += t1
                gb2 += t2
                gb3 += t3
                ga0 += t0 * u
                ga1 += t1 * u
                ga2 += t2 * u
                ga3 += t3 * u
            r = rate * f(2) / f(m)
            total /= f(m)
            a0, a1, a2, a3 = a0 - r * c0 * ga0, a1 - r * c1 * ga1, a2 - r * c2 * ga2, a3 - r * c3 * ga3
            b0, b1, b2, b3 = b0 - r * c0 * gb0, b1 - r * c1 * gb1, b2 - r * c2 * gb2, b3 - r * c3 * gb3
            c0, c1, c2, c3, d = c0 - r * gc0, c1 - r * gc1, c2 - r * gc2, c3 - r * gc3, d - r * gd
    p[:] = np.array([a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d], np.float32)
    return total


def tiny(w: Workload, shuffle: bool) -> Contestant:
    """Thirteen numbers in registers, one loop over a batch."""
    x, y = (v.ravel() for v in w.data())
    p = np.concatenate([v.ravel() for v in w.first_weights()])
    order, state, rate = np.arange(x.size), np.array([1], np.uint64), np.float32(w.rate)
    return Contestant(
        lambda epochs: float(_tiny(x, y, p, rate, w.batch, order, shuffle, state, epochs)),
        lambda: [p[:4].reshape(4, 1), p[4:8], p[8:12].reshape(1, 4), p[12:]],
    )
