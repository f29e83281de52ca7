"""What torch says: recorded in oracle.json by `chainrule course record`."""

import torch
from torch.nn import functional as F

SCORES = [-800.0, -2.0, 0.0, 0.3, 5.0, 800.0]


def _losses_and_slopes(label):
    z = torch.tensor(SCORES, dtype=torch.float64, requires_grad=True)
    losses = F.binary_cross_entropy_with_logits(z, torch.full_like(z, label), reduction="none")
    losses.sum().backward()
    return losses.tolist(), z.grad.tolist()


def class_1():
    return _losses_and_slopes(1.0)


def class_0():
    return _losses_and_slopes(0.0)
