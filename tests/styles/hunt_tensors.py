"""Found by thinking against the compiler: sizes that follow the data, memory, versions, and the default dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as torch
from chainrule.nn import functional as F
from styles.judge import program
from styles.shared import at, mse, nothing, problem, scaled_by, update, weights


def rising(i: int) -> tuple[Any, ...]:
    return (torch.arange(6).reshape(2, 3) * 0.1 * (i + 1),)


@program
def length_of_a_masked_selection(c: Any) -> Any:
    @c
    def step(x):
        return x.sum() * len(x[x > 0.5])

    return step, rising, nothing


@program
def classes_counted_by_one_hot(c: Any) -> Any:
    @c
    def step(x):
        return x.sum() * F.one_hot((x[0] * 3).to(torch.int64)).sum(0).shape[0]

    return step, rising, nothing


@program
def version_of_a_tensor_read(c: Any) -> Any:
    x = torch.ones(2)
    return scaled_by(c, lambda: 1.0 if x.version[0] == 0 else 3.0, lambda: x.mul_(1.0))


@program
def memory_of_a_tensor_set_anew(c: Any) -> Any:
    scale = torch.ones(2)
    return scaled_by(c, lambda: scale.sum(), lambda: setattr(scale, "array", np.full(2, 3, np.float32)))


@program
def default_dtype_of_what_is_made_inside(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        return torch.ones(3) * 2, update(opt, mse(net(x), y))

    return step, at(6, lambda: torch.set_default_dtype(torch.float64)), nothing


@program
def default_dtype_asked_for(c: Any) -> Any:
    return scaled_by(
        c,
        lambda: 1.0 if torch.get_default_dtype() == torch.float32 else 3.0,
        lambda: torch.set_default_dtype(torch.float64),
    )


@program
def a_loss_given_to_the_next_call(c: Any) -> Any:
    net, x, y, opt = problem()
    last = [torch.zeros(())]

    @c
    def step(before):
        return update(opt, mse(net(x), y) + 0.1 * before)

    def run():
        last[0] = step(last[0])
        return last[0]

    return run, lambda i: (), weights(net)
