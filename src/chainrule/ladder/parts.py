"""Small functions that know their own slope, and sums of them.

    Curve          a function f(x) of one number, with its slope f′(x)
    Weight         an adjustable number times a curve of one input: value · f(x)
    Approximator   a sum of weights: bent enough, it comes close to anything

Inputs are k rows of n numbers, shape (k, n): row j holds input j of all n examples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Curve:
    """A function of one number, and its slope.

    >>> square(np.array([1.0, 3.0])), square.slope(np.array([1.0, 3.0]))
    (array([1., 9.]), array([2., 6.]))
    """

    f: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """f(x), place by place: any shape, the same shape back."""
        return self.f(x)


constant = Curve(np.ones_like, np.zeros_like)
line = Curve(lambda x: x, np.ones_like)
square = Curve(lambda x: x**2, lambda x: 2 * x)
cube = Curve(lambda x: x**3, lambda x: 3 * x**2)
relu = Curve(lambda x: np.maximum(x, 0), lambda x: (x > 0).astype(x.dtype))


class Weight:
    """An adjustable number times a curve of input ``at``: value · f(x).

    >>> Weight(3.0, square)(np.array([1.0, 2.0]))
    array([ 3., 12.])
    """

    def __init__(self, value: float, curve: Curve = line, at: int = 0) -> None:
        self.value = value
        self.curve = curve
        self.at = at
        self.grad = 0.0

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """value · f(x), shape (n,) like x."""
        return self.value * self.curve(x)

    def slopes(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How fast the result changes with the value, f(x), and with the input, value · f′(x): both (n,)."""
        return self.curve(x), self.value * self.curve.slope(x)


class Approximator:
    """A sum of weights, each looking at one of the inputs.

    >>> cubic = Approximator([Weight(1.0, constant), Weight(2.0, cube)])  # 1 + 2x³
    >>> x = np.array([[0.0, 1.0, 2.0]])
    >>> cubic(x)
    array([ 1.,  3., 17.])
    """

    def __init__(self, weights: Sequence[Weight]) -> None:
        self.weights = list(weights)

    def __call__(self, inputs: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
        """The sum, shape (n,), of inputs of shape (k, n)."""
        return np.asarray(sum(weight(inputs[weight.at]) for weight in self.weights))

    def backward(self, inputs: Sequence[np.ndarray] | np.ndarray, g: np.ndarray) -> np.ndarray:
        """From g = ∂L/∂(the sum), shape (n,): set each weight's grad; return ∂L/∂inputs, shape (k, n).

        The chain rule, twice: what comes in, times the slope.  A value is shared by all n examples, so
        what they say about it is added up; an input may be looked at by several weights, so is that.
        """
        g_inputs = np.zeros_like(inputs)
        for weight in self.weights:
            in_value, in_input = weight.slopes(inputs[weight.at])
            weight.grad = np.sum(g * in_value)
            g_inputs[weight.at] += g * in_input
        return g_inputs

    def step(self, lr: float) -> None:
        """Move every value a little downhill."""
        for weight in self.weights:
            weight.value = weight.value - lr * weight.grad
