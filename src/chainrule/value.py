"""`Value`: one number that remembers how it was made.  The whole of backpropagation on one page.

    data      the number
    grad      the slope of the final result with respect to it, once ``backward`` has run
    _prev     the Values it was made from, in order
    _slopes   how fast it changes with each of them: its local derivatives
    _op       the operation that made it
    label     a name for the picture

An operation computes its result and, on the spot, its local derivatives.  ``backward`` then needs one
rule, the chain rule: *every Value adds (its own grad) × (its slope in a child) to that child's grad*, the
final result first, everyone after all who use them.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> loss = (a * b + a.tanh()) ** 2
    >>> loss.backward()
    >>> round(a.grad, 4), round(b.grad, 4)
    (29.5042, -20.1439)
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence


class Value:
    """A number in a graph.  ``Value(2.0, label="x")`` makes a leaf; arithmetic makes the rest."""

    __slots__ = ("_op", "_prev", "_slopes", "data", "grad", "label")

    def __init__(
        self,
        data: float,
        _prev: tuple[Value, ...] = (),
        _slopes: tuple[float, ...] = (),
        _op: str = "",
        label: str = "",
    ) -> None:
        self.data = data
        self.grad = 0.0
        self._prev = _prev
        self._slopes = _slopes
        self._op = _op
        self.label = label

    # ---------------------------------------------------------------- operations: result, children, slopes

    def __add__(self, other: Value | float) -> Value:
        other = other if isinstance(other, Value) else _constant(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0), "+")

    def __mul__(self, other: Value | float) -> Value:
        other = other if isinstance(other, Value) else _constant(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data), "*")

    def __sub__(self, other: Value | float) -> Value:
        other = other if isinstance(other, Value) else _constant(other)
        return Value(self.data - other.data, (self, other), (1.0, -1.0), "-")

    def __truediv__(self, other: Value | float) -> Value:
        other = other if isinstance(other, Value) else _constant(other)
        out = self.data / other.data
        return Value(out, (self, other), (1.0 / other.data, -out / other.data), "/")

    def __pow__(self, other: Value | float) -> Value:
        x, y = self.data, (other if isinstance(other, Value) else _constant(other)).data
        if x < 0 and y % 1:
            raise ValueError(f"({x:g}) ** {y:g} is no real number: below 0 only whole exponents have a power")
        out = x**y
        in_base = math.inf if x == 0 and 0 < y < 1 else y * x ** (y - 1) if y else 0.0
        if not isinstance(other, Value):  # a fixed exponent: one child
            return Value(out, (self,), (in_base,), f"**{y:g}")
        in_exponent = out * math.log(x) if x > 0 else (0.0 if x == 0 else math.nan)
        return Value(out, (self, other), (in_base, in_exponent), "**")

    def __neg__(self) -> Value:
        return Value(-self.data, (self,), (-1.0,), "neg")

    def __radd__(self, other: float) -> Value:
        return _constant(other) + self

    def __rmul__(self, other: float) -> Value:
        return _constant(other) * self

    def __rsub__(self, other: float) -> Value:
        return _constant(other) - self

    def __rtruediv__(self, other: float) -> Value:
        return _constant(other) / self

    def __rpow__(self, other: float) -> Value:
        return _constant(other) ** self

    def exp(self) -> Value:
        """e to the power of this number.  Slope: itself."""
        e = math.exp(self.data)
        return Value(e, (self,), (e,), "exp")

    def log(self) -> Value:
        """Natural logarithm; ValueError at 0 and below.  Slope: 1 / x."""
        return Value(math.log(self.data), (self,), (1.0 / self.data,), "log")

    def sin(self) -> Value:
        """Sine, of radians.  Slope: cos x."""
        return Value(math.sin(self.data), (self,), (math.cos(self.data),), "sin")

    def tanh(self) -> Value:
        """Into (-1, 1).  Slope: 1 - tanh²."""
        t = math.tanh(self.data)
        return Value(t, (self,), (1.0 - t * t,), "tanh")

    def relu(self) -> Value:
        """max(x, 0).  Slope: 1 above 0, else 0."""
        if self.data <= 0:
            return Value(0.0, (self,), (0.0,), "relu")
        return Value(self.data, (self,), (1.0,), "relu")

    def sigmoid(self) -> Value:
        """Into (0, 1): 1 / (1 + e^-x), computed from e^-|x|, which cannot overflow.  Slope: σ (1 - σ)."""
        e = math.exp(-abs(self.data))
        s = (1.0 if self.data >= 0 else e) / (1.0 + e)
        return Value(s, (self,), (s * (1.0 - s),), "sigmoid")

    # ---------------------------------------------------------------- the chain rule

    def _backward(self) -> None:
        """Send this number's grad on to its children: *add*, because a child may have other users."""
        for child, slope in zip(self._prev, self._slopes):  # noqa: B905 (equal by construction)
            child.grad += slope * self.grad

    def backward(self) -> None:
        """Add to ``grad`` of every leaf below the slope of this number with respect to it.

        As in PyTorch, leaves accumulate over several calls until ``zero_grad``; what lies between starts
        from zero each time (gradients left over from an earlier call would be sent on a second time).
        """
        order = topological_order(self)
        for value in order:
            if value._prev:
                value.grad = 0.0
        self.grad += 1.0
        for value in reversed(order):
            value._backward()

    def __repr__(self) -> str:
        name = f"{self.label}: " if self.label else ""
        return f"Value({name}data={self.data:.6g}, grad={self.grad:.6g})"


def _constant(x: float) -> Value:
    """A plain number on one side of an operator, as a leaf."""
    if not isinstance(x, (int, float)):
        raise TypeError(f"a Value meets {type(x).__name__} in an operator: the other side must be a Value or a number")
    return Value(x)


def topological_order(root: Value) -> list[Value]:
    """Every Value below ``root`` and ``root`` itself, children before those made from them.

    With a stack of its own instead of recursion: a sum of 200,000 terms is 200,000 levels deep.
    """
    order: list[Value] = []
    seen = {root}
    stack = [(root, iter(root._prev))]
    while stack:
        value, children = stack[-1]
        for child in children:
            if child not in seen:
                seen.add(child)
                stack.append((child, iter(child._prev)))
                break
        else:
            order.append(value)
            stack.pop()
    return order


# -------------------------------------------------------------------- networks of Values


class Module:
    """Something with parameters."""

    def parameters(self) -> list[Value]:
        """The Values that training changes."""
        return []

    def zero_grad(self) -> None:
        """Set every gradient back to zero, before the next backward adds to them."""
        for p in self.parameters():
            p.grad = 0.0


class Neuron(Module):
    """A weighted sum of its inputs, plus a bias, bent: act(w · x + b).

    ``activation`` is "tanh", "relu", "sigmoid" or "" for none.  Weights start at random in ±1/√n for n
    inputs, so that the sum has the same size whatever the width.
    """

    def __init__(self, inputs: int, activation: str = "tanh") -> None:
        if activation not in ("", "tanh", "relu", "sigmoid"):
            raise ValueError(f"activation={activation!r}: choose 'tanh', 'relu', 'sigmoid' or '' for none")
        if inputs < 1:
            raise ValueError(f"Neuron({inputs}): a neuron looks at one input at least")
        bound = 1.0 / math.sqrt(inputs)
        self.w = [Value(random.uniform(-bound, bound), label=f"w{i}") for i in range(inputs)]
        self.b = Value(0.0, label="b")
        self.activation = activation

    def __call__(self, x: Sequence[Value | float]) -> Value:
        if len(x) != len(self.w):
            raise ValueError(f"a neuron with {len(self.w)} weights was given {len(x)} inputs; they must be as many")
        total = self.b
        for w, xi in zip(self.w, x):  # noqa: B905 (checked above)
            total = total + w * xi
        return getattr(total, self.activation)() if self.activation else total

    def parameters(self) -> list[Value]:
        return [*self.w, self.b]


class Layer(Module):
    """Neurons side by side, all looking at the same inputs."""

    def __init__(self, inputs: int, outputs: int, activation: str = "tanh") -> None:
        self.neurons = [Neuron(inputs, activation) for _ in range(outputs)]

    def __call__(self, x: Sequence[Value | float]) -> list[Value]:
        return [neuron(x) for neuron in self.neurons]

    def parameters(self) -> list[Value]:
        return [p for neuron in self.neurons for p in neuron.parameters()]


class MLP(Module):
    """Layers one after the other; the last one is not bent.

    >>> random.seed(0)
    >>> len(MLP(3, [4, 4, 1]).parameters())
    41
    """

    def __init__(self, inputs: int, outputs: Sequence[int], activation: str = "tanh") -> None:
        sizes = [inputs, *outputs]
        bent = [activation] * (len(outputs) - 1) + [""]
        self.layers = [Layer(n, m, act) for n, m, act in zip(sizes, outputs, bent, strict=False)]

    def __call__(self, x: Sequence[Value | float]) -> list[Value]:
        for layer in self.layers:
            x = layer(x)
        return list(x)  # type: ignore[arg-type]

    def parameters(self) -> list[Value]:
        return [p for layer in self.layers for p in layer.parameters()]
