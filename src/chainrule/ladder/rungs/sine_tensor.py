"""In tensors: write the formula for whole arrays; its gradient comes from one call.

The next rung takes away the bookkeeping: parameters, updates and batches get their own names.
"""

import chainrule as torch


def train(x, y, start, lr, batches):
    x, y = torch.tensor(x), torch.tensor(y)
    weights = a, b, c, d = [torch.tensor(w, requires_grad=True) for w in start]
    x2, x3 = x**2, x**3  # (n,)
    for _ in batches:
        error = a + b * x + c * x2 + d * x3 - y  # (n,)
        loss = (error**2).sum()

        loss.backward()
        with torch.no_grad():
            for w in weights:
                w -= lr * w.grad
                w.grad = None
        yield loss.item(), weights
