"""Schedules outside and inside of a step."""

from __future__ import annotations

from typing import Any

from chainrule import optim
from styles.judge import program
from styles.shared import always, at, classic, mlp, mse, problem, update, weights


@program(compiles=True)
def step_schedule_outside(c: Any) -> Any:
    net = mlp()
    opt = optim.SGD(net.parameters(), lr=0.1)
    scheduler = optim.lr_scheduler.StepLR(opt, step_size=3, gamma=0.5)
    train = classic(c, net, opt)

    def step():
        loss = train()
        scheduler.step()
        return loss, scheduler.get_last_lr()

    return step, always(), weights(net)


@program
def step_schedule_inside(c: Any) -> Any:
    net, x, y, opt = problem()
    scheduler = optim.lr_scheduler.StepLR(opt, step_size=3, gamma=0.5)

    @c
    def step():
        loss = update(opt, mse(net(x), y))
        scheduler.step()
        return loss

    return step, always(), lambda: [dict(net.state_dict()), opt.param_groups[0]["lr"], scheduler.get_last_lr()]


@program
def cosine_schedule_inside(c: Any) -> Any:
    net, x, y, _ = problem()
    opt = optim.Adam(net.parameters(), lr=0.1)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(opt, T_max=10)

    @c
    def step():
        loss = update(opt, mse(net(x), y))
        scheduler.step()
        return loss

    return step, always(), lambda: [dict(net.state_dict()), opt.param_groups[0]["lr"], scheduler.last_epoch]


@program
def one_cycle_inside_with_momentum(c: Any) -> Any:
    net, x, y, _ = problem()
    opt = optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    scheduler = optim.lr_scheduler.OneCycleLR(opt, max_lr=0.2, total_steps=20)

    @c
    def step():
        loss = update(opt, mse(net(x), y))
        scheduler.step()
        return loss

    return step, always(), lambda: [dict(net.state_dict()), opt.param_groups[0]["lr"], opt.param_groups[0]["momentum"]]


@program
def lambda_schedule_that_reads_a_closure(c: Any) -> Any:
    net, x, y, opt = problem()
    factor = [1.0]
    scheduler = optim.lr_scheduler.LambdaLR(opt, lambda epoch: factor[0] / (1 + epoch))

    @c
    def step():
        loss = update(opt, mse(net(x), y))
        scheduler.step()
        return loss

    return step, at(6, lambda: factor.__setitem__(0, 3.0)), lambda: [dict(net.state_dict()), scheduler.get_last_lr()]


@program
def plateau_schedule_inside(c: Any) -> Any:
    net, x, y, opt = problem()
    scheduler = optim.lr_scheduler.ReduceLROnPlateau(opt, patience=1, threshold=0.5)

    @c
    def step():
        loss = update(opt, mse(net(x), y))
        scheduler.step(loss.item())
        return loss

    return step, always(), lambda: [dict(net.state_dict()), opt.param_groups[0]["lr"]]
