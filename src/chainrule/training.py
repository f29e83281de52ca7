"""What training is made of: the step, the batches, and the sums over them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.creation import as_tensor
from chainrule.data import DataLoader, TensorDataset
from chainrule.errors import DataError, shape_of
from chainrule.grad_mode import no_grad
from chainrule.nn import Module
from chainrule.optim import Optimizer
from chainrule.tensor import Tensor
from chainrule.tracing import found


class NotFinite(Exception):
    """The loss of a step is no finite number; the step has changed nothing."""

    def __init__(self, number: float) -> None:
        self.number = number


def training_step(model: Module, loss: Callable[[Any, Any], Any], optimizer: Optimizer) -> Callable[[Any, Any], Any]:
    """The function (inputs, targets) -> (loss, examples read rightly, or None) that also moves the parameters."""

    def step(inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor | None]:
        prediction = model(inputs)
        value = loss(prediction, targets)
        if found(value - value != 0):  # inf - inf and nan - nan are nan
            raise NotFinite(value.item())
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        return value, hits(prediction, targets)

    return step


def hits(prediction: Tensor, target: Tensor) -> Tensor | None:
    """How many examples were read rightly, where the targets are class numbers."""
    if target.dtype.kind not in "iu" or prediction.ndim != 2 or target.ndim != 1:
        return None
    with no_grad():
        return (prediction.argmax(1) == target).sum()


def is_mean(loss: Any) -> bool:
    """Whether a loss is a mean over the batch (else a sum)."""
    return getattr(loss, "reduction", "mean") != "sum"


@dataclass
class Tally:
    """Sums over the batches of a pass."""

    examples: int = 0
    total: float = 0.0
    right: int | None = None

    def add(self, n: int, total: float, right: float | None) -> None:
        """Count ``n`` examples whose losses sum to ``total``, ``right`` of them read rightly (None: no classes)."""
        self.examples, self.total = self.examples + n, self.total + total
        if right is not None:
            self.right = (self.right or 0) + int(right)

    @property
    def loss(self) -> float:
        """Mean loss over the examples."""
        return self.total / self.examples

    @property
    def accuracy(self) -> float | None:
        """Share of examples read rightly; None where the targets are no classes."""
        return None if self.right is None else self.right / self.examples


def evaluate(model: Module, data: Any, loss: Callable[[Any, Any], Any], batch_size: int = 256) -> Tally:
    """Mean loss, and accuracy where the targets are classes, without training."""
    was_training = model.training
    model.eval()
    tally = Tally()
    with no_grad():
        for inputs, targets in as_batches(data, model, batch_size, False, "data"):
            prediction = model(inputs)
            value, right = loss(prediction, targets).item(), hits(prediction, targets)
            n = len(targets)
            tally.add(n, value * n if is_mean(loss) else value, None if right is None else right.item())
    model.train(was_training)
    return tally


def as_batches(data: Any, model: Module, batch_size: int, shuffle: bool, name: str) -> DataLoader:
    """Anything `fit` takes as data -> a DataLoader; checks in-memory data for NaN once."""
    if isinstance(data, DataLoader):
        return data
    if isinstance(data, tuple | list):
        if len(data) != 2:
            raise DataError(f"{name} has {len(data)} parts: give (inputs, targets), a Dataset or a DataLoader")
        inputs, targets = (_fitting(part, model) for part in data)
        for what, part in (("inputs", inputs), ("targets", targets)):
            refuse_nan(part, f"{name}, {what}")
        data = TensorDataset(inputs, targets)
    elif isinstance(data, TensorDataset):
        for i, part in enumerate(data.tensors):
            refuse_nan(part, f"{name}, part {i}")
    elif not (hasattr(data, "__len__") and hasattr(data, "__getitem__")):
        raise DataError(f"{name} is {type(data).__name__}: give (inputs, targets), a Dataset or a DataLoader")
    if len(data) == 0:
        raise DataError(f"{name} holds no examples: there is nothing to learn from")
    return DataLoader(data, batch_size=batch_size, shuffle=shuffle)


def _fitting(part: Any, model: Module) -> Tensor:
    """Floating numbers in the dtype of the model's parameters (NumPy's default is float64, a model's float32)."""
    part = as_tensor(part)
    wanted = next((p.dtype for p in model.parameters()), part.dtype)
    return part.to(wanted) if part.dtype.kind == "f" else part


def refuse_nan(part: Tensor, name: str) -> None:
    """Say where the first number that is none stands."""
    if part.dtype.kind == "f" and not np.isfinite(part.array).all():
        bad = np.argwhere(~np.isfinite(part.array))
        where = tuple(int(i) for i in bad[0])
        raise DataError(
            f"{name} of shape {shape_of(part.shape)} hold {part.array[where]} at {where} ({len(bad)} of "
            f"{part.array.size} numbers are NaN or infinite): fill them in or leave those examples out"
        )
