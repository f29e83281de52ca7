"""What torch says: recorded in oracle.json by `chainrule course record`."""

import torch


def one_four_one():
    """The slopes of a 1-4-1 network on five points."""
    f64 = {"dtype": torch.float64}
    x = torch.tensor([[-1.0], [-0.5], [0.25], [0.5], [2.0]], **f64)
    y = torch.tensor([[0.4], [0.6], [1.3], [1.6], [7.4]], **f64)
    weights = [
        torch.tensor(w, requires_grad=True, **f64)
        for w in (
            [[1.5, -0.5, 2.0, -1.0]],
            [0.25, 0.5, -1.0, -2.5],
            [[0.5], [-1.5], [1.0], [2.0]],
            [0.75],
        )
    ]
    W1, b1, W2, b2 = weights
    prediction = torch.relu(x @ W1 + b1) @ W2 + b2
    torch.nn.functional.mse_loss(prediction, y).backward()
    return [w.grad.numpy() for w in weights]
