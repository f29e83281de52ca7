"""Clipping, clamping, moving averages."""

from __future__ import annotations

import copy
from typing import Any

import chainrule as torch
from chainrule import nn
from styles.judge import program
from styles.shared import always, at, mse, problem, update, weights


@program(compiles=True)
def clip_by_norm(c: Any) -> Any:
    net, x, y, opt = problem()
    config = {"clip": 0.5}

    @c
    def step():
        opt.zero_grad()
        loss = mse(net(x), y)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(net.parameters(), config["clip"])
        opt.step()
        return loss, norm

    return step, at(6, lambda: config.update(clip=0.05)), weights(net)


@program(compiles=True)
def clip_by_value(c: Any) -> Any:
    net, x, y, opt = problem()
    limit = 0.1

    @c
    def step():
        opt.zero_grad()
        loss = mse(net(x), y)
        loss.backward()
        nn.utils.clip_grad_value_(net.parameters(), limit)
        opt.step()
        return loss

    def change():
        nonlocal limit
        limit = 0.01

    return step, at(6, change), weights(net)


@program(compiles=True)
def weights_clamped_as_in_wgan(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        loss = update(opt, mse(net(x), y))
        with torch.no_grad():
            for p in net.parameters():
                p.clamp_(-0.2, 0.2)
        return loss

    return step, always(), weights(net)


@program(compiles=True)
def exponential_moving_average(c: Any) -> Any:
    net, x, y, opt = problem()
    ema = copy.deepcopy(net).requires_grad_(False)
    config = {"decay": 0.9}

    @c
    def step():
        loss = update(opt, mse(net(x), y))
        with torch.no_grad():
            for e, p in zip(ema.parameters(), net.parameters(), strict=True):
                e.lerp_(p, 1 - config["decay"]) if hasattr(e, "lerp_") else e.add_((p - e) * (1 - config["decay"]))
        return loss

    return step, at(6, lambda: config.update(decay=0.5)), weights(net, ema)


@program(compiles=True)
def ema_in_a_class(c: Any) -> Any:
    class Average:
        def __init__(self, net, decay):
            self.decay = decay
            self.shadow = {name: p.detach().clone() for name, p in net.named_parameters()}

        def update(self, net):
            with torch.no_grad():
                for name, p in net.named_parameters():
                    self.shadow[name].mul_(self.decay).add_(p, alpha=1 - self.decay)

    net, x, y, opt = problem()
    average = Average(net, 0.9)

    @c
    def step():
        loss = update(opt, mse(net(x), y))
        average.update(net)
        return loss

    return step, at(6, lambda: setattr(average, "decay", 0.1)), lambda: [dict(net.state_dict()), average.shadow]


@program
def ema_rebound_in_a_dict(c: Any) -> Any:
    net, x, y, opt = problem()
    shadow = {name: p.detach().clone() for name, p in net.named_parameters()}

    @c
    def step():
        loss = update(opt, mse(net(x), y))
        for name, p in net.named_parameters():
            shadow[name] = 0.9 * shadow[name] + 0.1 * p.detach()
        return loss

    return step, always(), lambda: shadow
