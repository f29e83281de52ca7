"""Whole programs: mixup, distillation, meta-learning, decorators, notebooks."""

from __future__ import annotations

import copy
import functools
from typing import Any

import numpy as np

import chainrule as torch
from chainrule import nn, optim
from chainrule.nn import functional as F
from styles.judge import program
from styles.shared import always, at, mlp, mse, nothing, problem, update, weights


@program(compiles=True)
def mixup(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def train(x, y, lam, order):
        mixed = lam * x + (1 - lam) * x[order]
        out = net(mixed)
        return update(opt, lam * mse(out, y) + (1 - lam) * mse(out, y[order]))

    rng = np.random.default_rng(0)

    def step():
        return train(x, y, torch.tensor(rng.beta(1, 1)).float(), torch.randperm(8))

    return step, always(), weights(net)


@program(compiles=True)
def knowledge_distillation(c: Any) -> Any:
    student, x, _, opt = problem()
    teacher = mlp().eval()
    config = {"T": 2.0, "alpha": 0.5}

    @c
    def step(x, labels):
        with torch.no_grad():
            soft = F.softmax(teacher(x) / config["T"], dim=1)
        out = student(x)
        hard = F.cross_entropy(out, labels)
        loss = config["alpha"] * hard - (1 - config["alpha"]) * (soft * F.log_softmax(out / config["T"], dim=1)).mean()
        return update(opt, loss)

    def between(i: int) -> tuple[Any, ...]:
        if i == 6:
            config["alpha"] = 0.0
        return x, torch.tensor([0, 1] * 4)

    return step, between, weights(student)


@program(compiles=True)
def multi_task_with_learned_weights(c: Any) -> Any:
    torch.manual_seed(0)
    body, heads = nn.Linear(3, 4), nn.ModuleDict({"a": nn.Linear(4, 2), "b": nn.Linear(4, 1)})
    sigma = nn.Parameter(torch.zeros(2))
    opt = optim.Adam([*body.parameters(), *heads.parameters(), sigma], lr=0.02)
    x, targets = torch.randn(8, 3), {"a": torch.randn(8, 2), "b": torch.randn(8, 1)}
    tasks = ["a", "b"]

    @c
    def step():
        z = torch.relu(body(x))
        losses = {task: mse(heads[task](z), targets[task]) for task in tasks}
        total = sum(loss * torch.exp(-sigma[k]) + sigma[k] for k, loss in enumerate(losses.values()))
        update(opt, total)
        return {task: loss.detach() for task, loss in losses.items()}

    def between(i: int) -> tuple[Any, ...]:
        if i == 6:
            tasks.reverse()
        return ()

    return step, between, lambda: [sigma, weights(body, heads)()]


@program(compiles=True)
def meta_learning_inner_loop(c: Any) -> Any:
    net, x, y, opt = problem()
    config = {"inner": 0.1, "steps": 2}

    @c
    def step():
        w, b = net.weight, net.bias
        for _ in range(config["steps"]):
            loss = mse(F.linear(x[:4], w, b), y[:4])
            gw, gb = torch.autograd.grad(loss, (w, b), create_graph=True)
            w, b = w - config["inner"] * gw, b - config["inner"] * gb
        return update(opt, mse(F.linear(x[4:], w, b), y[4:]))

    return step, at(6, lambda: config.update(steps=1)), weights(net)


@program(compiles=True)
def reptile(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def inner(x, y):
        return update(opt, mse(net(x), y))

    def step(i):
        before = copy.deepcopy(net.state_dict())
        losses = [inner(x * (1 + i % 2), y) for _ in range(2)]
        after = net.state_dict()
        net.load_state_dict({k: before[k] + 0.5 * (after[k] - before[k]) for k in before})
        return losses

    return step, lambda i: (i,), weights(net)


@program
def kaggle_globals(c: Any) -> Any:
    names: dict[str, Any] = {"torch": torch, "nn": nn, "mse": mse, "c": c}
    exec(
        "torch.manual_seed(0)\n"
        "X, Y = torch.randn(8, 3), torch.randn(8, 2)\n"
        "model = nn.Linear(3, 2)\n"
        "opt = torch.optim.Adam(model.parameters(), lr=0.02)\n"
        "SCALE = 1.0\n"
        "best, step_no = None, 0\n"
        "def run():\n"
        "    global step_no\n"
        "    step_no += 1\n"
        "    opt.zero_grad()\n"
        "    loss = mse(model(X), Y) * SCALE\n"
        "    loss.backward()\n"
        "    opt.step()\n"
        "    return loss\n"
        "run = c(run)\n",
        names,
    )
    return lambda: names["run"](), at(6, lambda: names.update(SCALE=3.0)), lambda: [names["step_no"], names["model"]]


@program(compiles=True)
def factory_of_steps(c: Any) -> Any:
    def make_step(net, criterion, opt, *, clip=None):
        def step(x, y):
            opt.zero_grad()
            loss = criterion(net(x), y)
            loss.backward()
            if clip is not None:
                nn.utils.clip_grad_value_(net.parameters(), clip)
            opt.step()
            return loss

        return c(step)

    first, x, y, first_opt = problem()
    second, _, _, second_opt = problem()
    steps = [
        make_step(first, nn.MSELoss(), first_opt),
        make_step(second, nn.L1Loss(), second_opt, clip=0.05),
    ]
    return lambda: [step(x, y) for step in steps], always(), weights(first, second)


@program(compiles=True)
def decorators_stacked(c: Any) -> Any:
    def logged(function):
        @functools.wraps(function)
        def inner(*args, **kwargs):
            return function(*args, **kwargs)

        return inner

    def scaled(k):
        def outer(function):
            @functools.wraps(function)
            def inner(*args, **kwargs):
                return function(*args, **kwargs) * k

            return inner

        return outer

    net, x, y, opt = problem()

    @logged
    @scaled(2.0)
    def loss_of(x, y):
        return mse(net(x), y)

    @c
    @logged
    def step(x, y):
        return update(opt, loss_of(x, y))

    return step, always(x, y), weights(net)


@program(compiles=True)
def no_grad_as_a_decorator(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    @torch.no_grad()
    def evaluate(x):
        return net(x).softmax(1)

    def step(x):
        update(opt, mse(net(x), y))
        return evaluate(x)

    return step, lambda i: (x * i,), nothing


@program(compiles=True)
def options_of_pytorch(c: Any) -> Any:
    net, x, y, opt = problem()

    @c(mode="reduce-overhead", fullgraph=False, dynamic=False)
    def step():
        return update(opt, mse(net(x), y))

    return step, always(), weights(net)
