"""What torch says: recorded in oracle.json by `chainrule course record`."""

import torch

START = [1.0, -2.0, 0.5]


def _slopes(w):
    """The slopes of w₀² + 3 w₁² + sin w₂."""
    return (w[0] ** 2 + 3 * w[1] ** 2 + torch.sin(w[2])).backward()


def _walk(make, steps=5):
    w = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer = make([w])
    for _ in range(steps):
        optimizer.zero_grad()
        _slopes(w)
        optimizer.step()
    return w.detach().numpy()


def momentum():
    """The weights after five steps."""
    return _walk(lambda weights: torch.optim.SGD(weights, lr=0.05, momentum=0.8))


def adam():
    """The weights after five steps."""
    return _walk(lambda weights: torch.optim.Adam(weights, lr=0.1, betas=(0.7, 0.95)))
