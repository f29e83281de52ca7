"""Containers, keywords and arrays are given to a call."""

from __future__ import annotations

import collections
import dataclasses
import types
from typing import Any

import numpy as np

import chainrule as torch
from styles.judge import program
from styles.shared import mse, nothing, problem, update, weights

Batch = collections.namedtuple("Batch", "inputs targets weight")


@program(compiles=True)
def keywords(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def train(*, inputs, targets, weight=1.0):
        return update(opt, mse(net(inputs), targets) * weight)

    return lambda i: train(targets=y, inputs=x * i), lambda i: (i,), weights(net)


@program(compiles=True)
def stars(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def train(*tensors, **more):
        inputs, targets = tensors
        return update(opt, mse(net(inputs), targets) + 0.1 * more["extra"].sum())

    return lambda i: train(x, y * i, extra=net.weight.detach() * 0 + i), lambda i: (i,), weights(net)


@program
def more_or_fewer_stars(c: Any) -> Any:
    @c
    def step(*tensors):
        return sum(t.sum() for t in tensors) / len(tensors)

    return step, lambda i: tuple(torch.arange(3.0) + k for k in range(1 + i // 4)), nothing


@program(compiles=True)
def dict_batch(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step(batch):
        return update(opt, (mse(net(batch["inputs"]), batch["targets"]) * batch["weight"]).mean())

    def between(i: int) -> tuple[Any, ...]:
        return ({"inputs": x * i, "targets": y, "weight": torch.ones(8)},)

    return step, between, weights(net)


@program
def dict_batch_in_another_order(c: Any) -> Any:
    @c
    def step(batch):
        z = torch.zeros(3)
        for value in batch.values():
            z = z * 2 + value
        return z

    def between(i: int) -> tuple[Any, ...]:
        pairs = [("a", torch.ones(3)), ("b", torch.ones(3) * 5)]
        return (dict(pairs if i < 6 else reversed(pairs)),)

    return step, between, nothing


@program(compiles=True)
def namedtuple_batch(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step(batch):
        return update(opt, (mse(net(batch.inputs), batch.targets) * batch.weight).mean())

    return step, lambda i: (Batch(x * i, y, torch.ones(1)),), weights(net)


@program(compiles=True)
def nested_batch(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step(batch):
        (inputs, extra), targets = batch
        return update(opt, mse(net(inputs + extra["noise"][0]), targets))

    return step, lambda i: (((x, {"noise": [x * 0.01 * i]}), y),), weights(net)


@program
def dataclass_batch(c: Any) -> Any:
    @dataclasses.dataclass
    class Sample:
        inputs: Any
        targets: Any

    net, x, y, opt = problem()

    @c
    def step(sample):
        return update(opt, mse(net(sample.inputs), sample.targets))

    return step, lambda i: (Sample(x * i, y),), weights(net)


@program
def dataclass_batch_refilled(c: Any) -> Any:
    batch = types.SimpleNamespace(inputs=None, targets=None)
    net, x, y, opt = problem()

    @c
    def step(batch):
        return update(opt, mse(net(batch.inputs), batch.targets))

    def between(i: int) -> tuple[Any, ...]:
        batch.inputs, batch.targets = x * i, y
        return (batch,)

    return step, between, weights(net)


@program
def numpy_batch(c: Any) -> Any:
    net, x, y, opt = problem()
    inputs, targets = x.numpy(), y.numpy()

    @c
    def step(a, b):
        return update(opt, mse(net(torch.from_numpy(a)), torch.tensor(b)))

    return step, lambda i: (inputs * np.float32(i), targets), weights(net)


@program
def numpy_batch_refilled_in_place(c: Any) -> Any:
    net, x, y, opt = problem()
    inputs = x.numpy().copy()

    @c
    def step(a):
        return update(opt, mse(net(torch.tensor(a)), y))

    def between(i: int) -> tuple[Any, ...]:
        inputs[0] += 1
        return (inputs,)

    return step, between, weights(net)


@program
def lists_of_numbers(c: Any) -> Any:
    @c
    def step(row, k):
        return torch.tensor(row) * k

    return step, lambda i: ([1.0, 2.0, float(i)], 3), nothing


@program
def a_list_refilled_in_place(c: Any) -> Any:
    row = [1.0, 2.0]

    @c
    def step(row):
        return torch.tensor(row).sum() + len(row)

    def between(i: int) -> tuple[Any, ...]:
        if i >= 5:
            row[0] += 1
        if i == 9:
            row.append(4.0)
        return (row,)

    return step, between, nothing
