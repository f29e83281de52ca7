"""JAX: a jitted step called from Python, and a whole run in one program (``lax.scan`` over the batches of an epoch)."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.peers.workloads import Contestant, Workload


def contestants(w: Workload, shuffle: bool) -> dict[str, Contestant | str]:
    """Both."""
    found: dict[str, Contestant | str] = {"JAX scan": scanned(w, shuffle)}
    found["JAX jit"] = "not run: a gather and a call for each batch" if w.kind == "tiny" else jitted(w)
    return found


def _loss(w: Workload, params: Any, x: Any, y: Any) -> Any:
    import jax
    import jax.numpy as jnp

    if w.kind == "cubic":
        a, b, c, d = params
        return ((a + b * x + c * x**2 + d * x**3 - y) ** 2).sum()
    if w.kind == "lenet":
        k1, b1, k2, b2, *params = params
        x = _pooled(jax.nn.relu(_conv(x, k1, 2) + b1[:, None, None]))
        x = _pooled(jax.nn.relu(_conv(x, k2, 0) + b2[:, None, None]))
        x = x.reshape(len(x), -1)
    while len(params) > 2:
        weight, bias, *params = params
        x = jax.nn.relu(x @ weight.T + bias)
    out = x @ params[0].T + params[1]
    if w.kind == "tiny":
        return ((out - y) ** 2).mean()
    return -jnp.take_along_axis(jax.nn.log_softmax(out), y[:, None], axis=1).mean()


def _conv(x: Any, kernel: Any, padding: int) -> Any:
    from jax import lax

    return lax.conv_general_dilated(
        x, kernel, (1, 1), [(padding, padding)] * 2, dimension_numbers=("NCHW", "OIHW", "NCHW")
    )


def _pooled(x: Any) -> Any:
    n, c, h, v = x.shape
    return x.reshape(n, c, h // 2, 2, v // 2, 2).max(axis=(3, 5))


def _step(w: Workload, state: Any, x: Any, y: Any) -> Any:
    """(state, batch) -> (state, loss); the state is weights, and for Adam both moments and the count."""
    import jax
    import jax.numpy as jnp

    params, m, v, t = state
    loss, grads = jax.value_and_grad(partial(_loss, w))(params, x, y)
    if not w.adam:
        return ([p - w.rate * g for p, g in zip(params, grads, strict=True)], m, v, t), loss
    t = t + 1
    m = [0.9 * a + 0.1 * g for a, g in zip(m, grads, strict=True)]
    v = [0.999 * a + 0.001 * g * g for a, g in zip(v, grads, strict=True)]
    c1, c2 = 1 - 0.9**t, 1 - 0.999**t
    params = [p - w.rate * (a / c1) / (jnp.sqrt(b / c2) + 1e-8) for p, a, b in zip(params, m, v, strict=True)]
    return (params, m, v, t), loss


def _first(w: Workload) -> Any:
    import jax.numpy as jnp

    params = [jnp.asarray(p) for p in w.first_weights()]
    zeros = [jnp.zeros_like(p) for p in params] if w.adam else []
    return params, zeros, zeros, jnp.float32(0)


def jitted(w: Workload) -> Contestant:
    """A step from Python."""
    import jax
    import jax.numpy as jnp

    step = jax.jit(partial(_step, w))
    state = _first(w)
    batches = [(jnp.asarray(x), jnp.asarray(y)) for x, y in w.batches()]

    def advance(epochs: int) -> float:
        nonlocal state
        for _ in range(epochs):
            for x, y in batches:
                state, loss = step(state, x, y)
        return float(jax.block_until_ready(loss))

    return Contestant(advance, lambda: [np.asarray(p) for p in state[0]])


def scanned(w: Workload, shuffle: bool) -> Contestant:
    """Any number of epochs in one program."""
    import jax
    import jax.numpy as jnp
    from jax import lax

    x, y = (jnp.asarray(v) for v in w.data())
    size = w.batch or len(x)
    whole = len(x) // size

    def epoch(_: int, carried: Any) -> Any:
        state, key, loss = carried
        a, b = x, y
        if shuffle:
            key, now = jax.random.split(key)
            order = jax.random.permutation(now, len(x))
            a, b = x[order], y[order]
        cut = [v[: whole * size].reshape(whole, size, *v.shape[1:]) for v in (a, b)]
        if whole == 1:
            state, loss = _step(w, state, a[:size], b[:size])
        else:
            state, losses = lax.scan(lambda s, batch: _step(w, s, *batch), state, tuple(cut))
            loss = losses[-1]
        if len(x) % size:
            state, loss = _step(w, state, a[whole * size :], b[whole * size :])
        return state, key, loss

    run = jax.jit(lambda carried, n: lax.fori_loop(0, n, epoch, carried))
    carried = (_first(w), jax.random.key(0), jnp.float32(0))

    def advance(epochs: int) -> float:
        nonlocal carried
        carried = jax.block_until_ready(run(carried, epochs))
        return float(carried[2])

    return Contestant(advance, lambda: [np.asarray(p) for p in carried[0][0]])
