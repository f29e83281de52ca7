"""Found by thinking against the compiler: what hangs on optimizers, files, memory and seeds."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as torch
from chainrule import optim
from styles.judge import program
from styles.shared import always, at, does, mse, problem, scaled_by, scratch, update, weights


@program
def size_of_the_optimizer_state_read(c: Any) -> Any:
    net, x, y, _ = problem()
    opt = optim.Adam(net.parameters())

    @c
    def step():
        return update(opt, mse(net(x), y) * (1.0 if len(opt.state) else 3.0)).detach()

    return step, at(6, lambda: opt.state.clear()), weights(net)


@program
def step_count_of_the_optimizer_read(c: Any) -> Any:
    net, x, y, _ = problem()
    opt = optim.Adam(net.parameters())

    @c
    def step():
        count = opt.state.get(net.weight, {}).get("step", 0)
        return update(opt, mse(net(x), y) * (3.0 if count > 6 else 1.0))

    return step, always(), weights(net)


@program
def defaults_of_the_optimizer_read(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        return update(opt, mse(net(x), y) * opt.defaults["lr"])

    return step, at(6, lambda: opt.defaults.update(lr=3.0)), weights(net)


@program
def own_attribute_of_an_optimizer(c: Any) -> Any:
    net, x, y, opt = problem()
    opt.boost = 1.0

    @c
    def step():
        return update(opt, mse(net(x), y) * opt.boost)

    return step, at(6, lambda: setattr(opt, "boost", 3.0)), weights(net)


@program
def own_attribute_of_an_optimizer_counts(c: Any) -> Any:
    net, x, y, opt = problem()
    opt.seen = 0

    @c
    def step():
        opt.seen += 1
        return update(opt, mse(net(x), y))

    return step, always(), lambda: [opt.seen, weights(net)()]


@program
def own_list_of_an_optimizer_grows(c: Any) -> Any:
    net, x, y, opt = problem()
    opt.seen = []

    @c
    def step():
        opt.seen.append(1)
        return update(opt, mse(net(x), y))

    return step, always(), lambda: [list(opt.seen), weights(net)()]


@program
def number_out_of_memory_that_a_tensor_shares(c: Any) -> Any:
    net, x, y, opt = problem()
    raw = np.ones(3, np.float32)
    factors = torch.from_numpy(raw)

    @c
    def step():
        return update(opt, mse(net(x), y) * factors.sum() * float(raw[0]))

    return step, at(6, lambda: raw.__setitem__(0, 3.0)), weights(net)


@program
def numbers_read_from_a_file_by_numpy(c: Any) -> Any:
    file = str(scratch() / "numbers")
    np.ones(1).tofile(file)
    return scaled_by(c, lambda: float(np.fromfile(file)[0]), lambda: (np.ones(1) * 3).tofile(file))


@program
def numbers_written_to_a_file_by_numpy(c: Any) -> Any:
    path, numbers = scratch() / "numbers", np.ones(1)
    file = str(path)

    def written():
        there = path.exists()
        path.unlink(missing_ok=True)
        return there

    return does(c, lambda: numbers.tofile(file), written)


@program
def seed_read(c: Any) -> Any:
    return scaled_by(c, lambda: float(torch.initial_seed() + 1), lambda: torch.manual_seed(3))
