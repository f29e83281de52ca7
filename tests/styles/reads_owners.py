"""A step reads objects of the user's own: loss terms, optimizers, levels."""

from __future__ import annotations

import functools
from typing import Any

import chainrule as torch
from chainrule import optim
from styles.judge import program
from styles.shared import always, at, mse, nothing, problem, update, weights


@program
def objects_in_a_loop(c: Any) -> Any:
    class Term:
        def __init__(self, weight, power):
            self.weight, self.power = weight, power

        def __call__(self, z):
            return self.weight * (z.abs() ** self.power).mean()

    net, x, y, opt = problem()
    terms = [Term(1.0, 2), Term(0.5, 1)]

    @c
    def step():
        return update(opt, sum(term(net(x) - y) for term in terms))

    def between(i: int) -> tuple[Any, ...]:
        if i == 4:
            terms[1].weight = 2.0
        if i == 8:
            terms.append(Term(0.1, 3))
        return ()

    return step, between, weights(net)


@program(compiles=True)
def own_optimizer(c: Any) -> Any:
    class Descent:
        def __init__(self, params, lr):
            self.params, self.lr = list(params), lr

        def zero_grad(self):
            for p in self.params:
                p.grad = None

        def step(self):
            with torch.no_grad():
                for p in self.params:
                    p -= self.lr * p.grad

    net, x, y, _ = problem()
    opt = Descent(net.parameters(), 0.1)

    @c
    def step():
        return update(opt, mse(net(x), y))

    return step, at(6, lambda: setattr(opt, "lr", 0.01)), weights(net)


@program
def own_optimizer_that_counts(c: Any) -> Any:
    class Descent:
        def __init__(self, params):
            self.params, self.t = list(params), 0

        def step(self):
            self.t += 1
            with torch.no_grad():
                for p in self.params:
                    p.sub_(p.grad * (0.1 / self.t))

        def zero_grad(self):
            for p in self.params:
                p.grad = None

    net, x, y, _ = problem()
    opt = Descent(net.parameters())

    @c
    def step():
        return update(opt, mse(net(x), y))

    return step, always(), lambda: [opt.t, dict(net.state_dict())]


@program(compiles=True)
def optimizer_in_a_trainer_replaced(c: Any) -> Any:
    class Trainer:
        def __init__(self):
            self.net, self.x, self.y, self.opt = problem()

        def train(self):
            return update(self.opt, mse(self.net(self.x), self.y))

    trainer = Trainer()
    step = c(trainer.train)

    def change():
        trainer.opt = optim.RMSprop(trainer.net.parameters(), lr=0.01)

    return step, at(6, change), weights(trainer.net)


@program
def comparison_of_own_objects(c: Any) -> Any:
    @functools.total_ordering
    class Level:
        def __init__(self, n):
            self.n = n

        def __eq__(self, other):
            return self.n == other.n

        def __lt__(self, other):
            return self.n < other.n

        def __hash__(self):
            return self.n

    x = torch.linspace(0, 1, 4)
    now, limit = Level(1), Level(3)

    @c
    def step():
        return x * 2 if now < limit else x * 5

    return step, at(6, lambda: setattr(now, "n", 7)), nothing
