"""In modules: model, loss and optimizer, by the names everybody uses.

The next rung lets the same step run as machine code.
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

    for _ in batches:
        loss = squared_error(model(features), y)

        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield loss.item(), (model.bias, model.weight)
