"""What is trained: data, first weights, batch size, optimizer. Everyone gets the same.

step        one batch: forward, backward, update
epoch       all batches of the data in order (in random order for ``tiny``, where that is timed)
Contestant  someone who trains: ``advance(epochs)`` goes on training and gives the last loss, ``weights()`` are the
            weights as PyTorch has them
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

Array = Any


@dataclass(frozen=True)
class Workload:
    """``kind`` is "cubic", "mlp", "tiny" (an mlp of a few weights) or "lenet"."""

    key: str
    title: str
    kind: str
    sizes: tuple[int, ...] = ()
    batch: int = 0
    adam: bool = False
    rate: float = 0.1
    shuffle: bool = False
    clean: bool = False  # digits that can be learned by heart
    targets: dict[str, float] = field(default_factory=dict, hash=False)  # peer -> how many times as fast we are to be

    def data(self) -> tuple[Array, Array]:
        """Inputs and targets, in whole batches except for ``tiny``, whose last one is short."""
        if self.kind == "cubic":
            x = np.linspace(-np.pi, np.pi, 2000, dtype=np.float32)
            return x, np.sin(x)
        if self.kind == "tiny":
            x = np.linspace(-1, 1, 100, dtype=np.float32)
            noise = np.random.default_rng(0).normal(0, 0.1, 100).astype(np.float32)
            return x.reshape(-1, 1), (np.exp(x) + noise).reshape(-1, 1)
        images, labels = _digits() if self.clean else _contradictory()
        n = len(images) // self.batch * self.batch
        if self.kind == "lenet":
            n = 8 * self.batch
            return enlarged(images[:n]).reshape(n, 1, 28, 28), labels[:n]
        return (images if self.sizes[0] == 64 else enlarged(images))[:n], labels[:n]

    def first_weights(self) -> list[Array]:
        """Small random numbers, shaped as PyTorch's."""
        rng = np.random.default_rng(1)
        if self.kind == "cubic":
            return [np.float32(v) for v in (0.1, 0.2, 0.3, 0.4)]
        shapes = (
            [(6, 1, 5, 5), (6,), (16, 6, 5, 5), (16,), (120, 400), (120,), (84, 120), (84,), (10, 84), (10,)]
            if self.kind == "lenet"
            else [shape for n, m in zip(self.sizes, self.sizes[1:], strict=False) for shape in ((m, n), (m,))]
        )
        scale = [1 / np.sqrt(np.prod(shape[1:])) if len(shape) > 1 else 0.05 for shape in shapes]
        return [(rng.uniform(-1, 1, shape) * s).astype(np.float32) for shape, s in zip(shapes, scale, strict=True)]

    @property
    def steps(self) -> int:
        """Batches in an epoch."""
        return -(-len(self.data()[0]) // self.batch) if self.batch else 1

    @property
    def compared(self) -> int:
        """Epochs after which weights are compared.

        Our native ones are among them, and they are few enough that no input of a ReLU comes so near to 0 that
        rounding decides its side (see docs/decisions/0007).
        """
        return 6 if self.kind in ("cubic", "tiny") else 2

    @property
    def allowed(self) -> float:
        """How far float32 may be from float64, of the largest weight.

        In Adam a weight whose gradient is nearly 0 still takes whole steps, in a direction that rounding decides; in
        LeNet it also decides which of two pixels is the larger.
        """
        return 0.05 if self.adam or self.kind == "lenet" else 2e-3

    def batches(self) -> list[tuple[Array, Array]]:
        """The data cut into batches."""
        x, y = self.data()
        size = self.batch or len(x)
        return [(x[i : i + size], y[i : i + size]) for i in range(0, len(x), size)]


@dataclass
class Contestant:
    """Someone who trains."""

    advance: Callable[[int], float]
    weights: Callable[[], list[Array]]
    own_formula: bool = False  # its optimizer differs a little: then its loss is compared, not its weights
    failing: Callable[[], str | None] = lambda: None  # why it does not run as it is meant to, once it has run


@cache
def _digits() -> tuple[Array, Array]:
    from sklearn.datasets import load_digits

    digits = load_digits()
    return (digits.data / 16).astype(np.float32), digits.target.astype(np.int64)


@cache
def _contradictory() -> tuple[Array, Array]:
    """Every digit twice, a third of the second ones under another name.

    What can be learned by heart has gradients that vanish into subnormal numbers, with which a processor is slow: who
    runs the most steps would be punished for it. `costs.long_run` measures that by itself.
    """
    images, labels = _digits()
    rng = np.random.default_rng(2)
    wrong = (labels + rng.integers(1, 10, len(labels))) % 10
    second = np.where(rng.random(len(labels)) < 1 / 3, wrong, labels)
    order = rng.permutation(2 * len(labels))
    return np.concatenate([images, images])[order], np.concatenate([labels, second])[order]


def enlarged(images: Array) -> Array:
    """8 × 8 digits as 28 × 28 ones: each pixel three wide and high, with an edge of zeros around it."""
    large = np.kron(images.reshape(-1, 8, 8), np.ones((3, 3), np.float32))
    return np.pad(large, ((0, 0), (2, 2), (2, 2))).reshape(-1, 784)


TORCH, SCAN, HAND = "torch eager", "JAX scan", "by hand"


def _aims(torch: float, scan: float) -> dict[str, float]:
    return {TORCH: torch, SCAN: scan, HAND: 1 / 1.2}


TINY, SMALL, MIDDLE, LARGE = (1, 4, 1), (64, 32, 10), (784, 100, 10), (784, 256, 10)
WORKLOADS = [
    Workload("w1", "w1: cubic for sin, 2,000 points, full batch", "cubic", rate=1e-6, targets=_aims(200, 8)),
    Workload(
        "w2", "w2: 1-4-1 ReLU, 100 points, batch 32", "tiny", TINY, 32, False, 0.05, True, targets=_aims(1000, 25)
    ),
    Workload("w3", "w3: digits 64-32-10, batch 32, SGD", "mlp", SMALL, 32, targets=_aims(30, 2.5)),
    Workload("w3a", "w3: the same, Adam", "mlp", SMALL, 32, True, 1e-3, targets=_aims(30, 2.5)),
    Workload("w4", "w4: 784-100-10, batch 32, SGD", "mlp", MIDDLE, 32, targets=_aims(3, 1.3)),
    Workload("w4a", "w4: the same, Adam", "mlp", MIDDLE, 32, True, 1e-3, targets=_aims(3, 1.3)),
    Workload("w5", "w5: 784-256-10, batch 128, SGD", "mlp", LARGE, 128, targets=_aims(1.4, 1.0)),
    Workload("lenet", "LeNet, 28 × 28 digits, batch 64, SGD", "lenet", batch=64, rate=0.05, targets={TORCH: 1.0}),
]
