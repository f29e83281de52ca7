"""Whole programs: recurrent nets, autoencoders, embeddings, policies."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

import chainrule as torch
from chainrule import nn, optim
from chainrule.nn import functional as F
from styles.judge import program
from styles.shared import at, mse, problem, update, weights


@program(compiles=True)
def recurrent_net_unrolled(c: Any) -> Any:
    class RNN(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden = 3
            self.i2h, self.h2o = nn.Linear(2 + 3, 3), nn.Linear(3, 2)

        def forward(self, x, h):
            h = torch.tanh(self.i2h(torch.cat([x, h], 1)))
            return self.h2o(h), h

    torch.manual_seed(1)
    net, xs = RNN(), torch.randn(5, 4, 2)
    opt = optim.Adam(net.parameters(), lr=0.02)
    steps = [3]

    @c
    def train(xs):
        h, loss = torch.zeros(4, net.hidden), 0.0
        for t in range(steps[0]):
            out, h = net(xs[t], h)
            loss = loss + mse(out, xs[t + 1])
        return update(opt, loss)

    return train, at(6, lambda: steps.__setitem__(0, 4), (xs,)), weights(net)


@program
def hidden_state_kept_in_the_model(c: Any) -> Any:
    class Cell(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc, self.h = nn.Linear(5, 2), torch.zeros(8, 2)

        def forward(self, x):
            self.h = torch.tanh(self.fc(torch.cat([x, self.h.detach()], 1)))
            return self.h

    torch.manual_seed(1)
    net = Cell()
    _, x, y, _ = problem()
    opt = optim.SGD(net.parameters(), lr=0.1)

    @c
    def step():
        return update(opt, mse(net(x), y))

    def between(i: int) -> tuple[Any, ...]:
        if i == 8:
            net.h = torch.zeros(8, 2)
        return ()

    return step, between, lambda: [dict(net.state_dict()), net.h.detach()]


@program(compiles=True)
def variational_autoencoder(c: Any) -> Any:
    torch.manual_seed(0)
    enc, dec, x = nn.Linear(4, 4), nn.Linear(2, 4), torch.randn(6, 4)
    opt = optim.Adam([*enc.parameters(), *dec.parameters()], lr=0.02)
    beta = {"kl": 0.0}

    @c
    def step(x):
        mu, logvar = enc(x).chunk(2, 1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        kl = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(1).mean()
        rec = mse(dec(z), x)
        update(opt, rec + beta["kl"] * kl)
        return {"rec": rec, "kl": kl}

    def between(i: int) -> tuple[Any, ...]:
        beta["kl"] = (0.0, 0.5, 1.0)[i // 4]
        return (x,)

    return step, between, weights(enc, dec)


@program(compiles=True)
def embedding_and_negative_sampling(c: Any) -> Any:
    torch.manual_seed(0)
    words = nn.Embedding(10, 3)
    opt = optim.Adagrad(words.parameters(), lr=0.1)

    @c
    def step(center, context, noise):
        v = words(center)
        positive = F.logsigmoid((v * words(context)).sum(1))
        negative = F.logsigmoid(-(v.unsqueeze(1) * words(noise)).sum(2)).sum(1)
        return update(opt, -(positive + negative).mean())

    def between(i: int) -> tuple[Any, ...]:
        return torch.tensor([i % 10, 3]), torch.tensor([1, 2]), torch.tensor([[4, 5], [i % 7, 0]])

    return step, between, weights(words)


@program(compiles=True)
def policy_gradient(c: Any) -> Any:
    torch.manual_seed(0)
    policy = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    opt = optim.Adam(policy.parameters(), lr=0.02)

    @c
    def learn(states, actions, returns):
        logp = F.log_softmax(policy(states), dim=1).gather(1, actions.unsqueeze(1)).squeeze(1)
        return update(opt, -(logp * returns).mean())

    def step(i):
        states = torch.randn(5, 3)
        with torch.no_grad():
            actions = torch.multinomial(torch.softmax(policy(states), 1), 1).squeeze(1)
        return learn(states, actions, torch.arange(5.0) - i % 3)

    return step, lambda i: (i,), weights(policy)


@program
def epsilon_greedy_inside(c: Any) -> Any:
    torch.manual_seed(0)
    net, memory, rng = nn.Linear(3, 2), deque(maxlen=5), np.random.default_rng(1)
    opt = optim.SGD(net.parameters(), lr=0.05)

    @c
    def step(state):
        action = int(rng.integers(2)) if rng.random() < 0.3 else int(net(state).argmax())
        memory.append(action)
        return update(opt, (net(state)[action] - 1.0) ** 2)

    return step, lambda i: (torch.ones(3) * (i - 5),), lambda: [memory, dict(net.state_dict())]


@program(compiles=True)
def replay_buffer_outside(c: Any) -> Any:
    net, x, y, opt = problem()
    memory: deque[Any] = deque(maxlen=6)

    @c
    def learn(states, targets):
        return update(opt, mse(net(states), targets))

    def step(i):
        memory.append((x[i % 8], y[i % 8]))
        states, targets = zip(*list(memory)[-1:] * 4, strict=True)
        return learn(torch.stack(states), torch.stack(targets))

    return step, lambda i: (i,), weights(net)
