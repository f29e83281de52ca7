"""Data sets: something with a length and examples by number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import DataError, OperandError
from chainrule.tensor import Tensor


class Dataset:
    """Base of data sets: write ``__getitem__(i)``, one example, and ``__len__``."""

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no __getitem__: write def __getitem__(self, i): ...")


class TensorDataset(Dataset):
    """Tensors whose first dimension counts the examples: example i is the i-th of each.

    Raises DataError where they differ in length.

    >>> data = chainrule.utils.data.TensorDataset(chainrule.zeros(5, 2), chainrule.arange(5))
    >>> len(data), data[3][1]
    (5, tensor(3))
    """

    def __init__(self, *tensors: Tensor) -> None:
        if not tensors:
            raise DataError("TensorDataset of no tensors: give at least the inputs")
        for i, x in enumerate(tensors):
            if not isinstance(x, Tensor):
                raise OperandError(
                    f"TensorDataset: part {i} is {type(x).__name__}; write chainrule.tensor(...) around it"
                )
            if not x.ndim:
                raise DataError(f"TensorDataset: part {i} is a 0-d tensor, which holds no examples")
        lengths = [len(x) for x in tensors]
        if len(set(lengths)) > 1:
            raise DataError(f"TensorDataset of tensors with {lengths} examples: each must have as many as the others")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(x[index] for x in self.tensors)

    def __len__(self) -> int:
        return len(self.tensors[0])

    def batch(self, indices: Any) -> tuple[Tensor, ...]:
        """The examples of ``indices`` as one batch, in one go."""
        places = np.asarray(indices)
        return tuple(x[places] for x in self.tensors)


class Subset(Dataset):
    """Some of the examples of a data set, by number."""

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index: Any) -> Any:
        return self.dataset[[self.indices[i] for i in index] if isinstance(index, list) else self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)
