"""Classifiers of one hidden layer, by hand (see ``by_hand``): few loops, and the BLAS that SciPy brings for matrices.

The last layer is written twice, as loops and with BLAS, and the faster one is taken.
"""

from __future__ import annotations

import ctypes
import time
from typing import Any

import numba
import numpy as np
from numba.extending import get_cython_function_address

from benchmarks.peers.workloads import Contestant, Workload

native = numba.njit(fastmath={"contract", "reassoc", "nsz", "arcp"}, error_model="numpy")
_sgemm = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 13)(
    get_cython_function_address("scipy.linalg.cython_blas", "sgemm")
)


@native
def _exp(x: Any) -> Any:
    """e^x for float32: 2^n times a polynomial on ±ln 2 / 2."""
    f = np.float32
    x = max(min(x, f(88)), f(-87))
    n = np.floor(x * f(1.44269504) + f(0.5))
    r = (x - n * f(0.693145752)) - n * f(1.42860677e-6)
    s = f(1 / 720) * r + f(1 / 120)
    s = ((((s * r + f(1 / 24)) * r + f(1 / 6)) * r + f(0.5)) * r + f(1)) * r + f(1)
    return s * np.int32((np.int32(n) + np.int32(127)) << np.int32(23)).view(np.float32)


@native
def _gemm(flags: Any, sizes: Any, scales: Any, a: Any, b: Any, c: Any) -> None:
    """C = scales[1] C + scales[0] A B for arrays by rows: BLAS sees their transposes, so it is given B before A."""
    _sgemm(
        flags[0:].ctypes, flags[1:].ctypes, sizes[0:].ctypes, sizes[1:].ctypes, sizes[2:].ctypes, scales[0:].ctypes,
        b.ctypes, sizes[3:].ctypes, a.ctypes, sizes[4:].ctypes, scales[1:].ctypes, c.ctypes, sizes[5:].ctypes,
    )  # fmt: skip


@native
def _softmax_rows(o: Any, labels: Any, d: Any) -> Any:
    """d = (softmax of o - one at the label) / rows; the mean loss."""
    f = np.float32
    total, scale = f(0), f(1) / f(len(o))
    for i in range(len(o)):
        top = o[i, 0]
        for k in range(1, 10):
            top = max(top, o[i, k])
        norm = f(0)
        for k in range(10):
            d[i, k] = _exp(o[i, k] - top)
            norm += d[i, k]
        total += np.log(norm) + top - o[i, labels[i]]
        for k in range(10):
            d[i, k] *= scale / norm
        d[i, labels[i]] -= scale
    return total * scale


@native
def _adam(p: Any, g: Any, m: Any, v: Any, rate: Any, c1: Any, c2: Any) -> None:
    """Subnormal means (of units that are dead) become 0: computing with them is a hundred times as slow."""
    f = np.float32
    r1, r2 = rate / c1, f(1) / c2
    for i in range(p.size):
        a = f(0.9) * m[i] + f(0.1) * g[i]
        b = f(0.999) * v[i] + f(0.001) * g[i] * g[i]
        m[i] = a if abs(a) > f(1e-30) else f(0)
        v[i] = b if b > f(1e-30) else f(0)
        p[i] -= r1 * m[i] / (np.sqrt(v[i] * r2) + f(1e-8))


@native
def _train(x: Any, y: Any, size: int, p: Any, parts: Any, g: Any, m: Any, v: Any, count: Any, rate: Any, adam: bool,
           loops: bool, plans: Any, scales: Any, work: Any, epochs: int) -> Any:  # fmt: skip
    """p: w1 (n, k), b1 (k), w2 (10, k), b2 (10), one after the other; g: the gradients in the same places."""
    f = np.float32
    flags, sizes = plans
    into, onto = scales
    h, dh, o, d = work
    s1, s2, s3, s4 = parts
    w1, b1, w2, b2 = p[:s1], p[s1:s2], p[s2:s3].reshape(10, s2 - s1), p[s3:s4]
    g1, e1, g2, e2 = g[:s1], g[s1:s2], g[s2:s3].reshape(10, s2 - s1), g[s3:s4]
    k = s2 - s1
    total = f(0)
    for _ in range(epochs):
        for start in range(0, len(x), size):
            xb, yb = x[start : start + size], y[start : start + size]
            _gemm(flags[0], sizes[0], into, xb, w1, h)
            if loops:
                for i in range(size):
                    for j in range(k):
                        h[i, j] = max(f(0), h[i, j] + b1[j])
                    for q in range(10):
                        t = b2[q]
                        for j in range(k):
                            t += h[i, j] * w2[q, j]
                        o[i, q] = t
            else:
                for i in range(size):
                    for j in range(k):
                        h[i, j] = max(f(0), h[i, j] + b1[j])
                _gemm(flags[1], sizes[1], into, h, w2, o)
                for i in range(size):
                    for q in range(10):
                        o[i, q] += b2[q]
            total = _softmax_rows(o, yb, d)
            e1[:] = f(0)
            e2[:] = f(0)
            if loops:
                g2[:] = f(0)
                for i in range(size):
                    for j in range(k):
                        t = f(0)
                        for q in range(10):
                            t += d[i, q] * w2[q, j]
                        t = t if h[i, j] > 0 else f(0)
                        dh[i, j] = t
                        e1[j] += t
                    for q in range(10):
                        e2[q] += d[i, q]
                        for j in range(k):
                            g2[q, j] += d[i, q] * h[i, j]
            else:
                _gemm(flags[2], sizes[2], into, d, w2, dh)
                for i in range(size):
                    for j in range(k):
                        t = dh[i, j] if h[i, j] > 0 else f(0)
                        dh[i, j] = t
                        e1[j] += t
                    for q in range(10):
                        e2[q] += d[i, q]
            if adam:
                if not loops:
                    _gemm(flags[3], sizes[3], into, d, h, g2)
                _gemm(flags[4], sizes[4], into, xb, dh, g1)
                count[0] += 1
                _adam(p, g, m, v, rate, f(1) - f(0.9) ** f(count[0]), f(1 - 0.999 ** count[0]))
            else:
                if loops:
                    for q in range(10):
                        for j in range(k):
                            w2[q, j] -= rate * g2[q, j]
                else:
                    _gemm(flags[3], sizes[3], onto, d, h, w2)
                _gemm(flags[4], sizes[4], onto, xb, dh, w1)
                for j in range(k):
                    b1[j] -= rate * e1[j]
                for q in range(10):
                    b2[q] -= rate * e2[q]
    return total


def classifier(w: Workload) -> Contestant:
    """The faster of the two ways to write the last layer."""
    found = {loops: _classifier(w, loops) for loops in (True, False)}
    times: dict[bool, float] = {}
    for loops, one in found.items():
        one.advance(1)
        start = time.process_time()
        one.advance(5)
        times[loops] = time.process_time() - start
    return _classifier(w, min(times, key=lambda loops: times[loops]))


def _classifier(w: Workload, loops: bool) -> Contestant:
    n, k, classes = w.sizes
    x, y = w.data()
    first = w.first_weights()
    p = np.concatenate([first[0].T.ravel(), first[1], first[2].ravel(), first[3]])
    parts = tuple(int(s) for s in np.cumsum([n * k, k, k * classes, classes]))
    g, m, v = (np.zeros_like(p) for _ in range(3))
    b = w.batch
    plans = [  # rows, columns and depth of C' = B' A', then the row lengths of B, A and C
        ("NN", (k, b, n, k, n, k)),  # h = x w1
        ("TN", (classes, b, k, k, k, classes)),  # o = h w2'
        ("NN", (k, b, classes, k, classes, k)),  # dh = d w2
        ("NT", (k, classes, b, k, classes, k)),  # d' h
        ("NT", (k, n, b, k, n, k)),  # x' dh
    ]
    flags = np.array([[ord(c) for c in flag] for flag, _ in plans], np.uint8)
    sizes = np.array([size for _, size in plans], np.int32)
    into, onto = np.array([1, 0], np.float32), np.array([-w.rate, 1], np.float32)
    work = tuple(np.zeros((b, c), np.float32) for c in (k, k, classes, classes))
    count = np.zeros(1, np.int64)

    def advance(epochs: int) -> float:
        return float(
            _train(
                x,
                y,
                b,
                p,
                parts,
                g,
                m,
                v,
                count,
                np.float32(w.rate),
                w.adam,
                loops,
                (flags, sizes),
                (into, onto),
                work,
                epochs,
            )
        )

    def weights() -> list[Any]:
        s1, s2, s3, s4 = parts
        return [p[:s1].reshape(n, k).T, p[s1:s2], p[s2:s3].reshape(classes, k), p[s3:s4]]

    return Contestant(advance, weights)
