"""Backpropagation in matrices: layers, two losses, and a network that is a chain of layers.

    forward(x)          the result, for a batch: n examples in n rows
    backward(g)         from g = ∂L/∂result to ∂L/∂x, keeping ∂L/∂parameters on the way
    update_params(lr)   parameter ← parameter − lr · ∂L/∂parameter

``forward`` keeps what ``backward`` will need.  Each ``backward`` is the chain rule for its own layer and
knows nothing of the others: that is why they can be chained in any order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class Layer:
    """A step of the network.  This one has no parameters; `Linear` has."""

    params: tuple[np.ndarray, ...] = ()

    def forward(self, x: np.ndarray) -> np.ndarray:
        """The result for a batch x: (n, in) → (n, out)."""
        raise NotImplementedError

    def backward(self, g: np.ndarray) -> np.ndarray:
        """∂L/∂x from g = ∂L/∂result: (n, out) → (n, in)."""
        raise NotImplementedError

    def update_params(self, lr: float) -> None:
        """One step downhill; nothing to do without parameters."""


class Linear(Layer):
    """x Wᵀ + b, with W of shape (out, in) and b of shape (out,)."""

    def __init__(self, W: np.ndarray, b: np.ndarray) -> None:
        self.W, self.b = W, b

    @property
    def params(self) -> tuple[np.ndarray, ...]:  # type: ignore[override]
        """W and b."""
        return self.W, self.b

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        return x @ self.W.T + self.b

    def backward(self, g: np.ndarray) -> np.ndarray:
        self.gW = g.T @ self.x  # (out, n) @ (n, in)
        self.gb = g.sum(axis=0)  # b was added to every row
        return g @ self.W  # (n, out) @ (out, in)

    def update_params(self, lr: float) -> None:
        self.W = self.W - lr * self.gW
        self.b = self.b - lr * self.gb


class ReLU(Layer):
    """max(x, 0), place by place.  Slope: 1 where x > 0, else 0."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        return np.maximum(x, 0)

    def backward(self, g: np.ndarray) -> np.ndarray:
        return g * (self.x > 0)


class Sigmoid(Layer):
    """σ = 1 / (1 + e^−x), place by place.  Slope: σ (1 − σ)."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        e = np.exp(-np.abs(x))  # never overflows, whatever the sign of x
        self.s = np.where(x >= 0, 1, e) / (1 + e)
        return self.s

    def backward(self, g: np.ndarray) -> np.ndarray:
        return g * self.s * (1 - self.s)


class Softmax(Layer):
    """Scores to probabilities, row by row: p = e^x / Σ e^x.

    Every probability depends on every score of its row: ∂pᵢ/∂xⱼ = pᵢ (δᵢⱼ − pⱼ).  Times g, summed over i,
    this is p (g − Σ g p).
    """

    def forward(self, x: np.ndarray) -> np.ndarray:
        e = np.exp(x - x.max(axis=1, keepdims=True))  # the largest becomes e⁰ = 1
        self.p = e / e.sum(axis=1, keepdims=True)
        return self.p

    def backward(self, g: np.ndarray) -> np.ndarray:
        p = self.p
        return p * (g - (g * p).sum(axis=1, keepdims=True))


class MultiLayerNetwork:
    """Layers one after the other: forward from the first to the last, backward from the last to the first."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = list(layers)

    @property
    def params(self) -> list[np.ndarray]:
        """All parameters, first layer first."""
        return [p for layer in self.layers for p in layer.params]

    def forward(self, x: np.ndarray) -> np.ndarray:
        """The network's result for a batch: (n, first in) → (n, last out)."""
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, g: np.ndarray) -> np.ndarray:
        """From ∂L/∂result to ∂L/∂x, through every layer."""
        for layer in reversed(self.layers):
            g = layer.backward(g)
        return g

    def update_params(self, lr: float) -> None:
        """One step downhill for every layer."""
        for layer in self.layers:
            layer.update_params(lr)


class SquaredError:
    """L = Σ (ŷ − y)²: a sum, over examples and outputs."""

    def forward(self, prediction: np.ndarray, y: np.ndarray) -> float:
        """The loss of predictions (n, out) for the truth (n, out)."""
        self.error = prediction - y
        return float(np.sum(self.error**2))

    def backward(self) -> np.ndarray:
        """∂L/∂ŷ = 2 (ŷ − y), shape (n, out)."""
        return 2 * self.error


class CrossEntropy:
    """L = −mean log p[y], for probabilities p of shape (n, classes) and class numbers y of shape (n,).

    A true class with probability 0 costs infinitely much, as it should.  Libraries take scores instead of
    probabilities, and softmax and logarithm in one step: then no probability is ever rounded to 0.
    """

    def forward(self, p: np.ndarray, y: np.ndarray) -> float:
        """The loss of probabilities (n, classes) for the truth (n,)."""
        self.p, self.y = p, y
        return float(-np.log(p[np.arange(len(y)), y]).mean())

    def backward(self) -> np.ndarray:
        """∂L/∂p, shape (n, classes): −1 / (n p) at the true class, 0 elsewhere."""
        n, g = len(self.y), np.zeros_like(self.p)
        rows = np.arange(n)
        g[rows, self.y] = -1 / (n * self.p[rows, self.y])
        return g
