"""Whole programs: loaders, epochs, curricula, early stopping, guards."""

from __future__ import annotations

from typing import Any

import chainrule as torch
from chainrule.data import DataLoader, TensorDataset
from styles.judge import program
from styles.shared import always, mse, problem, update, weights


@program(compiles=True)
def data_loader_outside(c: Any) -> Any:
    net, x, y, opt = problem(rows=10)
    loader = DataLoader(TensorDataset(x, y), batch_size=4, shuffle=True)

    @c
    def train(x, y):
        return update(opt, mse(net(x), y))

    def epoch():
        total, n = 0.0, 0
        for inputs, targets in loader:  # the last batch has two rows
            total += train(inputs, targets).item() * len(inputs)
            n += len(inputs)
        return total / n

    return epoch, always(), weights(net)


@program
def a_whole_epoch_compiled(c: Any) -> Any:
    net, x, y, opt = problem(rows=10)
    loader = DataLoader(TensorDataset(x, y), batch_size=4, shuffle=True)

    @c
    def epoch():
        total = torch.zeros(())
        for inputs, targets in loader:
            total = total + update(opt, mse(net(inputs), targets)).detach()
        return total / len(loader)

    return epoch, always(), weights(net)


@program(compiles=True)
def curriculum_by_epoch(c: Any) -> Any:
    net, x, y, opt = problem()
    stage = {"noise": 0.0, "rows": 4}

    @c
    def step():
        xs, ys = x[: stage["rows"]], y[: stage["rows"]]
        return update(opt, mse(net(xs + stage["noise"]), ys))

    def between(i: int) -> tuple[Any, ...]:
        stage.update(noise=0.1 * (i // 4), rows=4 + 2 * (i // 4))
        return ()

    return step, between, weights(net)


@program
def early_stopping_raises(c: Any) -> Any:
    class EarlyStopping:
        def __init__(self, patience):
            self.patience, self.bad, self.best = patience, 0, float("inf")

        def __call__(self, loss):
            if loss < self.best - 0.05:
                self.best, self.bad = loss, 0
            else:
                self.bad += 1
            if self.bad > self.patience:
                raise StopIteration("no progress")

    net, x, y, opt = problem()
    stopper = EarlyStopping(3)

    @c
    def step():
        loss = update(opt, mse(net(x), y))
        stopper(loss.item())
        return loss

    return step, always(), lambda: [stopper.best, stopper.bad]


@program
def nan_guard(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step(x):
        loss = mse(net(x), y)
        if torch.isnan(loss):
            raise ValueError("the loss is NaN")
        return update(opt, loss)

    return step, lambda i: (x * float("nan") if i == 7 else x,), weights(net)


@program
def assertion_about_a_tensor(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step(x):
        out = net(x)
        assert torch.isfinite(out).all(), "out of bounds"
        return update(opt, mse(out, y))

    return step, lambda i: (x * float("inf") if i == 7 else x,), weights(net)


@program(compiles=True)
def assertion_about_a_shape(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step(x, y):
        out = net(x)
        assert out.shape == y.shape, f"{tuple(out.shape)} and {tuple(y.shape)}"
        return update(opt, mse(out, y))

    return step, lambda i: (x, y[:1] if i == 7 else y), weights(net)


@program
def skip_when_the_loss_is_small(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        loss = mse(net(x), y)
        if loss.item() > 0.6:
            update(opt, loss)
        return loss.detach()

    return step, always(), weights(net)
