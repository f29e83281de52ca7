"""Tensors and models no longer fit: the error must be that of the step as written."""

from __future__ import annotations

from typing import Any

import chainrule as torch
from chainrule import nn, optim
from chainrule.autograd import detect_anomaly
from styles.judge import program
from styles.shared import at, mlp, mse, nothing, problem, update, weights


@program
def weights_of_another_shape(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        return update(opt, mse(net(x), y))

    def change():
        net.weight = nn.Parameter(torch.ones(2, 4))

    return step, at(6, change), lambda: net.bias


@program
def dtype_of_the_model_alone(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        return update(opt, mse(net(x), y))

    def between(i: int) -> tuple[Any, ...]:
        if i == 5:
            net.double()
        if i == 8:
            net.float()
        return ()

    return step, between, weights(net)


@program
def everything_frozen(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        return update(opt, mse(net(x), y))

    def between(i: int) -> tuple[Any, ...]:
        net.requires_grad_(i not in (6, 7))
        return ()

    return step, between, weights(net)


@program
def no_grad_around_the_whole_step(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def train():
        return update(opt, mse(net(x), y))

    def step(i):
        if i in (6, 7):
            with torch.no_grad():
                return train()
        return train()

    return step, lambda i: (i,), weights(net)


@program
def anomaly_detection_switched_on(c: Any) -> Any:
    net, x, _, opt = problem()

    @c
    def train(x):
        return update(opt, torch.sqrt(net(x).sum() * 0 - x.abs().sum()))

    def step(i):
        if i == 8:
            with detect_anomaly():
                return train(x)
        return train(x * 0 + 1)

    return step, lambda i: (i,), nothing


@program
def optimizer_without_its_option(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        return update(opt, mse(net(x), y))

    return step, at(6, lambda: opt.param_groups[0].pop("momentum")), weights(net)


@program
def learning_rate_none(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        return update(opt, mse(net(x), y))

    return step, at(6, lambda: opt.param_groups[0].update(lr=None)), weights(net)


@program
def learning_rate_a_tensor(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        return update(opt, mse(net(x), y))

    return step, at(6, lambda: opt.param_groups[0].update(lr=torch.tensor(0.01))), weights(net)


@program
def method_that_raises_from_now_on(c: Any) -> Any:
    class Criterion:
        def __call__(self, a, b):
            return mse(a, b)

    def refuse(self, a, b):
        raise RuntimeError("no more")

    net, x, y, opt = problem()
    criterion = Criterion()

    @c
    def step():
        return update(opt, criterion(net(x), y))

    return step, at(6, lambda: setattr(Criterion, "__call__", refuse)), weights(net)


@program
def property_that_raises(c: Any) -> Any:
    class Config:
        ready = True

        @property
        def weight(self):
            if not self.ready:
                raise AttributeError("not ready")
            return 2.0

    net, x, y, opt = problem()
    config = Config()

    @c
    def step():
        return update(opt, mse(net(x), y) * config.weight)

    return step, at(6, lambda: setattr(config, "ready", False)), weights(net)


@program
def a_view_written_that_backward_needs(c: Any) -> Any:
    torch.manual_seed(0)
    w, x = torch.randn(3, requires_grad=True), torch.randn(3)

    @c
    def step(spoil):
        kept = x.clone()
        loss = (w * kept).sum()
        if spoil:
            kept.add_(1)
        loss.backward()
        gradient, w.grad = w.grad, None
        return gradient

    return step, lambda i: (i == 7,), lambda: w


@program
def a_leaf_written_in_place(c: Any) -> Any:
    w = torch.ones(3, requires_grad=True)

    @c
    def step(guarded):
        if guarded:
            with torch.no_grad():
                w.mul_(0.9)
        else:
            w.mul_(0.9)
        return w.detach().clone()

    return step, lambda i: (i != 7,), lambda: w


@program
def hook_that_raises(c: Any) -> Any:
    net = mlp()
    _, x, y, _ = problem()
    opt = optim.SGD(net.parameters(), lr=0.1)

    @c
    def step():
        return update(opt, mse(net(x), y))

    def refuse(module, args, output):
        raise ValueError("not this module")

    return step, at(6, lambda: net[1].register_forward_hook(refuse)), weights(net)
