"""What torch says: recorded in oracle.json by `chainrule course record`."""

import math

import torch


class _LegendreP3(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return 0.5 * (5 * x**3 - 3 * x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 1.5 * (5 * x**2 - 1)


def _fit(steps):
    """Losses and weights of y = a + b P3(c + d x) for the sine, in float32."""
    x = torch.linspace(-math.pi, math.pi, 2000)
    y = torch.sin(x)
    weights = [torch.tensor(w, requires_grad=True) for w in (0.0, -1.0, 0.0, 0.3)]
    losses = []
    for _ in range(steps):
        a, b, c, d = weights
        loss = ((a + b * _LegendreP3.apply(c + d * x) - y) ** 2).sum()
        losses.append(loss.item())
        loss.backward()
        with torch.no_grad():
            for w in weights:
                w -= 5e-6 * w.grad
                w.grad = None
    return losses, [w.item() for w in weights]


def legendre():
    """The losses at some of the 2,000 steps, and b and d in the end."""
    losses, (_, b, _, d) = _fit(2000)
    return {**{str(step): losses[step] for step in (99, 499, 999, 1999)}, "b": b, "d": d}


def a_hundred_steps():
    """The loss at step 99."""
    return _fit(100)[0][99]


def product():
    """The slopes of the sum of (a @ b) * g."""
    a = torch.tensor([[1.0, -2.0, 0.5], [0.25, 3.0, -1.0]], dtype=torch.float64, requires_grad=True)
    b = torch.tensor([[0.5, 1.5], [-1.0, 0.75], [2.0, -0.5]], dtype=torch.float64, requires_grad=True)
    (a @ b).backward(torch.tensor([[1.0, -0.5], [2.0, 1.5]], dtype=torch.float64))
    return [a.grad.numpy(), b.grad.numpy()]
