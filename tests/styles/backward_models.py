"""`compile(model)`, `compile(loss_fn)`, and `loss.backward()` outside."""

from __future__ import annotations

from typing import Any

import chainrule as torch
from chainrule import nn, optim
from chainrule.nn import functional as F
from styles.judge import program
from styles.shared import always, grads, mlp, mse, problem, update


@program(compiles=True)
def compiled_model_loss_outside(c: Any) -> Any:
    _, x, y, _ = problem()
    net = mlp()
    opt = optim.SGD(net.parameters(), lr=0.1)
    model = c(net)

    def step():
        opt.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        opt.step()
        return loss

    return step, always(), grads(net)


@program(compiles=True)
def compiled_model_used_as_a_model(c: Any) -> Any:
    _, x, y, _ = problem()
    model = c(mlp(nn.BatchNorm1d(4), nn.ReLU()))
    opt = optim.SGD(model.parameters(), lr=0.1)

    def step(train):
        model.train(train)
        loss = F.mse_loss(model(x), y)
        if train:
            update(opt, loss)
        return loss.detach(), model.training, sorted(name.split(".")[-1] for name, _ in model.named_parameters())

    return step, lambda i: (i % 4 != 3,), lambda: [list(model.state_dict().values()), model[0].weight]


@program(compiles=True)
def compiled_model_inside_a_sequential(c: Any) -> Any:
    _, x, y, _ = problem()
    body = nn.Linear(3, 4)
    net = nn.Sequential(c(body), nn.Tanh(), nn.Linear(4, 2))
    opt = optim.SGD(net.parameters(), lr=0.1)

    def step():
        return update(opt, mse(net(x), y))

    return step, always(), lambda: [list(net.state_dict().values()), len(list(net.parameters()))]


@program(compiles=True)
def compiled_forward_method(c: Any) -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(3, 2)

        @c
        def forward(self, x):
            return torch.tanh(self.fc(x))

    _, x, y, _ = problem()
    torch.manual_seed(1)
    net = Net()
    opt = optim.SGD(net.parameters(), lr=0.1)

    def step():
        return update(opt, mse(net(x), y))

    return step, always(), grads(net)


@program(compiles=True)
def compiled_loss_function(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def criterion(out, target):
        return ((out - target) ** 2).mean() + 0.1 * (out - target).abs().mean()

    def step():
        return update(opt, criterion(net(x), y))

    return step, always(), grads(net)


@program(compiles=True)
def compiled_criterion_module(c: Any) -> Any:
    net, x, _, opt = problem()
    target = torch.tensor([0, 1] * 4)
    criterion = c(nn.CrossEntropyLoss(label_smoothing=0.1))

    def step():
        return update(opt, criterion(net(x), target))

    return step, always(), grads(net)


@program(compiles=True)
def compiled_model_and_compiled_loss(c: Any) -> Any:
    net, x, y, opt = problem()
    model, criterion = c(net), c(nn.MSELoss())

    def step():
        return update(opt, criterion(model(x), y))

    return step, always(), grads(net)


@program(compiles=True)
def forward_with_the_loss_in_it(c: Any) -> Any:
    net, x, y, opt = problem()

    @c
    def loss_of(x, y):
        return mse(net(x), y)

    def step(x, y):
        opt.zero_grad()
        loss = loss_of(x, y)
        loss.backward()
        norm = sum(float((p.grad**2).sum()) for p in net.parameters()) ** 0.5
        opt.step()
        return loss, norm

    return step, lambda i: (x * (1 + i % 2), y), grads(net)
