"""By hand: two layers of NumPy, and every gradient worked out on paper and typed in.

The next rung takes away the paper: a network is many small functions, each knowing its own slope.
"""

import numpy as np


def train(x, y, start, lr, batches):
    W1, b1, W2, b2 = start  # (32, 64), (32,), (10, 32), (10,)
    for batch in batches:
        xb, yb, n = x[batch], y[batch], len(batch)  # (n, 64), (n,)
        rows = np.arange(n)

        z = xb @ W1.T + b1  # (n, 32)
        a = np.maximum(z, 0)  # ReLU  (n, 32)
        s = a @ W2.T + b2  # scores  (n, 10)
        s = s - s.max(axis=1, keepdims=True)  # so that exp cannot overflow
        log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))  # log softmax  (n, 10)
        loss = -log_p[rows, yb].mean()

        gs = np.exp(log_p)  # ∂L/∂s = (p − one-hot(y)) / n  (n, 10)
        gs[rows, yb] -= 1
        gs /= n
        gz = (gs @ W2) * (z > 0)  # ∂L/∂z  (n, 32)

        W1 = W1 - lr * (gz.T @ xb)  # (32, 64)
        b1 = b1 - lr * gz.sum(axis=0)  # (32,)
        W2 = W2 - lr * (gs.T @ a)  # (10, 32)
        b2 = b2 - lr * gs.sum(axis=0)  # (10,)
        yield loss, (W1, b1, W2, b2)
