"""Layers of a model change between calls."""

from __future__ import annotations

from typing import Any

import chainrule as torch
from chainrule import nn, optim
from chainrule.nn import functional as F
from styles.judge import program
from styles.shared import at, classic, mlp, mse, problem, update, weights


@program(compiles=True)
def scale_of_a_layer(c: Any) -> Any:
    class Scaled(nn.Module):
        def __init__(self, scale):
            super().__init__()
            self._scale = scale

        def forward(self, x):
            return x * self._scale

    net = mlp(Scaled(1.0))
    return classic(c, net), at(6, lambda: setattr(net[1], "_scale", 0.3)), weights(net)


@program(compiles=True)
def slope_of_leaky_relu(c: Any) -> Any:
    net = mlp(nn.LeakyReLU(0.01))
    return classic(c, net), at(6, lambda: setattr(net[1], "negative_slope", 0.7)), weights(net)


@program(compiles=True)
def eps_of_a_norm(c: Any) -> Any:
    net = mlp(nn.LayerNorm(4))
    return classic(c, net), at(6, lambda: setattr(net[1], "eps", 1.0)), weights(net)


@program(compiles=True)
def momentum_of_batch_norm(c: Any) -> Any:
    net = mlp(nn.BatchNorm1d(4), nn.ReLU())
    return classic(c, net), at(6, lambda: setattr(net[1], "momentum", 0.9)), weights(net)


@program(compiles=True)
def batch_norm_frozen_midway(c: Any) -> Any:
    net = mlp(nn.BatchNorm1d(4), nn.ReLU())
    return classic(c, net), at(6, net[1].eval), weights(net)


@program(compiles=True)
def eval_and_train_take_turns(c: Any) -> Any:
    net = mlp(nn.Dropout(0.5))

    def between(i: int) -> tuple[Any, ...]:
        net.train(i % 4 != 3)
        return ()

    return classic(c, net), between, weights(net)


@program(compiles=True)
def dropout_anneals(c: Any) -> Any:
    net = mlp(nn.Dropout(0.5))
    return classic(c, net), at(6, lambda: setattr(net[1], "p", 0.0)), weights(net)


@program(compiles=True)
def activation_replaced(c: Any) -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two, self.act = nn.Linear(3, 4), nn.Linear(4, 2), torch.tanh

        def forward(self, x):
            return self.two(self.act(self.one(x)))

    torch.manual_seed(1)
    net = Net()
    return classic(c, net), at(6, lambda: setattr(net, "act", F.relu)), weights(net)


@program(compiles=True)
def layer_replaced_in_a_plain_list(c: Any) -> Any:
    torch.manual_seed(1)
    layers: list[Any] = [nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)]
    opt = optim.SGD([p for layer in layers for p in layer.parameters()], lr=0.1)
    _, x, y, _ = problem()

    @c
    def step():
        z = x
        for layer in layers:
            z = layer(z)
        return update(opt, mse(z, y))

    return step, at(6, lambda: layers.__setitem__(1, nn.ReLU())), weights(layers[0], layers[2])


@program(compiles=True)
def layer_appended(c: Any) -> Any:
    net = mlp()
    return classic(c, net), at(6, lambda: net.append(nn.Sigmoid())), weights(net)


@program(compiles=True)
def layer_appended_to_a_module_list(c: Any) -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = nn.ModuleList([nn.Linear(3, 3)])
            self.head = nn.Linear(3, 2)

        def forward(self, x):
            for block in self.blocks:
                x = torch.tanh(block(x))
            return self.head(x)

    torch.manual_seed(1)
    net = Net()
    opt = optim.SGD(net.parameters(), lr=0.1)

    def change():
        block = nn.Linear(3, 3)
        net.blocks.append(block)
        opt.add_param_group({"params": block.parameters(), "lr": 0.01})

    return classic(c, net, opt), at(6, change), weights(net)


@program(compiles=True)
def head_chosen_from_a_module_dict(c: Any) -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.heads = nn.ModuleDict({"a": nn.Linear(3, 2), "b": nn.Linear(3, 2)})
            self.task = "a"

        def forward(self, x):
            return self.heads[self.task](x)

    torch.manual_seed(1)
    net = Net()

    def between(i: int) -> tuple[Any, ...]:
        net.task = "ab"[i // 3 % 2]
        return ()

    return classic(c, net), between, weights(net)


@program(compiles=True)
def submodule_replaced_by_name(c: Any) -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.head = nn.Linear(3, 4), nn.Linear(4, 2)

        def forward(self, x):
            return self.head(torch.relu(self.body(x)))

    torch.manual_seed(1)
    net = Net()
    opt = optim.SGD(net.parameters(), lr=0.1)

    def change():
        net.head = nn.Linear(4, 2)
        opt.param_groups[0]["params"] = list(net.parameters())

    return classic(c, net, opt), at(6, change), weights(net)


@program(compiles=True)
def forward_patched(c: Any) -> Any:
    net = mlp()
    old = net.forward
    return classic(c, net), at(6, lambda: setattr(net, "forward", lambda x: old(x) * 0.5)), weights(net)


@program(compiles=True)
def forward_patched_on_the_class(c: Any) -> Any:
    class Net(nn.Linear):
        def forward(self, input):
            return super().forward(input) * 2

    torch.manual_seed(1)
    net = Net(3, 2)

    def half(self, input):
        return nn.Linear.forward(self, input) * 0.5

    return classic(c, net), at(6, lambda: setattr(Net, "forward", half)), weights(net)
