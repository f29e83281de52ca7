"""All kinds of callables compiled, and many of them."""

from __future__ import annotations

import functools
import types
from typing import Any

import chainrule as torch
from chainrule import nn, optim
from styles.judge import program
from styles.shared import always, at, mse, nothing, problem, update, weights


@program(compiles=True)
def partial_compiled(c: Any) -> Any:
    net, x, y, opt = problem()

    def train(inputs, targets, scale=1.0):
        return update(opt, mse(net(inputs), targets) * scale)

    step = c(functools.partial(train, targets=y, scale=0.5))
    return step, lambda i: (x * i,), weights(net)


@program(compiles=True)
def lambda_compiled(c: Any) -> Any:
    net, x, y, opt = problem()
    return c(lambda k: update(opt, mse(net(x * k), y))), lambda i: (torch.tensor(1.0 + i),), weights(net)


@program(compiles=True)
def callable_object_compiled(c: Any) -> Any:
    class Step:
        def __init__(self):
            self.net, self.x, self.y, self.opt = problem()
            self.scale = 1.0

        def __call__(self):
            return update(self.opt, mse(self.net(self.x), self.y) * self.scale)

    inner = Step()
    return c(inner), at(6, lambda: setattr(inner, "scale", 3.0)), weights(inner.net)


@program(compiles=True)
def static_and_class_methods_compiled(c: Any) -> Any:
    class Maths:
        k = 2.0

        @staticmethod
        @c
        def double(x):
            return torch.sin(x) * 2

        @classmethod
        def scaled(cls, x):
            return torch.cos(x) * cls.k

    scaled = c(Maths.scaled)
    return (
        lambda x: (Maths.double(x), Maths().double(x), scaled(x)),
        at(6, lambda: setattr(Maths, "k", 5.0), (torch.arange(3.0),)),
        nothing,
    )


@program(compiles=True)
def bound_method_of_a_list_of_objects(c: Any) -> Any:
    class Scale:
        def __init__(self, k):
            self.k = k

        def run(self, x):
            return torch.tanh(x) * self.k

    scales = [Scale(1.0), Scale(2.0)]
    runs = [c(scale.run) for scale in scales]

    def between(i: int) -> tuple[Any, ...]:
        if i == 6:
            scales[1].k = 7.0
        return (torch.arange(3.0) + i,)

    return lambda x: [run(x) for run in runs], between, nothing


@program(compiles=True)
def builtin_of_the_library_compiled(c: Any) -> Any:
    tanh, norm = c(torch.tanh), c(nn.functional.softmax)
    return lambda x: (tanh(x), norm(x, dim=0)), lambda i: (torch.arange(3.0) + i,), nothing


@program
def attributes_of_the_function_survive(c: Any) -> Any:
    @c
    def step(x: Any) -> Any:
        """Doubles."""
        return x * 2

    def asked(x):
        return step(x), step.__name__, step.__doc__, callable(step)

    return asked, lambda i: (torch.ones(2) * i,), nothing


@program
def step_replaced_by_its_compiled_self(c: Any) -> Any:
    net, x, y, opt = problem()
    box = types.SimpleNamespace()

    def train():
        return update(opt, mse(net(x), y)).detach()

    box.train = train

    def step(i):
        if i == 3:
            box.train = c(box.train)
        return box.train()

    return step, lambda i: (i,), weights(net)


@program
def models_in_a_loop_one_function(c: Any) -> Any:
    torch.manual_seed(0)
    nets = [nn.Linear(3, 2) for _ in range(3)]
    x, y = torch.randn(8, 3), torch.randn(8, 2)
    opts = [optim.SGD(net.parameters(), lr=0.1) for net in nets]

    @c
    def train(k):
        return update(opts[k], mse(nets[k](x), y))

    return train, lambda i: (i % 3,), weights(*nets)


@program
def ensembles_made_in_a_loop(c: Any) -> Any:
    torch.manual_seed(0)
    x, y = torch.randn(8, 3), torch.randn(8, 2)
    nets, steps = [], []
    for lr in (0.1, 0.01):
        net = nn.Linear(3, 2)
        opt = optim.SGD(net.parameters(), lr=lr)

        def train(net=net, opt=opt):
            return update(opt, mse(net(x), y))

        nets.append(net)
        steps.append(c(train))
    return lambda: [step() for step in steps], always(), weights(*nets)


@program(calls=20)
def a_new_model_every_four_calls(c: Any) -> Any:
    x, y = torch.ones(4, 3), torch.ones(4, 2)
    net: Any = None
    opt: Any = None

    @c
    def step():
        return update(opt, mse(net(x), y)).detach()

    def between(i: int) -> tuple[Any, ...]:
        nonlocal net, opt
        if i % 4 == 0:
            torch.manual_seed(i)
            net = nn.Linear(3, 2)
            opt = optim.SGD(net.parameters(), lr=0.1)
        return ()

    return step, between, lambda: dict(net.state_dict())


@program(compiles=True)
def grid_search_over_fresh_steps(c: Any) -> Any:
    def run(lr):
        net, x, y, _ = problem()
        opt = optim.SGD(net.parameters(), lr=lr)

        @c
        def step():
            return update(opt, mse(net(x), y))

        return [step().item() for _ in range(6)], dict(net.state_dict())

    return run, lambda i: (0.05 * (1 + i % 4),), nothing


@program
def switch_between_many_configs(c: Any) -> Any:
    net, x, y, opt = problem()
    config = {"k": 0}

    @c
    def step():
        return update(opt, mse(net(x), y) * (1 + config["k"]))

    def between(i: int) -> tuple[Any, ...]:
        config["k"] = (i * 7) % 11
        return ()

    return step, between, weights(net)


@program(native=True, compiles=True)
def machine_code_for_once(c: Any) -> Any:
    net, x, y, opt = problem()
    config = {"weight": 1.0}

    @c
    def step():
        return update(opt, mse(torch.tanh(net(x)), y) * config["weight"])

    return step, at(6, lambda: config.update(weight=3.0)), weights(net)
