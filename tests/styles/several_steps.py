"""Several compiled functions: calling each other, copied, pickled."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import chainrule as torch
from chainrule import nn, optim
from styles.judge import program
from styles.shared import always, at, mlp, mse, nothing, problem, update, weights


def module_level(x: Any) -> Any:
    """Something that can be pickled by name."""
    return torch.sin(x) * 2


class Doubler:
    """A callable that can be pickled."""

    def __init__(self, k: float) -> None:
        self.k = k

    def __call__(self, x: Any) -> Any:
        return x * self.k


@program(compiles=True)
def two_steps_share_a_model(c: Any) -> Any:
    net, x, y, opt = problem()
    other = optim.Adam(net.parameters(), lr=0.02)

    @c
    def by_sgd():
        return update(opt, mse(net(x), y))

    @c
    def by_adam():
        return update(other, (net(x) - y).abs().mean())

    return lambda i: (by_sgd, by_adam)[i % 2](), lambda i: (i,), weights(net)


@program(compiles=True)
def compiled_calls_compiled(c: Any) -> Any:
    net, x, y, opt = problem()
    weight = [1.0]

    @c
    def criterion(out, target):
        return mse(out, target) * weight[0]

    @c
    def step():
        return update(opt, criterion(net(x), y))

    return step, at(6, lambda: weight.__setitem__(0, 3.0)), weights(net)


@program(compiles=True)
def compiled_model_in_a_compiled_step(c: Any) -> Any:
    _, x, y, _ = problem()
    net = mlp(nn.Dropout(0.3))
    model = c(net)
    opt = optim.SGD(net.parameters(), lr=0.1)

    @c
    def step(x):
        return update(opt, mse(model(x), y))

    return step, at(6, net.eval, (x,)), weights(net)


@program(compiles=True)
def the_same_function_twice(c: Any) -> Any:
    net, x, y, opt = problem()

    def step():
        return update(opt, mse(net(x), y))

    first, second = c(step), c(step)
    return lambda i: (first if i % 3 else second)(), lambda i: (i,), weights(net)


@program(compiles=True)
def compiled_twice_over(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    @c
    def step():
        return update(opt, mse(net(x), y))

    return step, always(), weights(net)


@program
def compiled_and_as_written_mixed(c: Any) -> Any:
    net, x, y, _ = problem()
    opt = optim.Adam(net.parameters(), lr=0.05)

    def written():
        return update(opt, mse(net(x), y))

    compiled = c(written)
    return lambda i: (written if i % 3 == 2 else compiled)().detach(), lambda i: (i,), weights(net)


@program
def deep_copy_of_a_compiled_step(c: Any) -> Any:
    x = torch.arange(4.0)
    first = c(module_level)
    steps = [first]

    def step(i):
        if i == 6:
            steps.append(copy.deepcopy(first))
        return [run(x + i) for run in steps]

    return step, lambda i: (i,), nothing


@program
def pickled_compiled_object(c: Any) -> Any:
    x = torch.arange(4.0)
    steps = [c(Doubler(2.0))]

    def step(i):
        if i == 6:
            steps[0] = pickle.loads(pickle.dumps(steps[0]))
        return steps[0](x + i)

    return step, lambda i: (i,), nothing


@program
def deep_copy_of_a_trainer(c: Any) -> Any:
    class Trainer:
        def __init__(self):
            self.net, self.x, self.y, self.opt = problem()
            self.run = c(self.train)

        def train(self):
            return update(self.opt, mse(self.net(self.x), self.y))

    trainer = Trainer()
    copies: list[Any] = []

    def step(i):
        if i == 6:
            copies.append(copy.deepcopy(trainer.net))
        return trainer.run().detach()

    return step, lambda i: (i,), lambda: [weights(trainer.net)(), [weights(net)() for net in copies]]


@program
def module_with_a_compiled_part_copied(c: Any) -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(3, 2)
            self.act = c(module_level)

        def forward(self, x):
            return self.act(self.fc(x).detach())

    torch.manual_seed(1)
    net, x = Net(), torch.randn(4, 3)
    nets = [net]

    def step(i):
        if i == 6:
            nets.append(copy.deepcopy(net))
        return [n(x + i) for n in nets]

    return step, lambda i: (i,), nothing
