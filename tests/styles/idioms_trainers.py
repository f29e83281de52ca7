"""Whole programs after a tutorial: trainers, callbacks, inheritance."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import chainrule as torch
from chainrule import nn, optim
from chainrule.nn import functional as F
from styles.judge import program
from styles.shared import always, at, mlp, mse, problem, update, weights


@program(compiles=True)
def sixty_minute_blitz(c: Any) -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(1, 2, 3)
            self.pool = nn.MaxPool2d(2, 2)
            self.fc1 = nn.Linear(2 * 3 * 3, 5)
            self.fc2 = nn.Linear(5, 3)

        def forward(self, x):
            x = self.pool(F.relu(self.conv1(x)))
            x = torch.flatten(x, 1)
            x = F.relu(self.fc1(x))
            return self.fc2(x)

    torch.manual_seed(0)
    net, criterion = Net(), nn.CrossEntropyLoss()
    optimizer = optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    images, labels = torch.randn(4, 1, 8, 8), torch.tensor([0, 1, 2, 0])

    @c
    def train(inputs, labels):
        optimizer.zero_grad()
        outputs = net(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        return loss

    return train, always(images, labels), weights(net)


@program(compiles=True)
def trainer_with_train_and_evaluate(c: Any) -> Any:
    class Trainer:
        def __init__(self, model, optimizer, criterion):
            self.model, self.optimizer, self.criterion = model, optimizer, criterion
            self.train_losses, self.valid_losses, self.epoch = [], [], 0
            self.train_step = c(self.train_step)
            self.valid_step = c(self.valid_step)

        def train_step(self, x, y):
            self.model.train()
            self.optimizer.zero_grad()
            loss = self.criterion(self.model(x), y)
            loss.backward()
            self.optimizer.step()
            return loss

        def valid_step(self, x, y):
            self.model.eval()
            with torch.no_grad():
                return self.criterion(self.model(x), y)

        def one_epoch(self, x, y):
            self.epoch += 1
            self.train_losses.append(self.train_step(x, y).item())
            self.valid_losses.append(self.valid_step(x, y).item())
            return self.train_losses[-1], self.valid_losses[-1]

    _, x, y, _ = problem()
    net = mlp(nn.BatchNorm1d(4), nn.ReLU(), nn.Dropout(0.2))
    trainer = Trainer(net, optim.SGD(net.parameters(), lr=0.1, momentum=0.9), nn.MSELoss())
    return trainer.one_epoch, always(x, y), weights(net)


@program(compiles=True)
def decorated_method(c: Any) -> Any:
    class Learner:
        def __init__(self, lr):
            self.net, self.x, self.y, _ = problem()
            self.opt = optim.SGD(self.net.parameters(), lr=lr)
            self.scale = 1.0

        @c
        def train_step(self, k):
            return update(self.opt, mse(self.net(self.x * k), self.y) * self.scale)

    learner = Learner(0.1)

    def between(i: int) -> tuple[Any, ...]:
        if i == 6:
            learner.scale = 3.0
        return (torch.tensor(1.0 + i),)

    return lambda k: learner.train_step(k), between, weights(learner.net)


@program(compiles=True)
def decorated_method_of_two_objects(c: Any) -> Any:
    class Learner:
        def __init__(self, lr):
            self.net, self.x, self.y, _ = problem()
            self.opt = optim.SGD(self.net.parameters(), lr=lr)

        @c
        def train_step(self):
            return update(self.opt, mse(self.net(self.x), self.y))

    learners = [Learner(0.1), Learner(0.5)]
    return lambda i: learners[i % 2].train_step(), lambda i: (i,), weights(*(learner.net for learner in learners))


@program
def lightning_like(c: Any) -> Any:
    class Lit(nn.Module):
        def __init__(self):
            super().__init__()
            self.net, self.logged = mlp(), defaultdict(list)

        def log(self, name, value):
            self.logged[name].append(value.detach())

        def training_step(self, batch, batch_idx):
            x, y = batch
            loss = F.mse_loss(self.net(x), y)
            self.log("train_loss", loss)
            return loss

        def configure_optimizers(self):
            return optim.Adam(self.net.parameters(), lr=0.02)

    _, x, y, _ = problem()
    lit = Lit()
    opt = lit.configure_optimizers()

    @c
    def fit_step(batch, batch_idx):
        return update(opt, lit.training_step(batch, batch_idx))

    return fit_step, lambda i: ((x, y), i), lambda: [dict(lit.logged), dict(lit.state_dict())]


@program
def callbacks_with_hooks_for_each_stage(c: Any) -> Any:
    class Callback:
        def on_batch_begin(self, trainer): ...
        def on_batch_end(self, trainer): ...

    class Recorder(Callback):
        def __init__(self):
            self.losses = []

        def on_batch_end(self, trainer):
            self.losses.append(trainer.loss.detach())

    class Trainer:
        def __init__(self, callbacks):
            self.net, self.x, self.y, self.opt = problem()
            self.callbacks, self.loss = callbacks, None

        def call(self, name):
            for callback in self.callbacks:
                getattr(callback, name)(self)

        def step(self):
            self.call("on_batch_begin")
            self.loss = update(self.opt, mse(self.net(self.x), self.y))
            self.call("on_batch_end")
            return self.loss

    recorder = Recorder()
    trainer = Trainer([Callback()])
    return c(trainer.step), at(4, lambda: trainer.callbacks.append(recorder)), lambda: recorder.losses


@program(compiles=True)
def inheritance_with_super(c: Any) -> Any:
    class Base(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc, self.temperature = nn.Linear(3, 2), 1.0

        def loss(self, x, y):
            return mse(self(x), y)

        def forward(self, x):
            return self.fc(x) / self.temperature

    class Fancy(Base):
        def __init__(self):
            super().__init__()
            self.extra = nn.Linear(2, 2)

        def forward(self, x):
            return self.extra(torch.tanh(super().forward(x)))

        def loss(self, x, y):
            return super().loss(x, y) + 0.01 * sum((p**2).sum() for p in self.parameters())

    torch.manual_seed(1)
    net = Fancy()
    _, x, y, _ = problem()
    opt = optim.SGD(net.parameters(), lr=0.1)

    @c
    def step():
        return update(opt, net.loss(x, y))

    return step, at(6, lambda: setattr(net, "temperature", 3.0)), weights(net)
