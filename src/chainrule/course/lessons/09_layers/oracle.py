"""What torch says: recorded in oracle.json by `chainrule course record`."""

import torch
from torch.nn import functional


def _leaf(numbers):
    return torch.tensor(numbers, dtype=torch.float64, requires_grad=True)


def linear():
    """Slopes for W, b and x of a linear layer, given those of its result."""
    x, W, b = (
        _leaf([[1.0, -2.0, 0.5], [0.25, 3.0, -1.0]]),
        _leaf([[0.5, -1.0, 2.0], [1.5, 0.75, -0.5]]),
        _leaf([0.1, -0.2]),
    )
    functional.linear(x, W, b).backward(torch.tensor([[1.0, -0.5], [2.0, 1.5]], dtype=torch.float64))
    return [W.grad.numpy(), b.grad.numpy(), x.grad.numpy()]


def softmax():
    """Slopes of two rows of scores, given those of their probabilities."""
    x = _leaf([[2.0, 1.0, -1.0], [0.5, -0.25, 3.0]])
    torch.softmax(x, dim=1).backward(torch.tensor([[0.5, -1.0, 2.0], [1.5, 0.0, -0.5]], dtype=torch.float64))
    return x.grad.numpy()


def yes_or_no():
    """Loss and slopes of four scores."""
    scores = _leaf([2.0, -1.5, 0.5, -3.0])
    loss = functional.binary_cross_entropy_with_logits(scores, torch.tensor([1.0, 1.0, 0.0, 0.0], dtype=torch.float64))
    loss.backward()
    return loss.item(), scores.grad.numpy()


def classes():
    """Loss and slopes of three rows of scores."""
    scores = _leaf([[2.0, 1.0, -1.0], [0.5, -0.25, 3.0], [-1.0, 0.0, 0.5]])
    loss = functional.cross_entropy(scores, torch.tensor([0, 1, 2]))
    loss.backward()
    return loss.item(), scores.grad.numpy()
