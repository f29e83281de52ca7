"""Layers: modules that turn one tensor into another."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule import functional as F
from chainrule import ops
from chainrule.errors import ArgumentError, OperandError
from chainrule.nn import init
from chainrule.nn.module import Module, Parameter
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


class ReLU(Module):
    """max(x, 0), place by place."""

    def forward(self, input: Tensor) -> Tensor:
        return ops.relu(input)


class Sigmoid(Module):
    """1 / (1 + e^-x), place by place."""

    def forward(self, input: Tensor) -> Tensor:
        return ops.sigmoid(input)


class Tanh(Module):
    """tanh x, place by place."""

    def forward(self, input: Tensor) -> Tensor:
        return ops.tanh(input)


class Softmax(Module):
    """Positive numbers along ``dim`` that sum to 1."""

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return ops.softmax(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Flatten(Module):
    """Every dimension from ``start_dim`` to ``end_dim`` made one: (n, 8, 8) -> (n, 64)."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Tensor) -> Tensor:
        return ops.flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Sequential(Module):
    """Modules one after the other.

    >>> model = chainrule.nn.Sequential(chainrule.nn.Linear(64, 32), chainrule.nn.ReLU(), chainrule.nn.Linear(32, 10))
    >>> model
    Sequential(
      (0): Linear(in_features=64, out_features=32, bias=True)
      (1): ReLU()
      (2): Linear(in_features=32, out_features=10, bias=True)
    )
    """

    def __init__(self, *modules: Any) -> None:
        super().__init__()
        named = modules[0].items() if len(modules) == 1 and isinstance(modules[0], dict) else enumerate(modules)
        for name, module in named:
            if not isinstance(module, Module):
                raise OperandError(
                    f"Sequential was given {type(module).__name__} at place {name}: every part must be a module "
                    f"(write nn.ReLU(), not nn.ReLU or F.relu)"
                )
            self.add_module(str(name), module)

    def forward(self, input: Any) -> Any:
        for module in self._modules.values():
            input = module(input)
        return input

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):  # the parts keep their names
            return Sequential(dict(list(self._modules.items())[index]))
        return list(self._modules.values())[index]

    def append(self, module: Module) -> Sequential:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self
