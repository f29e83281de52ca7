"""In numbers that remember: `backward()` finds every slope by itself, one number at a time.

The next rung takes away the slowness: whole batches of numbers at once.
"""

from chainrule.value import Value


def train(x, y, start, lr, batches):
    points = [(x, x**2, x**3, y) for x, y in zip(x.tolist(), y.tolist(), strict=True)]
    weights = a, b, c, d = [Value(w) for w in start.tolist()]
    for _ in batches:
        loss = sum((a + b * x + c * x2 + d * x3 - y) ** 2 for x, x2, x3, y in points)

        for w in weights:
            w.grad = 0.0
        loss.backward()
        for w in weights:
            w.data -= lr * w.grad
        yield loss.data, weights
