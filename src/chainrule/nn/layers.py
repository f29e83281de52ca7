"""Layers: modules that turn one tensor into another."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule import functional as F
from chainrule import ops
from chainrule.errors import ArgumentError
from chainrule.nn import init
from chainrule.nn.module import Module, Parameter
from chainrule.nn.of_function import OfFunction
from chainrule.ops.dtypes import as_dtype, get_default_dtype
from chainrule.tensor import Tensor


class Linear(Module):
    """y = x Wᵀ + b: (..., in_features) -> (..., out_features), with ``weight`` (out, in) and ``bias`` (out,).

    Both start even over ±1/√in_features, as PyTorch's do (and with the same numbers after the same seed).

    >>> chainrule.nn.Linear(64, 10)(chainrule.zeros(32, 64)).shape
    (32, 10)
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        if in_features < 1 or out_features < 1:
            raise ArgumentError(f"Linear({in_features}, {out_features}): both numbers of features must be at least 1")
        dtype = get_default_dtype() if dtype is None else as_dtype(dtype)
        self.in_features, self.out_features = in_features, out_features
        self.weight = Parameter(np.empty((out_features, in_features), dtype))
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if bias:
            self.bias = Parameter(np.empty(out_features, dtype))
            init.uniform_(self.bias, -1 / math.sqrt(in_features), 1 / math.sqrt(in_features))
        else:
            self.register_parameter("bias", None)

    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Flatten(Module):
    """Every dimension from ``start_dim`` to ``end_dim`` made one: (n, 8, 8) -> (n, 64)."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Tensor) -> Tensor:
        return ops.flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """One dimension made several: (n, 12) -> (n, 3, 4) with ``dim=1, unflattened_size=(3, 4)``."""

    def __init__(self, dim: int, unflattened_size: Any) -> None:
        super().__init__()
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, input: Tensor) -> Tensor:
        return ops.unflatten(input, self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


class Identity(Module):
    """What comes in goes out; takes any arguments and ignores them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        return input


class Dropout(OfFunction):
    """Some numbers set to 0, in training only.  See ``functional.dropout``."""

    function, options = staticmethod(F.dropout), {"p": 0.5, "inplace": False}

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(*values, **named)
        if not 0.0 <= self.p <= 1.0:
            raise ArgumentError(f"{type(self).__name__} with p={self.p}: a probability lies between 0 and 1")

    def forward(self, *inputs: Any) -> Any:
        return type(self).function(inputs[0], self.p, self.training)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout2d(Dropout):
    """Whole channels set to 0, in training only.  See ``functional.dropout2d``."""

    function = staticmethod(F.dropout2d)


class Embedding(Module):
    """A vector for each of ``num_embeddings`` numbers, ``weight`` (words, size), normal at the start.

    >>> chainrule.nn.Embedding(10, 3)(chainrule.tensor([[1, 2], [4, 5]])).shape
    (2, 2, 3)
    """

    def __init__(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None, device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise ArgumentError(f"padding_idx={padding_idx} with {num_embeddings} embeddings: it must name one of them")
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = padding_idx if padding_idx is None else padding_idx % num_embeddings
        dtype = get_default_dtype() if dtype is None else as_dtype(dtype)
        self.weight = Parameter(np.empty((num_embeddings, embedding_dim), dtype))
        init.normal_(self.weight)
        if self.padding_idx is not None:
            self.weight.array[self.padding_idx] = 0

    def forward(self, input: Tensor) -> Tensor:
        return F.embedding(input, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"
