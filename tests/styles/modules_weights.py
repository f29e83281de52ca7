"""Weights and buffers change between calls: frozen, tied, loaded, replaced."""

from __future__ import annotations

import copy
from typing import Any

import chainrule as torch
from chainrule import nn, optim
from chainrule.nn import functional as F
from styles.judge import program
from styles.shared import always, at, classic, mlp, weights


@program(compiles=True)
def gradual_unfreezing(c: Any) -> Any:
    net = mlp()
    for p in net.parameters():
        p.requires_grad = False
    for p in net[2].parameters():
        p.requires_grad = True

    def change():
        for p in net.parameters():
            p.requires_grad = True

    return classic(c, net), at(6, change), weights(net)


@program(compiles=True)
def frozen_midway(c: Any) -> Any:
    net = mlp()
    return classic(c, net), at(6, lambda: net[0].requires_grad_(False)), weights(net)


@program(compiles=True)
def one_bias_frozen(c: Any) -> Any:
    net = mlp()
    return classic(c, net), at(6, lambda: setattr(net[2].bias, "requires_grad", False)), weights(net)


@program(compiles=True)
def weights_tied(c: Any) -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.up, self.down = nn.Linear(3, 3), nn.Linear(3, 3)
            self.out = nn.Linear(3, 2)
            self.down.weight = self.up.weight

        def forward(self, x):
            return self.out(torch.tanh(self.down(torch.tanh(self.up(x)))))

    torch.manual_seed(1)
    net = Net()
    opt = optim.SGD(net.parameters(), lr=0.1)

    def untie():
        net.down.weight = nn.Parameter(net.up.weight.detach().clone())
        opt.param_groups[0]["params"] = list(net.parameters())

    return classic(c, net, opt), at(6, untie), weights(net)


@program(compiles=True)
def buffer_as_a_mask(c: Any) -> Any:
    class Pruned(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(3, 2)
            self.register_buffer("mask", torch.ones(2, 3))

        def forward(self, x):
            return F.linear(x, self.fc.weight * self.mask, self.fc.bias)

    torch.manual_seed(1)
    net = Pruned()

    def between(i: int) -> tuple[Any, ...]:
        if i == 5:
            net.mask[0, 1] = 0.0
        if i == 8:
            net.mask = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
        return ()

    return classic(c, net), between, weights(net)


@program(compiles=True)
def running_mean_in_a_buffer(c: Any) -> Any:
    class Centered(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(3, 2)
            self.register_buffer("mean", torch.zeros(3))

        def forward(self, x):
            if self.training:
                with torch.no_grad():
                    self.mean.mul_(0.9).add_(0.1 * x.mean(0))
            return self.fc(x - self.mean)

    torch.manual_seed(1)
    net = Centered()
    return classic(c, net), at(8, net.eval), weights(net)


@program
def running_mean_rebound_in_a_buffer(c: Any) -> Any:
    class Centered(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(3, 2)
            self.register_buffer("mean", torch.zeros(3))

        def forward(self, x):
            self.mean = 0.9 * self.mean + 0.1 * x.mean(0)
            return self.fc(x - self.mean)

    torch.manual_seed(1)
    net = Centered()
    return classic(c, net), always(), weights(net)


@program(compiles=True)
def load_state_dict_midway(c: Any) -> Any:
    net = mlp()
    start = copy.deepcopy(net.state_dict())
    return classic(c, net), at(6, lambda: net.load_state_dict(start)), weights(net)


@program(compiles=True)
def weights_initialised_again(c: Any) -> Any:
    net = mlp()

    def change():
        for layer in net:
            if isinstance(layer, nn.Linear):
                nn.init.uniform_(layer.weight, -0.1, 0.1)
                nn.init.zeros_(layer.bias)

    return classic(c, net), at(6, change), weights(net)


@program(compiles=True)
def weight_data_replaced(c: Any) -> Any:
    net = mlp()

    def change():
        net[0].weight.data = torch.full((4, 3), 0.1)

    return classic(c, net), at(6, change), weights(net)


@program(compiles=True)
def weight_written_by_an_index(c: Any) -> Any:
    net = mlp()

    def change():
        with torch.no_grad():
            net[0].weight[1] = 0.0

    return classic(c, net), at(6, change), weights(net)
