"""In modules: model, loss, optimizer and data loader, by the names everybody uses.

The next rung lets the same step run as machine code.
"""

import chainrule as torch
from chainrule import nn, optim
from chainrule.utils.data import DataLoader, TensorDataset


def train(x, y, start, lr, batches):
    x, y = torch.tensor(x), torch.tensor(y)
    loader = DataLoader(TensorDataset(x, y), batch_sampler=batches)

    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)).to(x.dtype)
    with torch.no_grad():
        for parameter, w in zip(model.parameters(), start, strict=True):
            parameter.copy_(torch.tensor(w))
    cross_entropy = nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), lr=lr)

    for xb, yb in loader:  # (n, 64), (n,)
        loss = cross_entropy(model(xb), yb)

        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield loss.item(), list(model.parameters())
