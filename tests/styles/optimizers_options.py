"""Options, groups and states of optimizers change."""

from __future__ import annotations

import copy
from typing import Any

from chainrule import optim
from styles.judge import program
from styles.shared import always, at, classic, mlp, mse, problem, update, weights


@program(compiles=True)
def lr_by_hand_outside(c: Any) -> Any:
    net = mlp()
    opt = optim.SGD(net.parameters(), lr=0.1)

    def between(i: int) -> tuple[Any, ...]:
        for group in opt.param_groups:
            group["lr"] = 0.1 * 0.9**i
        return ()

    return classic(c, net, opt), between, weights(net)


@program
def lr_by_hand_inside_idempotent(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        opt.param_groups[0]["lr"] = 0.05
        return update(opt, mse(net(x), y))

    def between(i: int) -> tuple[Any, ...]:
        if i >= 6:
            opt.param_groups[0]["lr"] = 0.5
        return ()

    return step, between, lambda: [dict(net.state_dict()), opt.param_groups[0]["lr"]]


@program
def warm_up_inside(c: Any) -> Any:
    net, x, y, opt = problem()
    state = {"t": 0}

    @c
    def step():
        state["t"] += 1
        for group in opt.param_groups:
            group["lr"] = 0.1 * min(1.0, state["t"] / 8)
        return update(opt, mse(net(x), y))

    return step, always(), lambda: [dict(net.state_dict()), state, opt.param_groups[0]["lr"]]


@program(compiles=True)
def momentum_turned_on(c: Any) -> Any:
    net = mlp()
    opt = optim.SGD(net.parameters(), lr=0.05)
    return classic(c, net, opt), at(6, lambda: opt.param_groups[0].update(momentum=0.9)), weights(net)


@program(compiles=True)
def nesterov_turned_on(c: Any) -> Any:
    net = mlp()
    opt = optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    return classic(c, net, opt), at(6, lambda: opt.param_groups[0].update(nesterov=True)), weights(net)


@program(compiles=True)
def betas_changed(c: Any) -> Any:
    net = mlp()
    opt = optim.Adam(net.parameters(), lr=0.05)
    return classic(c, net, opt), at(6, lambda: opt.param_groups[0].update(betas=(0.5, 0.9))), weights(net)


@program(compiles=True)
def weight_decay_turned_on(c: Any) -> Any:
    net = mlp()
    opt = optim.AdamW(net.parameters(), lr=0.05, weight_decay=0.0)
    return classic(c, net, opt), at(6, lambda: opt.param_groups[0].update(weight_decay=0.5)), weights(net)


@program(compiles=True)
def amsgrad_turned_on(c: Any) -> Any:
    net = mlp()
    opt = optim.Adam(net.parameters(), lr=0.05)
    for group in opt.param_groups:
        group["amsgrad"] = True
    return classic(c, net, opt), at(6, lambda: opt.param_groups[0].update(maximize=True)), weights(net)


@program(compiles=True)
def group_added(c: Any) -> Any:
    net = mlp()
    opt = optim.SGD(net[2].parameters(), lr=0.1)
    net[0].requires_grad_(False)

    def change():
        net[0].requires_grad_(True)
        opt.add_param_group({"params": list(net[0].parameters()), "lr": 0.01})

    return classic(c, net, opt), at(6, change), weights(net)


@program(compiles=True)
def two_groups(c: Any) -> Any:
    net = mlp()
    opt = optim.SGD(
        [{"params": net[0].parameters()}, {"params": net[2].parameters(), "lr": 0.01, "weight_decay": 0.1}], lr=0.1
    )

    def change():
        opt.param_groups[1]["lr"] = 0.2

    return classic(c, net, opt), at(6, change), weights(net)


@program
def parameter_taken_out_of_a_group(c: Any) -> Any:
    net = mlp()
    opt = optim.SGD(net.parameters(), lr=0.1)
    return classic(c, net, opt), at(6, lambda: opt.param_groups[0]["params"].pop()), weights(net)


@program(compiles=True)
def state_cleared(c: Any) -> Any:
    net = mlp()
    opt = optim.Adam(net.parameters(), lr=0.05)
    return classic(c, net, opt), at(6, opt.state.clear), weights(net)


@program(compiles=True)
def optimizer_state_loaded(c: Any) -> Any:
    net = mlp()
    opt = optim.Adam(net.parameters(), lr=0.05)
    saved: list[Any] = []

    def between(i: int) -> tuple[Any, ...]:
        if i == 3:
            saved.append((copy.deepcopy(net.state_dict()), copy.deepcopy(opt.state_dict())))
        if i == 8:
            net.load_state_dict(saved[0][0])
            opt.load_state_dict(saved[0][1])
        return ()

    return classic(c, net, opt), between, weights(net)


@program(compiles=True)
def momentum_buffer_written(c: Any) -> Any:
    net = mlp()
    opt = optim.SGD(net.parameters(), lr=0.05, momentum=0.9)

    def change():
        for state in opt.state.values():
            state["momentum_buffer"][...] = 0

    return classic(c, net, opt), at(6, change), weights(net)


@program(compiles=True)
def every_optimizer_in_turn(c: Any) -> Any:
    net, x, y, _ = problem()
    kinds = [optim.Adagrad, optim.RMSprop, optim.NAdam, optim.Adamax]
    opt: Any = None

    @c
    def step():
        return update(opt, mse(net(x), y))

    def between(i: int) -> tuple[Any, ...]:
        nonlocal opt
        if i % 6 == 0:
            opt = kinds[i // 6](net.parameters(), lr=0.05)
        return ()

    return step, between, weights(net)
