"""`fit`: the training loop, with a bar, a history, and a stop that keeps what was learned."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from chainrule.compiler import available
from chainrule.data import DataLoader
from chainrule.errors import ArgumentError, DivergedError, require
from chainrule.nn import Module
from chainrule.optim import Optimizer
from chainrule.training import NotFinite, Tally, as_batches, evaluate, is_mean, refuse_nan, training_step

PAYS = 4.0  # seconds that the epochs to come would take as written, from which compiling them pays


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
    compile: bool | None = None,
) -> History:  # fmt: skip
    """Train ``model`` on ``data`` for ``epochs`` passes and return the `History`.

    data, validation   (inputs, targets) as arrays or tensors, a Dataset, or a DataLoader (which then says
                       ``batch_size`` and ``shuffle`` itself)
    loss               a function of (prediction, targets), such as ``nn.CrossEntropyLoss()``

    compile            whether the step, and whole epochs over data in memory, run as native code (see
                       `chainrule.compile`): same results, sooner.  None: where it pays, after an epoch as written

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
    bar = _bar(epochs * len(batches), progress)
    was_training = model.training
    model.train()
    run = _Run(model, batches, loss, optimizer, epochs, bar, compile)
    history, epoch = run.history, 1
    try:
        with _StopOnRequest() as stop:
            while epoch <= epochs:
                epoch += run.go_on(epoch, epochs - epoch + 1 if held_out is None else 1, stop)
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


class _Run:
    """One call of `fit`, under way."""

    def __init__(
        self, model: Module, batches: DataLoader, loss: Any, optimizer: Optimizer, epochs: int, bar: Any,
        compile: bool | None,
    ) -> None:  # fmt: skip
        self.batches, self.loss, self.optimizer, self.epochs, self.bar = batches, loss, optimizer, epochs, bar
        self.history, self.wanted, self.quiet = History(), compile, compile is None
        self.native: Any = None
        self.step: Any = training_step(model, loss, optimizer)
        if compile:
            self._compile()

    def _compile(self) -> None:
        from chainrule.compiler import compile

        self.step = compile(self.step)
        self.step.quiet = self.quiet  # nobody asked for it: nobody need know where it does not work
        if self.step.reason is None:
            from chainrule.compiler.epochs import Epochs

            self.native = Epochs(self.step, self.batches, is_mean(self.loss))

    def go_on(self, epoch: int, most: int, stop: _StopOnRequest) -> int:
        """Run epoch number ``epoch``, and natively up to ``most``; how many were run."""
        if self.native is not None and self.native.prepare():
            return self._natively(epoch, most, stop)
        start = time.perf_counter()
        tally = Tally()
        self._batches(tally, epoch, 0, self.batches, stop)
        self._note(tally)
        if self.wanted is None and (time.perf_counter() - start) * (self.epochs - epoch) > PAYS and available():
            self.wanted = True
            self._compile()
        return 1

    def _batches(self, tally: Tally, epoch: int, first: int, batches: Iterable[Any], stop: _StopOnRequest) -> None:
        """Steps as written, or compiled one by one."""
        for number, (inputs, targets) in enumerate(batches, first):
            if epoch == 1:  # a loader of one's own was not looked through before
                refuse_nan(inputs, f"batch {number}, inputs")
                refuse_nan(targets, f"batch {number}, targets")
            try:
                value, right = self.step(inputs, targets)
            except NotFinite as problem:
                raise DivergedError(
                    f"the loss became {problem.number} in epoch {epoch}, step {number}: the steps are too long "
                    f"(lr={self.optimizer.param_groups[0].get('lr')}); try a tenth of it"
                ) from None
            n = len(targets)
            total = value.item() * n if is_mean(self.loss) else value.item()
            tally.add(n, total, None if right is None else right.item())
            self.bar.update(1)
            if stop.requested:
                break

    def _natively(self, epoch: int, most: int, stop: _StopOnRequest) -> int:
        """Whole epochs without Python; a step that must run as written does so, and the epoch is ended like it."""
        assert self.native is not None
        shown = 0

        def pause(batches: int) -> bool:
            nonlocal shown
            shown += batches
            self.bar.update(batches)
            return stop.requested

        totals, stopped = self.native.run(most, pause)
        if not len(totals):  # what was compiled is no longer right
            self.native = None
            return 0
        done = len(totals) - (stopped is not None)
        means = totals[:done] / self.native.seen
        self.history.loss += means[:, 0].tolist()
        if means.shape[1] > 1:
            self.history.accuracy += means[:, 1].tolist()
        if stopped is None:
            self.bar.update(done * len(self.batches) - shown)
            return done
        (first, order), (total, *right) = stopped, totals[-1]
        tally = Tally(min(first * self.native.size, self.native.examples), total, int(right[0]) if right else None)
        self.bar.update(done * len(self.batches) + first - shown)
        if not stop.requested:
            self._batches(tally, epoch + done, first, self.native.from_batch(first, order), stop)
        if tally.examples:
            self._note(tally)
        return done + 1

    def _note(self, tally: Tally) -> None:
        self.history.loss.append(tally.loss)
        if tally.accuracy is not None:
            self.history.accuracy.append(tally.accuracy)


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
