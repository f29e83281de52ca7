"""Two optimizers, target networks, closures, hooks."""

from __future__ import annotations

import copy
from typing import Any

import chainrule as torch
from chainrule import nn, optim
from styles.judge import program
from styles.shared import always, at, classic, mlp, mse, problem, update, weights


@program(compiles=True)
def generator_and_discriminator(c: Any) -> Any:
    torch.manual_seed(0)
    gen, disc = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 3)), nn.Linear(3, 1)
    g_opt, d_opt = optim.Adam(gen.parameters(), lr=0.02), optim.Adam(disc.parameters(), lr=0.02)
    bce = nn.BCEWithLogitsLoss()

    @c
    def step(real):
        noise = torch.randn(8, 2)
        fake = gen(noise)
        d_opt.zero_grad()
        d_loss = bce(disc(real), torch.ones(8, 1)) + bce(disc(fake.detach()), torch.zeros(8, 1))
        d_loss.backward()
        d_opt.step()
        g_opt.zero_grad()
        g_loss = bce(disc(fake), torch.ones(8, 1))
        g_loss.backward()
        g_opt.step()
        return d_loss, g_loss

    return step, lambda i: (torch.ones(8, 3) * i / 4,), weights(gen, disc)


@program
def two_compiled_steps_of_a_gan(c: Any) -> Any:
    torch.manual_seed(0)
    gen, disc = nn.Linear(2, 3), nn.Linear(3, 1)
    g_opt, d_opt = optim.SGD(gen.parameters(), lr=0.1), optim.SGD(disc.parameters(), lr=0.1)

    @c
    def judge(real, noise):
        with torch.no_grad():
            fake = gen(noise)
        return update(d_opt, torch.sigmoid(disc(fake)).mean() - torch.sigmoid(disc(real)).mean())

    @c
    def forge(noise):
        return update(g_opt, -torch.sigmoid(disc(gen(noise))).mean())

    def step(i):
        noise = torch.randn(4, 2)
        first = judge(torch.ones(4, 3), noise)
        return (first, forge(noise)) if i % 2 else (first, None)

    return step, lambda i: (i,), weights(gen, disc)


@program(compiles=True)
def target_network_synced(c: Any) -> Any:
    net, x, y, opt = problem()
    target = copy.deepcopy(net)

    @c
    def step(state, reward):
        with torch.no_grad():
            wanted = reward + 0.9 * target(state).max(1).values
        guess = net(state).gather(1, torch.zeros(8, 1, dtype=torch.int64)).squeeze(1)
        return update(opt, mse(guess, wanted))

    def between(i: int) -> tuple[Any, ...]:
        if i % 5 == 4:
            target.load_state_dict(net.state_dict())
        return x * i, y[:, 0]

    return step, between, weights(net, target)


@program
def closure_given_to_the_optimizer(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step():
        def closure():
            opt.zero_grad()
            loss = mse(net(x), y)
            loss.backward()
            return loss

        return opt.step(closure)

    return step, always(), weights(net)


@program
def optimizer_hook_added(c: Any) -> Any:
    net = mlp()
    opt = optim.SGD(net.parameters(), lr=0.1)
    counted: list[int] = []
    return (
        classic(c, net, opt),
        at(6, lambda: opt.register_step_post_hook(lambda o, args, kwargs: counted.append(1))),
        lambda: [counted, dict(net.state_dict())],
    )


@program
def optimizer_hook_that_scales_gradients(c: Any) -> Any:
    net = mlp()
    opt = optim.SGD(net.parameters(), lr=0.1)

    def halve(o, args, kwargs):
        for p in net.parameters():
            p.grad.mul_(0.5)

    return classic(c, net, opt), at(6, lambda: opt.register_step_pre_hook(halve)), weights(net)


@program
def optimizer_subclassed_with_a_counter(c: Any) -> Any:
    class Counting(optim.SGD):
        done = 0

        def step(self, closure=None):
            self.done += 1
            return super().step(closure)

    net = mlp()
    opt = Counting(net.parameters(), lr=0.1)
    return classic(c, net, opt), always(), lambda: [opt.done, dict(net.state_dict())]


@program(options={"keep_grads": True})
def zero_grad_left_out_once(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def step(zero):
        if zero:
            opt.zero_grad()
        loss = mse(net(x), y)
        loss.backward()
        opt.step()
        return loss

    return step, lambda i: (i != 8,), weights(net)


@program(compiles=True)
def step_every_second_call(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def train():
        return update(opt, mse(net(x), y))

    @c
    def evaluate():
        with torch.no_grad():
            return mse(net(x), y)

    def step(i):
        return evaluate() if i % 2 else train()

    return step, lambda i: (i,), weights(net)


@program(calls=24)
def group_options_counted_by_hand(c: Any) -> Any:
    net, x, y, opt = problem()
    opt.param_groups[0]["count"] = 0

    @c
    def step():
        opt.param_groups[0]["count"] += 1
        return update(opt, mse(net(x), y))

    return step, always(), lambda: [opt.param_groups[0]["count"], dict(net.state_dict())]


@program
def gradient_noise_with_a_generator(c: Any) -> Any:
    net, x, y, opt = problem()
    noise = torch.Generator().manual_seed(3)

    @c
    def step():
        opt.zero_grad()
        loss = mse(net(x), y)
        loss.backward()
        for p in net.parameters():
            p.grad.add_(0.01 * torch.randn(*p.shape, generator=noise))
        opt.step()
        return loss

    return step, at(6, lambda: noise.manual_seed(9)), weights(net)
