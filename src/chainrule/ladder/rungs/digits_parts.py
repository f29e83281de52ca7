"""In parts: 32 sums of weighted pixels, each bent by ReLU, then 10 sums of those: small functions, composed.

The next rung takes away the ready-made parts: slopes come from +, × and the chain rule.
"""

import numpy as np

from chainrule.ladder.parts import Approximator, Weight, constant, line, relu


def train(x, y, start, lr, batches):
    W1, b1, W2, b2 = start  # (32, 64), (32,), (10, 32), (10,)
    hidden, output = units(W1, b1), units(W2, b2)  # 32 and 10 sums
    for batch in batches:
        xb, n = x[batch].T, len(batch)  # (64, n)
        target = np.eye(10, dtype=x.dtype)[:, y[batch]]  # one-hot  (10, n)

        z = np.stack([unit(xb) for unit in hidden])  # (32, n)
        a = relu(z)  # (32, n)
        s = np.stack([unit(a) for unit in output])  # (10, n)
        s = s - s.max(axis=0)
        log_p = s - np.log(np.exp(s).sum(axis=0))  # log softmax  (10, n)
        loss = -np.sum(target * log_p) / n

        gs = (np.exp(log_p) - target) / n  # ∂L/∂s  (10, n)
        ga = sum(unit.backward(a, g) for unit, g in zip(output, gs, strict=True))  # (32, n)
        gz = ga * relu.slope(z)  # (32, n)
        for unit, g in zip(hidden, gz, strict=True):
            unit.backward(xb, g)

        for unit in hidden + output:
            unit.step(lr)
        yield loss, numbers(hidden) + numbers(output)


def units(W, b):
    """One sum for each row of W: b·1 + w₀·x₀ + w₁·x₁ + …"""
    return [
        Approximator([Weight(bias, constant), *(Weight(w, line, at=j) for j, w in enumerate(row))])
        for row, bias in zip(W, b, strict=True)
    ]


def numbers(units):
    """Back into W and b."""
    values = [[weight.value for weight in unit.weights] for unit in units]
    return [[ws for _, *ws in values], [bias for bias, *_ in values]]
