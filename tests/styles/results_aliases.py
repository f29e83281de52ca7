"""What a call returns is something that exists already, or a view of it."""

from __future__ import annotations

from typing import Any

import chainrule as torch
from styles.judge import program
from styles.shared import always, mse, nothing, problem, update, weights


@program
def the_same_list_each_time(c: Any) -> Any:
    net, x, y, opt = problem()
    out: list[Any] = [None, None]

    @c
    def train():
        out[0], out[1] = update(opt, mse(net(x), y)).detach(), 1
        return out

    return lambda: train() is out, always(), lambda: out


@program
def a_fresh_list_each_time(c: Any) -> Any:
    net, x, y, opt = problem()
    kept: list[Any] = []

    @c
    def train():
        return [update(opt, mse(net(x), y)).detach()]

    def step():
        kept.append(train())
        kept[-1].append(len(kept))
        return len({id(k) for k in kept}), kept[-1]

    return step, always(), lambda: kept


@program
def results_kept_are_not_overwritten(c: Any) -> Any:
    net, x, y, opt = problem()
    kept: list[Any] = []

    @c
    def train():
        out = net(x)
        update(opt, mse(out, y))
        return out.detach()

    def step():
        kept.append(train())
        return kept[-1]

    return step, always(), lambda: kept


@program
def results_changed_in_place_outside(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def train():
        out = net(x).detach()
        return update(opt, mse(net(x), y)).detach(), out

    def step():
        loss, out = train()
        out.zero_()
        loss += 100
        return loss, out

    return step, always(), weights(net)


@program
def the_buffer_itself(c: Any) -> Any:
    total = torch.zeros(3)
    kept: list[Any] = []

    @c
    def accumulate(x):
        total.add_(x)
        return total

    def step(x):
        result = accumulate(x)
        kept.append(result is total)
        return result.clone()

    return step, always(torch.ones(3)), lambda: [total, kept]


@program
def the_buffer_written_through_the_result(c: Any) -> Any:
    total = torch.zeros(3)

    @c
    def accumulate(x):
        total.add_(x)
        return total

    def step(x):
        accumulate(x).mul_(2)

    return step, always(torch.ones(3)), lambda: total


@program
def the_parameter_itself(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def train():
        update(opt, mse(net(x), y))
        return net.weight

    def step():
        weight = train()
        return weight is net.weight, weight.requires_grad, weight.is_leaf

    return step, always(), weights(net)


@program
def the_argument_itself(c: Any) -> Any:
    @c
    def passing(x, y):
        return x, y * 2

    def step(x, y):
        first, second = passing(x, y)
        return first is x, second

    return step, lambda i: (torch.ones(2) * i, torch.ones(2)), nothing


@program
def the_argument_in_a_dict_with_more(c: Any) -> Any:
    @c
    def enrich(batch):
        batch["double"] = batch["x"] * 2
        return batch

    def step(i):
        batch = {"x": torch.ones(2) * i}
        return enrich(batch) is batch, batch

    return step, lambda i: (i,), nothing


@program
def a_view_of_a_buffer(c: Any) -> Any:
    memory = torch.zeros(4, 2)

    @c
    def push(x):
        memory.add_(x)
        return memory[1]

    def step(x):
        row = push(x)
        row += 1  # a view: the buffer changes, too
        return row

    return step, always(torch.ones(4, 2)), lambda: memory


@program
def a_view_of_an_argument(c: Any) -> Any:
    @c
    def head(x):
        return x[:2], x.sum()

    def step(x):
        first, total = head(x)
        first.zero_()
        return x, total

    return step, lambda i: (torch.ones(4) * (i + 1),), nothing


@program
def transposed_weight(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def train():
        update(opt, mse(net(x), y))
        return net.weight.detach().t()

    kept: list[Any] = []

    def step():
        kept.append(train())
        return len(kept)

    return step, always(), lambda: kept


@program
def detached_weight_kept_is_alive(c: Any) -> Any:
    net, x, y, opt = problem()
    kept: list[Any] = []

    @c
    def train():
        update(opt, mse(net(x), y))
        return net.weight.detach()

    def step():
        kept.append(train())

    return step, always(), lambda: kept


@program
def the_same_tensor_twice(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def train():
        loss = update(opt, mse(net(x), y)).detach()
        return loss, loss

    def step():
        first, second = train()
        first += 1
        return first is second, second

    return step, always(), nothing


@program
def two_views_of_one_result(c: Any) -> Any:
    net, x, _, _ = problem()

    @c
    def split():
        out = net(x).detach() * 2
        return out[:, 0], out[:, 1], out

    def step():
        a, b, both = split()
        both.zero_()
        return a, b, both

    return step, always(), nothing
