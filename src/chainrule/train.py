"""`fit`: the training loop, with a bar, a history, and a stop that keeps what was learned."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.creation import as_tensor
from chainrule.data import DataLoader, TensorDataset
from chainrule.errors import ArgumentError, DataError, DivergedError, require, shape_of
from chainrule.grad_mode import no_grad
from chainrule.nn import Module
from chainrule.optim import Optimizer
from chainrule.tensor import Tensor


@dataclass
class History:
    """What `fit` measured, one number an epoch, and why it ended ("epochs" or "interrupted").

    loss and accuracy are means over the examples seen while training; validation ones are measured
    after the epoch.  Accuracy is kept where the targets are class numbers.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    ended: str = "epochs"

    def latest(self) -> dict[str, float]:
        """The newest number of each series that has one."""
        return {name: series[-1] for name, series in vars(self).items() if isinstance(series, list) and series}


def fit(
    model: Module, data: Any, loss: Callable[[Any, Any], Any], optimizer: Optimizer, epochs: int = 1, *,
    validation: Any = None, batch_size: int = 32, shuffle: bool = True, progress: bool = True,
) -> History:  # fmt: skip
    """Train ``model`` on ``data`` for ``epochs`` passes and return the `History`.

    data, validation   (inputs, targets) as arrays or tensors, a Dataset, or a DataLoader (which then says
                       ``batch_size`` and ``shuffle`` itself)
    loss               a function of (prediction, targets), such as ``nn.CrossEntropyLoss()``

    Ctrl-C ends training after the step under way: the model keeps what it learned and the history so far
    is returned with ``ended="interrupted"`` (a second Ctrl-C stops at once).

    Raises DataError for data that are empty, of different lengths, or hold NaN or infinite numbers;
    DivergedError when the loss stops being a finite number.

    >>> x = chainrule.linspace(-1, 1, 64).reshape(64, 1)
    >>> model = chainrule.nn.Linear(1, 1)
    >>> optimizer = chainrule.optim.SGD(model.parameters(), lr=0.1)
    >>> history = fit(model, (x, 3 * x), chainrule.nn.MSELoss(), optimizer, epochs=60, progress=False)
    >>> history.loss[-1] < 1e-3 < history.loss[0]
    True
    """
    if not isinstance(epochs, int) or epochs < 1:
        raise ArgumentError(f"epochs={epochs}: it must be a whole number from 1 on")
    batches = as_batches(data, model, batch_size, shuffle, "data")
    held_out = None if validation is None else as_batches(validation, model, batch_size, False, "validation")
    history = History()
    bar = _bar(epochs * len(batches), progress)
    was_training = model.training
    model.train()
    try:
        with _StopOnRequest() as stop:
            for epoch in range(1, epochs + 1):
                _epoch(model, batches, loss, optimizer, epoch, bar, history, stop)
                if stop.requested:
                    history.ended = "interrupted"
                    break
                if held_out is not None:
                    tally = evaluate(model, held_out, loss)
                    history.validation_loss.append(tally.loss)
                    if tally.accuracy is not None:
                        history.validation_accuracy.append(tally.accuracy)
                bar.set_postfix({name: f"{value:.4f}" for name, value in history.latest().items()}, refresh=False)
    finally:
        bar.close()
        model.train(was_training)
    return history


class _StopOnRequest:
    """Within it, the first Ctrl-C only sets ``requested``; the second interrupts as usual."""

    def __enter__(self) -> _StopOnRequest:
        self.requested = False
        self._before: Any = None
        if threading.current_thread() is threading.main_thread():  # only there can signals be handled
            self._before = signal.signal(signal.SIGINT, self._first)
        return self

    def _first(self, number: int, frame: Any) -> None:
        self.requested = True
        signal.signal(signal.SIGINT, self._before)

    def __exit__(self, *problem: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)


@dataclass
class Tally:
    """Sums over the batches of a pass."""

    examples: int = 0
    total: float = 0.0
    right: int | None = None

    def add(self, value: float, prediction: Any, target: Any) -> None:
        """Count a batch whose mean loss was ``value``."""
        n = len(target)
        self.examples, self.total = self.examples + n, self.total + value * n
        if target.dtype.kind in "iu" and prediction.ndim == 2 and target.ndim == 1:
            hits = int((prediction.array.argmax(axis=1) == target.array).sum())
            self.right = (self.right or 0) + hits

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
            tally.add(_per_example(loss, loss(prediction, targets), targets), prediction, targets)
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
            _refuse_nan(part, f"{name}, {what}")
        data = TensorDataset(inputs, targets)
    elif isinstance(data, TensorDataset):
        for i, part in enumerate(data.tensors):
            _refuse_nan(part, f"{name}, part {i}")
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


def _refuse_nan(part: Tensor, name: str) -> None:
    """Say where the first number that is none stands."""
    if part.dtype.kind == "f" and not np.isfinite(part.array).all():
        bad = np.argwhere(~np.isfinite(part.array))
        where = tuple(int(i) for i in bad[0])
        raise DataError(
            f"{name} of shape {shape_of(part.shape)} hold {part.array[where]} at {where} ({len(bad)} of "
            f"{part.array.size} numbers are NaN or infinite): fill them in or leave those examples out"
        )


def _epoch(
    model: Module, batches: Iterable[Any], loss: Any, optimizer: Optimizer, epoch: int, bar: Any, history: History,
    stop: _StopOnRequest,
) -> None:  # fmt: skip
    tally = Tally()
    for step, (inputs, targets) in enumerate(batches):
        if epoch == 1:  # a loader of one's own was not looked through before
            _refuse_nan(inputs, f"batch {step}, inputs")
            _refuse_nan(targets, f"batch {step}, targets")
        prediction = model(inputs)
        value = loss(prediction, targets)
        number = value.item()
        if not np.isfinite(number):
            raise DivergedError(
                f"the loss became {number} in epoch {epoch}, step {step}: the steps are too long "
                f"(lr={optimizer.param_groups[0].get('lr')}); try a tenth of it"
            )
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        tally.add(_per_example(loss, value, targets), prediction, targets)
        bar.update(1)
        if stop.requested:
            break
    history.loss.append(tally.loss)
    if tally.accuracy is not None:
        history.accuracy.append(tally.accuracy)


def _per_example(loss: Any, value: Any, targets: Any) -> float:
    """The mean loss of a batch, also where the loss was summed over it."""
    return float(value.item()) / (len(targets) if getattr(loss, "reduction", "mean") == "sum" else 1)


def _bar(steps: int, progress: bool) -> Any:
    """A progress bar that shows itself once training has taken a second."""
    if not progress:
        return _NoBar()
    return require("tqdm.auto", "tqdm", "the progress bar of fit (or write progress=False)").tqdm(
        total=steps, unit="step", delay=1, mininterval=0.2
    )


class _NoBar:
    """Stands in for the bar where none is wanted."""

    def update(self, n: int) -> None: ...

    def set_postfix(self, values: dict[str, str], refresh: bool) -> None: ...

    def close(self) -> None: ...
