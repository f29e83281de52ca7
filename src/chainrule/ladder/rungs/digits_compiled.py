"""In machine code: the step as a function, recorded while it runs; from its fourth call on, native loops run.

The next rung is `nn` once more: it changes the imports and nothing else.
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

    @torch.compile
    def step(xb, yb):
        loss = cross_entropy(model(xb), yb)

        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    for xb, yb in loader:  # (n, 64), (n,)
        yield step(xb, yb).item(), list(model.parameters())
