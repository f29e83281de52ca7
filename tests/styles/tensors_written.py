"""Tensors written in place: rows, views, masks, buffers."""

from __future__ import annotations

from typing import Any

import chainrule as torch
from styles.judge import program
from styles.shared import always, mse, nothing, problem, update, weights


@program(compiles=True)
def running_total(c: Any) -> Any:
    total = torch.zeros(3)

    @c
    def step(x):
        total.add_(x * 2)
        return total.sum()

    return step, lambda i: (torch.arange(3.0) + i,), lambda: total


@program
def a_row_written(c: Any) -> Any:
    memory = torch.zeros(4, 3)

    @c
    def step(x):
        memory[2] = x
        memory[0, 1:] += x[1:]
        return memory.sum(0)

    return step, lambda i: (torch.arange(3.0) + i,), lambda: memory


@program
def a_row_written_by_a_counter(c: Any) -> Any:
    memory, state = torch.zeros(12, 2), {"k": 0}

    @c
    def step(x):
        memory[state["k"]] = x
        return memory.mean()

    def between(i: int) -> tuple[Any, ...]:
        state["k"] = i
        return (torch.ones(2) * i,)

    return step, between, lambda: memory


@program
def ring_buffer(c: Any) -> Any:
    memory, head = torch.zeros(4, 2), [0]

    @c
    def push(x):
        memory[head[0] % 4] = x
        head[0] += 1
        return memory.mean(0)

    return push, lambda i: (torch.ones(2) * i,), lambda: [memory, head]


@program
def written_through_a_view(c: Any) -> Any:
    base = torch.zeros(3, 4)
    column, rows = base[:, 1], base.reshape(4, 3)

    @c
    def step():
        column.add_(1)
        rows[0] -= 0.5
        return base.sum(1)

    return step, always(), lambda: [base, column, rows]


@program
def masked_writes(c: Any) -> Any:
    x = torch.linspace(-1, 1, 6)

    @c
    def step(limit):
        z = x.clone()
        z[z < limit] = 0.0
        z.masked_fill_(z > 0.8, 9.0)
        return z, (z == 0).sum()

    return step, lambda i: (torch.tensor(-1 + i / 6),), nothing


@program(compiles=True)
def where_instead_of_if(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step(x):
        out = net(x)
        return update(opt, torch.where(out.abs().max() > 1, mse(out, y) * 0.1, mse(out, y)))

    return step, lambda i: (x * i,), weights(net)


@program
def an_if_about_a_tensor(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step(x):
        out = net(x)
        loss = mse(out, y)
        if out.abs().max() > 1:
            loss = loss * 0.1
        return update(opt, loss)

    return step, lambda i: (x * i,), weights(net)


@program
def clone_before_the_write(c: Any) -> Any:
    x = torch.arange(4.0)

    @c
    def step():
        z = x.clone()
        z[1:3] = z[1:3] * 2
        x[0] += 1
        return z, x.sum()

    return step, always(), lambda: x


@program
def swap_two_buffers(c: Any) -> Any:
    now, old = torch.zeros(3), torch.ones(3)

    @c
    def step():
        nonlocal now, old
        now, old = old + 0.1, now
        return now * 2

    return step, always(), lambda: [now, old]


@program(compiles=True)
def copy_between_buffers(c: Any) -> Any:
    now, old = torch.zeros(3), torch.ones(3)

    @c
    def step():
        kept = now.clone()
        now.mul_(0.5).add_(old)
        old.copy_(kept)
        return now - old

    return step, always(), lambda: [now, old]
