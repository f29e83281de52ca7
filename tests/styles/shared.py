"""What the programs share: a small problem, an update, something that happens midway."""

from __future__ import annotations

import atexit
import pathlib
import shutil
import tempfile
from collections.abc import Callable
from typing import Any

import chainrule as torch
from chainrule import nn, optim

FOLDER = tempfile.mkdtemp()
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)


def scratch() -> pathlib.Path:
    """An empty folder; it goes when the process ends."""
    return pathlib.Path(tempfile.mkdtemp(dir=FOLDER))


def problem(rows: int = 8, width: int = 3, out: int = 2, lr: float = 0.1) -> tuple[Any, Any, Any, Any]:
    """A linear model, inputs, targets, and SGD."""
    torch.manual_seed(0)
    x, y = torch.randn(rows, width), torch.randn(rows, out)
    model = nn.Linear(width, out)
    return model, x, y, optim.SGD(model.parameters(), lr=lr)


def mlp(*middle: Any, hidden: int = 4) -> Any:
    """A model of two layers with something between them."""
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(3, hidden), *(middle or (nn.Tanh(),)), nn.Linear(hidden, 2))


def update(opt: Any, loss: Any) -> Any:
    """The three lines of every training loop."""
    opt.zero_grad()
    loss.backward()
    opt.step()
    return loss


def mse(a: Any, b: Any) -> Any:
    """The mean squared error."""
    return ((a - b) ** 2).mean()


def at(call: int, change: Callable[[], Any], args: tuple[Any, ...] = ()) -> Callable[[int], tuple[Any, ...]]:
    """``change`` happens once, before that call."""

    def between(i: int) -> tuple[Any, ...]:
        if i == call:
            change()
        return args

    return between


def always(*args: Any) -> Callable[[int], tuple[Any, ...]]:
    """The same arguments for each call."""
    return lambda i: args


def weights(*models: Any) -> Callable[[], Any]:
    """All parameters and buffers of models."""
    return lambda: [dict(model.state_dict()) for model in models]


def nothing() -> None:
    """Nothing is watched: what is returned says it all."""


def grads(net: Any) -> Callable[[], Any]:
    """The weights of a model, and what is left in ``.grad``."""
    return lambda: [dict(net.state_dict()), [p.grad for p in net.parameters()]]


def classic(c: Any, net: Any, opt: Any = None) -> Any:
    """The step of a model of 3 inputs and 2 outputs, without arguments."""
    _, x, y, _ = problem()
    opt = opt or optim.SGD(net.parameters(), lr=0.1)

    @c
    def step():
        return update(opt, mse(net(x), y))

    return step


def does(c: Any, effect: Any, watched: Any, between: Any = None) -> Any:
    """A program whose step also calls ``effect``."""
    net, x, y, opt = problem()

    @c
    def step():
        effect()
        return update(opt, mse(net(x), y))

    return step, between or always(), lambda: [watched(), dict(net.state_dict())]


def scaled_by(c: Any, weight: Any, change: Any, when: int = 6) -> Any:
    """A program whose loss is multiplied by what ``weight()`` gives; ``change()`` happens before a call."""
    net, x, y, opt = problem()

    @c
    def step():
        return update(opt, mse(net(x), y) * weight())

    return step, at(when, change), weights(net)
