"""Hooks, modes and models that are exchanged."""

from __future__ import annotations

import copy
from typing import Any

import chainrule as torch
from chainrule import nn, optim
from styles.judge import program
from styles.shared import always, at, classic, mlp, mse, problem, update, weights


@program
def forward_hook_added(c: Any) -> Any:
    net, kept = mlp(), []
    return (
        classic(c, net),
        at(6, lambda: net[1].register_forward_hook(lambda m, a, out: kept.append(out.detach()))),
        lambda: [dict(net.state_dict()), kept],
    )


@program
def forward_hook_that_changes_the_output(c: Any) -> Any:
    net, handles = mlp(), []

    def between(i: int) -> tuple[Any, ...]:
        if i == 4:
            handles.append(net[1].register_forward_hook(lambda module, args, out: out * 2))
        if i == 8:
            handles[0].remove()
        return ()

    return classic(c, net), between, weights(net)


@program
def forward_pre_hook(c: Any) -> Any:
    net = mlp()
    return classic(c, net), at(6, lambda: net.register_forward_pre_hook(lambda m, args: (args[0] * 2,))), weights(net)


@program
def backward_hook_added(c: Any) -> Any:
    net, norms = mlp(), []

    def hook(module, grad_input, grad_output):
        norms.append(grad_output[0].norm())

    return (
        classic(c, net),
        at(6, lambda: net[2].register_full_backward_hook(hook)),
        lambda: [dict(net.state_dict()), norms],
    )


@program
def gradient_hook_from_the_start(c: Any) -> Any:
    net = mlp()
    net[0].weight.register_hook(lambda g: g.clamp(-0.01, 0.01))
    return classic(c, net), always(), weights(net)


@program
def gradient_hook_removed(c: Any) -> Any:
    net = mlp()
    handle = net[0].weight.register_hook(lambda g: g * 5)
    return classic(c, net), at(6, handle.remove), weights(net)


@program(compiles=True)
def method_chosen_by_training(c: Any) -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc, self.noise = nn.Linear(3, 2), 0.1

        def forward(self, x):
            if self.training and self.noise > 0:
                x = x + self.noise * torch.randn_like(x)
            return self.fc(x)

    torch.manual_seed(1)
    net = Net()

    def between(i: int) -> tuple[Any, ...]:
        if i == 5:
            net.noise = 0.0
        if i == 8:
            net.noise = 1.0
        return ()

    return classic(c, net), between, weights(net)


@program(compiles=True)
def model_in_a_cell_replaced(c: Any) -> Any:
    net, x, y, _ = problem()
    opt = optim.SGD(net.parameters(), lr=0.1)

    @c
    def step():
        return update(opt, mse(net(x), y))

    def change():
        nonlocal net, opt
        net = copy.deepcopy(net)
        opt = optim.SGD(net.parameters(), lr=0.5)

    return step, at(6, change), lambda: dict(net.state_dict())


@program(compiles=True)
def module_shared_by_two_parents(c: Any) -> Any:
    torch.manual_seed(1)
    shared = nn.Linear(3, 3)
    left, right = nn.Sequential(shared, nn.Tanh()), nn.Sequential(shared, nn.Sigmoid())
    head = nn.Linear(3, 2)
    _, x, y, _ = problem()
    opt = optim.Adam([*shared.parameters(), *head.parameters()], lr=0.05)

    @c
    def step():
        return update(opt, mse(head(left(x) + right(x)), y))

    return step, at(6, lambda: right.__setitem__(1, nn.ReLU())), weights(shared, head)


@program(compiles=True)
def ten_blocks_deep(c: Any) -> Any:
    class Block(nn.Module):
        def __init__(self, inner=None):
            super().__init__()
            self.fc, self.inner, self.gain = nn.Linear(3, 3), inner, 1.0

        def forward(self, x):
            x = torch.tanh(self.fc(x)) * self.gain
            return x if self.inner is None else self.inner(x) + x

    torch.manual_seed(1)
    net = innermost = Block()
    for _ in range(9):
        net = Block(net)
    full = nn.Sequential(net, nn.Linear(3, 2))
    return classic(c, full), at(6, lambda: setattr(innermost, "gain", 0.1)), weights(full)
