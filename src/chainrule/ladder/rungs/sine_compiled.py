"""In machine code: the step as a function, recorded while it runs; from its fourth call on, native loops run.

The next rung is `nn` once more: it changes the imports and nothing else.
"""

import chainrule as torch
from chainrule import nn, optim


def train(x, y, start, lr, batches):
    x, y, start = torch.tensor(x), torch.tensor(y), torch.tensor(start)
    features = torch.stack([x, x**2, x**3], dim=1)  # (n, 3)
    y = y.reshape(-1, 1)  # (n, 1)

    model = nn.Linear(3, 1, dtype=x.dtype)
    with torch.no_grad():
        model.bias.copy_(start[:1])  # a
        model.weight.copy_(start[1:])  # b, c, d: (3,) into (1, 3)
    squared_error = nn.MSELoss(reduction="sum")
    optimizer = optim.SGD(model.parameters(), lr=lr)

    @torch.compile
    def step():
        loss = squared_error(model(features), y)

        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    for _ in batches:
        yield step().item(), (model.bias, model.weight)
