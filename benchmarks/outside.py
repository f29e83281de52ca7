"""A compiled function with everything around it eager, as in PyTorch: ``loss = f(x, y); loss.backward(); opt.step()``.

Compiled is the model alone (its loss is eager), or model and loss; ``zero_grad``, ``backward`` and the optimizer's
step are calls from Python. Beside it chainrule and PyTorch eager, `torch.compile` of the same function, and JAX:
`value_and_grad` jitted, and the update jitted by itself. In float32, on one core with one thread, in turns, medians of
the rounds; the losses of the first 20 steps are compared before.
"""

from __future__ import annotations

import importlib
import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.measure import Row, apart, race

Step = Callable[[], float]
OURS = "chainrule, model and loss"
PEERS = (
    "chainrule eager", "chainrule, model", OURS, "torch eager", "torch.compile, model", "torch.compile, model and loss",
    "JAX jit",
)  # fmt: skip


@dataclass(frozen=True)
class Network:
    """inputs-hidden-outputs with ReLU and cross entropy, a batch in memory, plain gradient descent."""

    sizes: tuple[int, int, int]
    batch: int

    @property
    def title(self) -> str:
        """How the tables name it."""
        return f"{'-'.join(map(str, self.sizes))}, batch {self.batch}"

    def data(self) -> tuple[Any, Any, list[Any]]:
        """The batch, its labels, and the first weights."""
        rng, (n, m, k) = np.random.default_rng(0), self.sizes
        shapes = ((m, n), (m,), (k, m), (k,))
        weights = [rng.uniform(-1, 1, shape).astype(np.float32) / np.float32(shape[-1] ** 0.5) for shape in shapes]
        return rng.normal(size=(self.batch, n)).astype(np.float32), rng.integers(0, k, self.batch), weights


WORKLOADS = (Network((64, 32, 10), 32), Network((784, 128, 10), 64))


def ported(torch: Any, w: Network, compiled: str = "") -> Step:
    """The script, with ``import torch`` or with chainrule for it; ``compiled`` is nothing, "model" or "loss"."""
    inputs, labels, weights = w.data()
    nn, (n, m, k) = torch.nn, w.sizes
    model = nn.Sequential(nn.Linear(n, m), nn.ReLU(), nn.Linear(m, k))
    with torch.no_grad():
        for p, v in zip(model.parameters(), weights, strict=True):
            p.copy_(torch.tensor(v))
    criterion, optimizer = nn.CrossEntropyLoss(), torch.optim.SGD(model.parameters(), lr=0.01)
    x, y = torch.tensor(inputs), torch.tensor(labels)

    def outputs(x: Any) -> Any:
        return model(x)

    forward = torch.compile(outputs) if compiled == "model" else outputs

    def losses(x: Any, y: Any) -> Any:
        return criterion(forward(x), y)

    loss_of = torch.compile(losses) if compiled == "loss" else losses

    def step() -> float:
        optimizer.zero_grad()
        loss = loss_of(x, y)
        loss.backward()
        optimizer.step()
        return float(loss.item())

    return step


def jitted(w: Network) -> Step:
    """JAX: loss and gradients in one jitted call, the update in another."""
    import jax
    import jax.numpy as jnp

    inputs, labels, weights = w.data()
    x, y, params = jnp.asarray(inputs), jnp.asarray(labels), [jnp.asarray(v) for v in weights]

    def loss_of(params: Any, x: Any, y: Any) -> Any:
        a, b, c, d = params
        out = jax.nn.relu(x @ a.T + b) @ c.T + d
        return -jnp.take_along_axis(jax.nn.log_softmax(out), y[:, None], axis=1).mean()

    slopes = jax.jit(jax.value_and_grad(loss_of))
    update = jax.jit(lambda params, grads: [p - 0.01 * g for p, g in zip(params, grads, strict=True)])

    def step() -> float:
        nonlocal params
        loss, grads = slopes(params, x, y)
        params = update(params, grads)
        return float(loss)

    return step


def measured(w: Network) -> tuple[Row, dict[str, str]]:
    """One workload, raced in a process of its own; and who did not run, with the reason."""
    ours = importlib.import_module("chainrule")
    contestants: dict[str, Step] = {
        "chainrule eager": ported(ours, w),
        "chainrule, model": ported(ours, w, "model"),
        OURS: ported(ours, w, "loss"),
    }
    absent: dict[str, str] = {}
    try:
        torch = importlib.import_module("torch")
        torch.set_num_threads(1)
        contestants["torch eager"] = ported(torch, w)
        for compiled, who in (("model", "torch.compile, model"), ("loss", "torch.compile, model and loss")):
            if shutil.which("g++") is None:
                absent[who] = "not run: torch.compile needs g++"
            else:
                contestants[who] = ported(torch, w, compiled)
    except ImportError as error:
        absent["torch"] = f"not run: {error}"
    try:
        contestants["JAX jit"] = jitted(w)
    except ImportError as error:
        absent["JAX jit"] = f"not run: {error}"
    return race(w.title, contestants), absent


def run() -> str:
    """The tables."""
    found = [apart(measured, w) for w in WORKLOADS]
    rows = [row for row, _ in found]
    lines = [
        f"Microseconds a step on one thread of {_processor()}, Python {platform.python_version()}:",
        "",
        f"| | {' | '.join(row.workload for row in rows)} |",
        f"|---|{'---:|' * len(rows)}",
    ]
    for who in PEERS:
        cells = [f"{row.microseconds[who]:.0f}" if who in row.microseconds else "–" for row in rows]
        lines.append(f"| {who} | {' | '.join(cells)} |")
    lines += ["", f"How many times as fast *{OURS}* is as:", "", *lines[2:4]]
    for who in PEERS:
        if who != OURS:
            cells = [f"{row.ratio(OURS, who):.2f}" if who in row.microseconds else "–" for row in rows]
            lines.append(f"| {who} | {' | '.join(cells)} |")
    lines += ["", *(f"{row.workload}: {row.agrees}." for row in rows)]
    lines += dict.fromkeys(f"- {who}: {why}" for _, absent in found for who, why in absent.items())
    return "\n".join(lines)


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as lines:
            return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


if __name__ == "__main__":
    print(run())
